import { proxyActivities } from '@temporalio/workflow';
import type { LeaseActivities } from '../../activities/types.ts';
import { routed } from '../routed.ts';

const HEARTBEAT_TIMEOUT = '15s';

/*
 * A lease waits as long as it must: no outage, however long, may end it with its volume left behind. So nothing here has
 * a `scheduleToCloseTimeout` but the warning.
 */

/** Checks the request; asks the cluster once at most. */
export const checks = routed(
  proxyActivities<Pick<LeaseActivities, 'checkLease'>>({
    startToCloseTimeout: '2m',
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
  }),
);

/** One look per attempt, whose answer may be dropped. Faults of the cluster are waited out at the pace of the looks. */
export const watches = routed(
  proxyActivities<Pick<LeaseActivities, 'watchLease' | 'awaitUnused'>>({
    startToCloseTimeout: '2m',
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '5m' },
  }),
);

/** Deletes: looks before it repeats anything. Its answer decides whether the lease may still be extended. */
export const deletions = routed(
  proxyActivities<Pick<LeaseActivities, 'deleteLeased'>>({
    startToCloseTimeout: '5m',
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
  }),
);

/** Nice to have, and useless once the lease has ended. */
export const warnings = proxyActivities<Pick<LeaseActivities, 'warnOfLeaseEnd'>>({
  startToCloseTimeout: '2m',
  scheduleToCloseTimeout: '1h',
  retry: { initialInterval: '2s', backoffCoefficient: 2, maximumInterval: '5m' },
});

/** A question or two to Temporal. */
export const readings = proxyActivities<Pick<LeaseActivities, 'readLease'>>({
  startToCloseTimeout: '20s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
});
