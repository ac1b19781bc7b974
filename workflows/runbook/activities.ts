import { proxyActivities } from '@temporalio/workflow';
import type { RunbookActivities } from '../../activities/types.ts';
import { routed } from '../routed.ts';

const HEARTBEAT_TIMEOUT = '15s';

/** Checks the document; asks nobody. */
export const checks = proxyActivities<Pick<RunbookActivities, 'checkRunbook'>>({
  startToCloseTimeout: '1m',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
});

/**
 * Calls about one volume: they look before they repeat anything, or set absolute values. Awaited when cancelled, so that
 * the run learns what was done and can undo it.
 */
export const volumes = routed(
  proxyActivities<
    Pick<
      RunbookActivities,
      'snapshotForRunbook' | 'modifyForRunbook' | 'accessForRunbook' | 'deleteForRunbook' | 'leaseForRunbook'
    >
  >({
    startToCloseTimeout: '2m',
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  }),
);

/** Takes back what a snapshot that failed or was cancelled may have made. Bounded as all undoing of one step is. */
export const takesBack = routed(
  proxyActivities<Pick<RunbookActivities, 'takeBackSnapshot'>>({
    startToCloseTimeout: '2m',
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    scheduleToCloseTimeout: '1h',
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  }),
);

/** One look per attempt: the failed attempt is the timer. */
export const looks = routed(
  proxyActivities<Pick<RunbookActivities, 'awaitVolumeCondition'>>({
    startToCloseTimeout: '1m',
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  }),
);

/** Looks at somebody else's workflow, which asks Temporal and nobody else. An answer that does not come is none. */
export const children = proxyActivities<Pick<RunbookActivities, 'lookAtWorkflow'>>({
  startToCloseTimeout: '10s',
  scheduleToCloseTimeout: '1m',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '10s' },
});

/** Hooks: somebody else's programs. The same idempotency key goes with each try. */
export const hooks = proxyActivities<Pick<RunbookActivities, 'requestHook'>>({
  startToCloseTimeout: '20m',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
});
