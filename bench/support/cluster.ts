import { AnswerCache, SyncJobsView, type Cluster, type ClusterTimes } from '../../activities/index.ts';
import { createElementClient, type ElementClient } from '../../element/index.ts';

export interface Endpoint {
  endpoint: string;
  caPem: string;
}

/** The project's own client of a simulated cluster, over HTTPS. */
export const elementClient = ({ endpoint, caPem }: Endpoint, timeoutMs: number): ElementClient =>
  createElementClient({
    endpoint,
    apiVersion: '12.5',
    credentials: () => ({ username: 'admin', password: 'simulator' }),
    tls: { ca: caPem },
    timeoutMs,
  });

/** A cluster as activities see it, with its shared view on the experiment's clock. */
export const labCluster = (api: ElementClient, times: ClusterTimes, now: () => number = Date.now): Cluster => ({
  alias: 'lab',
  api,
  view: new SyncJobsView(now),
  answers: new AnswerCache(now),
  times,
});
