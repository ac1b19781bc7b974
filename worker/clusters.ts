import { AnswerCache, SyncJobsView, type Cluster } from '../activities/index.ts';
import { createElementClient } from '../element/index.ts';
import type { ClusterConfig, WorkerConfig } from './config.ts';

/** The clusters of a configuration, each with its connections and the views that its clones share. */
export interface Clusters {
  get(alias: string): Cluster | undefined;
  aliases(): string[];
  close(): Promise<void>;
}

export function createClusters(config: Pick<WorkerConfig, 'clusters'>): Clusters {
  const clusters = new Map(Object.entries(config.clusters).map(([alias, c]) => [alias, createCluster(alias, c)]));
  return {
    get: (alias) => clusters.get(alias),
    aliases: () => [...clusters.keys()],
    close: async () => {
      await Promise.all([...clusters.values()].map(({ api }) => api.close()));
    },
  };
}

const createCluster = (alias: string, config: ClusterConfig): Cluster => ({
  alias,
  api: createElementClient({
    endpoint: config.endpoint,
    ...(config.apiVersion === undefined ? {} : { apiVersion: config.apiVersion }),
    credentials: config.credentials,
    tls: config.tls,
    timeoutMs: config.timeoutSeconds * 1_000,
    maxConnections: config.maxConnections,
  }),
  view: new SyncJobsView(),
  answers: new AnswerCache(),
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
