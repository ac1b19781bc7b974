import { AnswerCache, ClusterGate, SharedSlots, SyncJobsView, type Cluster } from '../activities/index.ts';
import { createElementClient, type CallInfo } from '../element/index.ts';
import type { ClusterConfig, WorkerConfig } from './config.ts';
import { WORKER_TUNING } from './tuning.ts';

/** The clusters of a configuration, each with its connections and the views that its clones share. */
export interface Clusters {
  get(alias: string): Cluster | undefined;
  /** Of those that this worker serves. */
  aliases(): string[];
  /** Of those that it knows of as well. */
  known(): string[];
  /** The task queue of this cluster's steps; `undefined` for an unknown one. */
  taskQueueOf(alias: string): string | undefined;
  /** Of a cluster that other workers serve. */
  leaseWarningHook(alias: string): string | undefined;
  /** Queues that this worker serves besides that of the workflows. */
  taskQueues(): string[];
  /** From the next call on there are these. Calls under way end as they began, unless they take more than a minute. */
  replace(config: ClustersConfig): void;
  close(): Promise<void>;
}

type ClustersConfig = Pick<WorkerConfig, 'clusters' | 'remote' | 'taskQueue'>;

const SLOTS = WORKER_TUNING.maxConcurrentActivityTaskExecutions;

/** Longer than any call may take. */
const LAST_CALLS_MS = 60_000;

/** `onCall` is told of every call; it must not throw. */
export function createClusters(config: ClustersConfig, onCall?: OnCall): Clusters {
  const create = (of: ClustersConfig) => {
    const all = Object.entries(of.clusters);
    const sharing = (queue: string | undefined) => all.flatMap(([alias, c]) => (c.taskQueue === queue ? [alias] : []));
    // Each queue has a worker of its own, with slots of its own.
    const queues = new Set(all.map(([, c]) => c.taskQueue));
    const slots = new Map([...queues].map((queue) => [queue, new SharedSlots(SLOTS, sharing(queue))]));
    return new Map(all.map(([alias, c]) => [alias, createCluster(alias, c, slots.get(c.taskQueue)!, onCall)]));
  };
  const close = async (those: ReadonlyMap<string, Cluster>) => {
    await Promise.all([...those.values()].map(({ api }) => api.close()));
  };
  const leaving = new Set<ReadonlyMap<string, Cluster>>();
  let clusters = create(config);
  let current = config;
  return {
    get: (alias) => clusters.get(alias),
    aliases: () => [...clusters.keys()],
    known: () => [...clusters.keys(), ...Object.keys(current.remote)],
    taskQueueOf: (alias) => {
      const own = Object.hasOwn(current.remote, alias) ? current.remote[alias] : ownConfig(current, alias);
      return own && (own.taskQueue ?? current.taskQueue);
    },
    leaseWarningHook: (alias) =>
      Object.hasOwn(current.remote, alias) ? current.remote[alias]?.leaseWarningHook : undefined,
    taskQueues: () => [...new Set(Object.values(current.clusters).flatMap((c) => c.taskQueue ?? []))],
    replace(next) {
      const before = clusters;
      clusters = create(next);
      current = next;
      leaving.add(before);
      setTimeout(() => {
        leaving.delete(before);
        void close(before);
      }, LAST_CALLS_MS).unref();
    },
    close: async () => {
      await Promise.all([clusters, ...leaving].map(close));
    },
  };
}

const ownConfig = ({ clusters }: ClustersConfig, alias: string) =>
  Object.hasOwn(clusters, alias) ? clusters[alias] : undefined;

type OnCall = (alias: string, info: CallInfo) => void;

const createCluster = (alias: string, config: ClusterConfig, slots: SharedSlots, onCall?: OnCall): Cluster => ({
  alias,
  api: createElementClient({
    endpoint: config.endpoint,
    ...(config.apiVersion === undefined ? {} : { apiVersion: config.apiVersion }),
    credentials: config.credentials,
    tls: config.tls,
    timeoutMs: config.timeoutSeconds * 1_000,
    maxConnections: config.maxConnections,
    ...(onCall === undefined ? {} : { onCall: (info: CallInfo) => onCall(alias, info) }),
  }),
  view: new SyncJobsView(),
  answers: new AnswerCache(),
  gate: new ClusterGate(alias, slots),
  times: {
    timeoutMs: config.timeoutSeconds * 1_000,
    settleMs: config.settleSeconds * 1_000,
    pollCapMs: config.pollCapSeconds * 1_000,
    stallMs: config.stallSeconds * 1_000,
    rotationMs: config.rotationSeconds * 1_000,
    leaseLookMs: config.leaseLookSeconds * 1_000,
  },
  leaseMaxMs: config.leaseMaxDays * 86_400_000,
  ...(config.leaseWarningHook === undefined ? {} : { leaseWarningHook: config.leaseWarningHook }),
  ...(config.maxCloneJobs === undefined ? {} : { maxCloneJobs: config.maxCloneJobs }),
});
