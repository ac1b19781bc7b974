import { randomInt, randomUUID } from 'node:crypto';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { NativeConnection, Runtime, Worker, DefaultLogger, type RuntimeOptions } from '@temporalio/worker';
import {
  AnswerCache,
  createActivities,
  SyncJobsView,
  type Cluster,
  type ClusterTimes,
  type Hooks,
} from '../../activities/index.ts';
import { retriesUntilClosed } from '../../client/after-close.ts';
import type { CloneGroupResult } from '../../contracts/clone-group-result.ts';
import type { CloneGroupRequest } from '../../contracts/clone-group.ts';
import type { CloneVolumeResult } from '../../contracts/clone-result.ts';
import type { CloneVolumeRequest } from '../../contracts/clone-volume.ts';
import type { RefreshCloneResult } from '../../contracts/refresh-clone-result.ts';
import type { RefreshCloneRequest } from '../../contracts/refresh-clone.ts';
import { createElementClient } from '../../element/index.ts';
import { nexusService } from '../../worker/nexus.ts';
import { startSimulator, type RunningSimulator, type SimulatorOptions, type StateView } from '../../simulator/index.ts';

type CloneVolume = (request: CloneVolumeRequest) => Promise<CloneVolumeResult>;
type CloneGroup = (request: CloneGroupRequest) => Promise<CloneGroupResult>;
type RefreshClone = (request: RefreshCloneRequest) => Promise<RefreshCloneResult>;

/** A worker on the test server, over a simulated cluster of its own, with a task queue of its own. */
export interface Service {
  /** The cluster as requests name it. */
  alias: string;
  simulator: RunningSimulator;
  /** The cluster as it was before anybody asked for anything. */
  before: StateView;
  client: Client;
  taskQueue: string;
  address: string;
  /** Starts `cloneVolume` as any SDK would: by type name. */
  start(request: Record<string, unknown>, options?: { workflowId?: string }): Promise<WorkflowHandle<CloneVolume>>;
  /** Starts `cloneGroup` in the same way. */
  startGroup(request: Record<string, unknown>, options?: { workflowId?: string }): Promise<WorkflowHandle<CloneGroup>>;
  /** Starts `refreshClone` in the same way; of volume 42 unless told otherwise. */
  startRefresh(
    request: { clone?: Record<string, unknown> } & Record<string, unknown>,
    options?: { workflowId?: string },
  ): Promise<WorkflowHandle<RefreshClone>>;
  /** Starts `cloneVolume` and waits for the result. */
  clone(request: Record<string, unknown>): Promise<CloneVolumeResult>;
  stop(): Promise<void>;
}

/** One simulated cluster and how the worker deals with it. */
export interface ClusterOptions {
  simulator?: SimulatorOptions;
  times?: Partial<ClusterTimes>;
  /** Version of the Element API that the worker uses; `null` lets it negotiate. @default '12.5' */
  apiVersion?: string | null;
  maxCloneJobs?: number;
  leaseMaxMs?: number;
  leaseWarningHook?: string;
  /** @default kept as in production */
  answers?: AnswerCache;
  /** The cluster admin that the worker uses. @default the first one */
  credentials?: { username: string; password: string };
}

export interface WorkerOptions {
  /** Without a worker, for tests that run their own. */
  worker?: boolean;
  address?: string;
  /** Serves the Nexus operations too. */
  nexus?: boolean;
  workflowBundlePath?: string;
  dataConverter?: DataConverter;
  hooks?: Hooks;
  /** What the first service of a process gives to the SDK's runtime. */
  telemetry?: RuntimeOptions['telemetryOptions'];
  logger?: RuntimeOptions['logger'];
}

export type ServiceOptions = ClusterOptions & WorkerOptions;

/** A worker that serves any number of clusters: for files with many tests, where a worker each would cost the most. */
export interface Fleet {
  /** One more cluster, under an alias of its own. */
  add(options?: ClusterOptions & { alias?: string }): Promise<Service>;
  stop(): Promise<void>;
}

/** Times short enough for a test and long enough for a loaded machine. */
const TEST_TIMES: ClusterTimes = {
  ...{ timeoutMs: 10_000, settleMs: 2_000, pollCapMs: 2_000, stallMs: 60_000 },
  rotationMs: 8_000,
  leaseLookMs: 1_000,
};

/** Asked for only when it is needed, so that a script may use the service outside of a test run. */
const provided = async (key: 'temporalAddress' | 'workflowBundlePath') => (await import('vitest')).inject(key);

let quiet = false;

