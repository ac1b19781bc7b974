import { proxyActivities } from '@temporalio/workflow';
import type { CloneActivities } from '../activities/types.ts';

/*
 * One proxy per reliability class. `startToCloseTimeout` bounds one attempt and is how a dead worker is noticed: it
 * leaves room for a few calls at the client's own time-out (30 s each by default), since cutting an attempt short puts
 * a creating call in doubt. `scheduleToCloseTimeout` is set per call, to what is left of the request's deadline.
 * Nothing here limits the number of attempts: the activities say themselves which errors are final.
 */

/** Reads only. A false time-out costs one repeated read, so it may be short. Cancelled at once. */
export const reads = proxyActivities<Pick<CloneActivities, 'preflight'>>({
  startToCloseTimeout: '2m',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
});

/**
 * Create an object: safe to repeat only because they look for our tag first. Awaited even when cancelled, so that the
 * workflow learns what was made and can undo it. The first retry waits 2 s to give a lost call time to land.
 */
export const creates = proxyActivities<Pick<CloneActivities, 'createSnapshot' | 'startClone'>>({
  startToCloseTimeout: '2m',
  retry: { initialInterval: '2s', backoffCoefficient: 2, maximumInterval: '1m' },
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
});

/**
 * One look per attempt: the failed attempt is the timer, and the activity chooses the delay from the cluster's own
 * estimate. A look only reads, so a lost one costs nothing; 1 minute notices a dead worker soon.
 */
export const looks = proxyActivities<Pick<CloneActivities, 'awaitClone' | 'joinRequest'>>({
  startToCloseTimeout: '1m',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
});

/** Set absolute values on our own volume: repeating them changes nothing. Awaited on cancel, so undo comes after. */
export const changes = proxyActivities<
  Pick<CloneActivities, 'modifyVolume' | 'grantAccess' | 'verifyClone' | 'cleanUp'>
>({
  startToCloseTimeout: '2m',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
});

/**
 * Compensation. Bounded, or a dead cluster would keep a failed clone open for ever; an hour outlives a fail-over or an
 * upgrade of a node. What could not be undone by then is named in the failure.
 */
export const undo = proxyActivities<Pick<CloneActivities, 'undoClone' | 'undoSnapshot'>>({
  startToCloseTimeout: '2m',
  scheduleToCloseTimeout: '1h',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
});
