import { isCancellation, proxyActivities } from '@temporalio/workflow';
import type { HousekeepingActivities } from '../activities/types.ts';
import type { ClusterFailure } from '../contracts/orphans.ts';
import { reasonOf } from './failure.ts';
import { routed } from './routed.ts';

const HEARTBEAT_TIMEOUT = '15s';

/** Bytes of what a report lists, some thousand rows: the SDK warns of payloads of more than half a MiB. */
export const REPORT_BYTES = 450_000;

/** Reads no cluster: checks the request against the worker's configuration. */
export const plans = proxyActivities<Pick<HousekeepingActivities, 'planHousekeeping'>>({
  startToCloseTimeout: '10s',
  scheduleToCloseTimeout: '1m',
});

/**
 * Reads only. Somebody may be waiting for the report, so a cluster that is down is given up after a few minutes and named
 * in it; a cluster with thousands of clones takes seconds.
 */
export const looks = routed(
  proxyActivities<Pick<HousekeepingActivities, 'lookForOrphans' | 'listClones'>>({
    startToCloseTimeout: '2m',
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    scheduleToCloseTimeout: '3m',
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '20s' },
  }),
);

/**
 * Looks at each object anew before it removes it, so a repetition is safe; it gives up by itself after a few tries.
 * Awaited when cancelled, so that what was removed is known.
 */
export const removals = routed(
  proxyActivities<Pick<HousekeepingActivities, 'removeOrphanBatch'>>({
    startToCloseTimeout: '10m',
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    scheduleToCloseTimeout: '20m',
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  }),
);

/** One cluster that does not answer is no reason to say nothing about the others. */
export async function perCluster<T>(
  clusters: readonly string[],
  ask: (cluster: string) => Promise<T>,
): Promise<{ answers: T[]; failed: ClusterFailure[] }> {
  const failed: ClusterFailure[] = [];
  const answers = await Promise.all(
    clusters.map(async (cluster) => {
      try {
        return [await ask(cluster)];
      } catch (err) {
        if (isCancellation(err)) throw err;
        failed.push({ cluster, reason: reasonOf(err) });
        return [];
      }
    }),
  );
  return { answers: answers.flat(), failed: failed.toSorted((a, b) => (a.cluster < b.cluster ? -1 : 1)) };
}