/** Once per process, before the first connection of a worker. */
export function quietRuntime({ telemetry, logger }: Pick<WorkerOptions, 'telemetry' | 'logger'> = {}): void {
  if (quiet) return;
  quiet = true;
  Runtime.install({
    logger: logger ?? new DefaultLogger(process.env['TEST_LOG'] === '1' ? 'INFO' : 'ERROR'),
    ...(telemetry === undefined ? {} : { telemetryOptions: telemetry }),
  });
}

export async function startFleet(options: WorkerOptions = {}): Promise<Fleet> {
  quietRuntime(options);
  const address = options.address ?? (await provided('temporalAddress'));
  const taskQueue = `test-${randomUUID()}`;
  const connection = await Connection.connect({ address, interceptors: retriesUntilClosed() });
  const converter = options.dataConverter === undefined ? {} : { dataConverter: options.dataConverter };
  const client = new Client({ connection, ...converter });
  const clusters = new Map<string, Cluster>();
  // Called as nobody else's on the server: a series is locked by its name and its cluster's.
  let last = randomInt(1, 1_000_000) * 1_000;
  const stops: (() => Promise<void>)[] = [() => connection.close()];

  if (options.worker !== false) {
    const native = await NativeConnection.connect({ address });
    const worker = await Worker.create({
      connection: native,
      taskQueue,
      ...converter,
      workflowBundle: { codePath: options.workflowBundlePath ?? (await provided('workflowBundlePath')) },
      activities: createActivities({
        cluster: (alias) => clusters.get(alias),
        clusterAliases: () => [...clusters.keys()],
        temporal: client,
        ...(options.hooks === undefined ? {} : { hooks: options.hooks }),
      }),
      ...(options.nexus === true ? { nexusServices: [nexusService(taskQueue)] } : {}),
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

  async function add({ alias = `lab-${(last += 1)}`, ...of }: ClusterOptions & { alias?: string } = {}) {
    const simulator = await startSimulator({ seed: 7, ...of.simulator });
    const times = { ...TEST_TIMES, ...of.times };
    const credentials = of.credentials ?? { username: 'admin', password: 'simulator' };
    const api = createElementClient({
      endpoint: simulator.endpoint,
      apiVersion: of.apiVersion === null ? undefined : (of.apiVersion ?? '12.5'),
      credentials: () => credentials,
      tls: { ca: simulator.caPem },
      timeoutMs: times.timeoutMs,
    });
    clusters.set(alias, {
      ...{ alias, api, view: new SyncJobsView(), answers: of.answers ?? new AnswerCache(), times },
      ...(of.maxCloneJobs === undefined ? {} : { maxCloneJobs: of.maxCloneJobs }),
      ...(of.leaseMaxMs === undefined ? {} : { leaseMaxMs: of.leaseMaxMs }),
      ...(of.leaseWarningHook === undefined ? {} : { leaseWarningHook: of.leaseWarningHook }),
    });
    const starter =
      <R, T>(type: string) =>
      (request: Record<string, unknown>, { workflowId = `test-clone-${randomUUID()}` }: { workflowId?: string } = {}) =>
        client.workflow.start<(request: R) => Promise<T>>(type, {
          workflowId,
          taskQueue,
          args: [{ cluster: alias, ...request } as R],
        });
    const start: Service['start'] = starter('cloneVolume');
    const startGroup: Service['startGroup'] = starter('cloneGroup');
    const startRefresh: Service['startRefresh'] = (
      { clone, ...request },
      { workflowId = `test-refresh-${randomUUID()}` } = {},
    ) =>
      client.workflow.start<RefreshClone>('refreshClone', {
        workflowId,
        taskQueue,
        args: [{ clone: { cluster: alias, ...(clone ?? { volumeID: 42 }) }, ...request } as RefreshCloneRequest],
      });
    return {
      alias,
      simulator,
      before: simulator.cluster.state(),
      client,
      taskQueue,
      address,
      start,
      startGroup,
      startRefresh,
      clone: async (request: Record<string, unknown>) => (await start(request)).result(),
      stop: async () => {
        await api.close();
        await simulator.close();
      },
    };
  }

  return {
    add,
    stop: async () => {
      for (const stop of stops) await stop();
    },
  };
}

/** A worker with one cluster, `lab`. */
export async function startService(options: ServiceOptions = {}): Promise<Service> {
  const fleet = await startFleet(options);
  const service = await fleet.add({ ...options, alias: 'lab' });
  return {
    ...service,
    stop: async () => {
      await fleet.stop();
      await service.stop();
    },
  };
}
