import { randomUUID } from 'node:crypto';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Worker, type ActivityInterceptorsFactory } from '@temporalio/worker';
import { createActivities, type ClusterTimes } from '../../activities/index.ts';
import { startOptions } from '../../client/start-options.ts';
import type { CloneVolumeResult } from '../../contracts/clone-result.ts';
import type { CloneVolumeRequest } from '../../contracts/clone-volume.ts';
import { WORKER_TUNING } from '../../worker/tuning.ts';
import { elementClient, labCluster, type Endpoint } from './cluster.ts';

type CloneVolume = (request: CloneVolumeRequest) => Promise<CloneVolumeResult>;

export interface ServiceOptions {
  address: string;
  workflowBundlePath: string;
  simulator: Endpoint;
  times: ClusterTimes;
  now?: () => number;
  interceptors?: ActivityInterceptorsFactory[];
}

/** The service as it runs in production, over one simulated cluster, on a task queue of its own. */
export interface Service {
  /** Starts `cloneVolume` as the client library does. */
  start(request: { volumeID: number; name: string }): Promise<WorkflowHandle<CloneVolume>>;
  stop(): Promise<void>;
}

export async function startService(options: ServiceOptions): Promise<Service> {
  const { address, now = Date.now } = options;
  const taskQueue = `bench-${randomUUID()}`;
  const [connection, native] = await Promise.all([
    Connection.connect({ address }),
    NativeConnection.connect({ address }),
  ]);
  const client = new Client({ connection });
  const api = elementClient(options.simulator, options.times.timeoutMs);
  const cluster = labCluster(api, options.times, now);
  const worker = await Worker.create({
    connection: native,
    taskQueue,
    workflowBundle: { codePath: options.workflowBundlePath },
    activities: createActivities({
      cluster: (alias) => (alias === 'lab' ? cluster : undefined),
      clusterAliases: () => ['lab'],
      temporal: client,
      now,
    }),
    ...WORKER_TUNING,
    ...(options.interceptors === undefined ? {} : { interceptors: { activity: options.interceptors } }),
  });
  const running = worker.run();
  return {
    start: (request) =>
      client.workflow.start<CloneVolume>(
        'cloneVolume',
        startOptions('cloneVolume', { cluster: 'lab', ...request }, taskQueue),
      ),
    async stop() {
      worker.shutdown();
      await running;
      await Promise.all([native.close(), connection.close(), api.close()]);
    },
  };
}
