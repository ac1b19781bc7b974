import { randomUUID } from 'node:crypto';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Runtime, Worker, DefaultLogger } from '@temporalio/worker';
import { AnswerCache, createActivities, SyncJobsView, type ClusterTimes } from '../../activities/index.ts';
import type { CloneGroupResult } from '../../contracts/clone-group-result.ts';
import type { CloneGroupRequest } from '../../contracts/clone-group.ts';
import type { CloneVolumeResult } from '../../contracts/clone-result.ts';
import type { CloneVolumeRequest } from '../../contracts/clone-volume.ts';
import { createElementClient } from '../../element/index.ts';
import { startSimulator, type RunningSimulator, type SimulatorOptions } from '../../simulator/index.ts';

type CloneVolume = (request: CloneVolumeRequest) => Promise<CloneVolumeResult>;
type CloneGroup = (request: CloneGroupRequest) => Promise<CloneGroupResult>;

/** A worker on the test server, over a simulated cluster `lab` of its own, with a task queue of its own. */
export interface Service {
  simulator: RunningSimulator;
  client: Client;
  taskQueue: string;
  address: string;
  /** Starts `cloneVolume` as any SDK would: by type name. */
  start(request: Record<string, unknown>, options?: { workflowId?: string }): Promise<WorkflowHandle<CloneVolume>>;
  /** Starts `cloneGroup` in the same way. */
  startGroup(request: Record<string, unknown>, options?: { workflowId?: string }): Promise<WorkflowHandle<CloneGroup>>;
  /** Starts `cloneVolume` and waits for the result. */
  clone(request: Record<string, unknown>): Promise<CloneVolumeResult>;
  stop(): Promise<void>;
}

export interface ServiceOptions {
  simulator?: SimulatorOptions;
  times?: Partial<ClusterTimes>;
  /** Without a worker, for tests that run their own. */
  worker?: boolean;
  address?: string;
  workflowBundlePath?: string;
  maxCloneJobs?: number;
  /** Version of the Element API that the worker uses. @default '12.5' */
  apiVersion?: string;
}

/** Times short enough for a test and long enough for a loaded machine. */
const TEST_TIMES: ClusterTimes = { timeoutMs: 10_000, settleMs: 2_000, pollCapMs: 2_000, stallMs: 60_000 };

/** Asked for only when it is needed, so that a script may use the service outside of a test run. */
const provided = async (key: 'temporalAddress' | 'workflowBundlePath') => (await import('vitest')).inject(key);

let quiet = false;

export async function startService(options: ServiceOptions = {}): Promise<Service> {
  if (!quiet) {
    quiet = true;
    Runtime.install({ logger: new DefaultLogger(process.env['TEST_LOG'] === '1' ? 'INFO' : 'ERROR') });
  }
  const address = options.address ?? (await provided('temporalAddress'));
  const taskQueue = `test-${randomUUID()}`;
  const simulator = await startSimulator({ seed: 7, ...options.simulator });
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  const times = { ...TEST_TIMES, ...options.times };
  const api = createElementClient({
    endpoint: simulator.endpoint,
    apiVersion: options.apiVersion ?? '12.5',
    credentials: () => ({ username: 'admin', password: 'simulator' }),
    tls: { ca: simulator.caPem },
    timeoutMs: times.timeoutMs,
  });
  const stops: (() => Promise<void>)[] = [() => connection.close(), () => api.close(), () => simulator.close()];

  if (options.worker !== false) {
    const native = await NativeConnection.connect({ address });
    const { maxCloneJobs } = options;
    const cluster = {
      ...{ alias: 'lab', api, view: new SyncJobsView(), answers: new AnswerCache(), times },
      ...(maxCloneJobs === undefined ? {} : { maxCloneJobs }),
    };
    const worker = await Worker.create({
      connection: native,
      taskQueue,
      workflowBundle: { codePath: options.workflowBundlePath ?? (await provided('workflowBundlePath')) },
      activities: createActivities({
        cluster: (alias) => (alias === 'lab' ? cluster : undefined),
        clusterAliases: () => ['lab'],
        temporal: client,
      }),
      maxHeartbeatThrottleInterval: '1s',
      shutdownGraceTime: '2s',
    });
    const running = worker.run();
    stops.unshift(async () => {
      worker.shutdown();
      await running;
      await native.close();
    });
  }

  const starter =
    <R, T>(type: string) =>
    (request: Record<string, unknown>, { workflowId = `test-clone-${randomUUID()}` }: { workflowId?: string } = {}) =>
      client.workflow.start<(request: R) => Promise<T>>(type, {
        workflowId,
        taskQueue,
        args: [{ cluster: 'lab', ...request } as R],
      });
  const start: Service['start'] = starter('cloneVolume');
  return {
    simulator,
    client,
    taskQueue,
    address,
    start,
    startGroup: starter('cloneGroup'),
    clone: async (request) => (await start(request)).result(),
    stop: async () => {
      for (const stop of stops) await stop();
    },
  };
}
