import { proxyActivities, type ActivityOptions } from '@temporalio/workflow';
import type {
  CloneActivities,
  CopyActivities,
  FanOutActivities,
  GroupActivities,
  PlanActivities,
  RefreshActivities,
} from '../activities/types.ts';
import { routed } from './routed.ts';

type Activities = CloneActivities &
  CopyActivities &
  GroupActivities &
  FanOutActivities &
  RefreshActivities &
  PlanActivities;

const HEARTBEAT_TIMEOUT = '15s';

/** For an attempt that makes calls for each volume of a group, four at a time. */
export const GROUP_ATTEMPT = '10m';

/**
 * One proxy per reliability class. `startToCloseTimeout` bounds one attempt: it leaves room for a few calls at the
 * client's own time-out (30 s each by default), since cutting an attempt short puts a creating call in doubt.
 * `heartbeatTimeout` is how a dead worker is noticed: a running attempt says every 3 s that it lives, the worker passes
 * that on every 5 s at least, and the rest is patience with a busy machine. `scheduleToCloseTimeout` is set per call, to
 * what is left of the request's deadline. Nothing here limits the number of attempts: the activities say themselves
 * which errors are final.
 */
export const cloneActivities = (on: ActivityOptions = {}) => ({
  /** Reads only. A false time-out costs one repeated read, so it may be short. Cancelled at once. */
  reads: routed(
    proxyActivities<
      Pick<
        Activities,
        'preflight' | 'preflightGroup' | 'preflightFanOut' | 'preflightRefresh' | 'preflightCopy' | 'preflightUndoCopy'
      >
    >({
      ...on,
      startToCloseTimeout: '2m',
      heartbeatTimeout: HEARTBEAT_TIMEOUT,
      retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
    }),
  ),

  /**
   * Create an object, or overwrite a volume: safe to repeat only because they look for our tag, or our copy, first. Awaited even when cancelled, so that the
   * workflow learns what was made and can undo it. The first retry waits 2 s to give a lost call time to land.
   */
  creates: routed(
    proxyActivities<
      Pick<
        Activities,
        | 'createSnapshot'
        | 'startClone'
        | 'createGroupSnapshot'
        | 'startGroup'
        | 'createWayBack'
        | 'startCopy'
        | 'rollBackCopy'
      >
    >({
      ...on,
      startToCloseTimeout: '2m',
      heartbeatTimeout: HEARTBEAT_TIMEOUT,
      retry: { initialInterval: '2s', backoffCoefficient: 2, maximumInterval: '1m' },
      cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    }),
  ),

  /**
   * One look per attempt: the failed attempt is the timer, and the activity chooses the delay from the cluster's own
   * estimate. A look only reads, so a lost one costs nothing.
   */
  looks: routed(
    proxyActivities<Pick<Activities, 'awaitClone' | 'awaitGroup' | 'awaitCopy'>>({
      ...on,
      startToCloseTimeout: '1m',
      heartbeatTimeout: HEARTBEAT_TIMEOUT,
      retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
      cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    }),
  ),

  /** The same for another workflow instead of a clone: a look is one or two questions to Temporal. */
  joins: proxyActivities<Pick<Activities, 'joinRequest' | 'awaitSeries'>>({
    ...on,
    startToCloseTimeout: '20s',
    retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  }),

  /** Set absolute values on our own volume: repeating them changes nothing. Awaited on cancel, so undo comes after. */
  changes: routed(
    proxyActivities<
      Pick<
        Activities,
        | 'modifyVolume'
        | 'grantAccess'
        | 'verifyClone'
        | 'cleanUp'
        | 'modifyMembers'
        | 'grantMembers'
        | 'verifyMembers'
        | 'cleanUpGroup'
        | 'swapAccess'
        | 'verifyCopy'
        | 'cleanUpCopy'
      >
    >({
      ...on,
      startToCloseTimeout: '2m',
      heartbeatTimeout: HEARTBEAT_TIMEOUT,
      retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
      cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    }),
  ),

  /**
   * Compensation. Bounded, or a dead cluster would keep a failed clone open for ever; an hour outlives a fail-over or an
   * upgrade of a node. What could not be undone by then is named in the failure.
   */
  undo: routed(
    proxyActivities<
      Pick<
        Activities,
        | 'undoClone'
        | 'undoSnapshot'
        | 'undoMembers'
        | 'undoGroup'
        | 'undoGroupSnapshot'
        | 'undoSwap'
        | 'undoStartedCopy'
        | 'undoWayBack'
        | 'undoGeneration'
        | 'findKept'
      >
    >({
      ...on,
      startToCloseTimeout: '2m',
      heartbeatTimeout: HEARTBEAT_TIMEOUT,
      scheduleToCloseTimeout: '1h',
      retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
      cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    }),
  ),

  /**
   * Deletes old generations, after the new one is in service: a run is not held up for ever over what can go the next time.
   * Not cancelled, since what has begun is finished.
   */
  retires: routed(
    proxyActivities<Pick<Activities, 'retireGenerations'>>({
      ...on,
      startToCloseTimeout: GROUP_ATTEMPT,
      heartbeatTimeout: HEARTBEAT_TIMEOUT,
      scheduleToCloseTimeout: '1h',
      retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
      cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    }),
  ),

  /**
   * Hooks: somebody else's programs, which may take minutes to quiesce a database. The same idempotency key goes with each
   * try. Awaited when cancelled, so that the hook that takes it back is called after it.
   */
  hooks: proxyActivities<Pick<Activities, 'callHook'>>({
    ...on,
    startToCloseTimeout: '20m',
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    retry: { initialInterval: '2s', backoffCoefficient: 2, maximumInterval: '1m' },
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  }),

  /** Looks for a place in line, or at the jobs of others: reads only, and their answer may be dropped. */
  watches: routed(
    proxyActivities<Pick<CloneActivities, 'watchSlots' | 'waitForSlot'>>({
      ...on,
      startToCloseTimeout: '1m',
      heartbeatTimeout: HEARTBEAT_TIMEOUT,
      retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
    }),
  ),

  /** For a dry run, whose answer somebody waits for: a cluster that is down is given up after a minute or two. */
  planReads: routed(
    proxyActivities<
      Pick<Activities, 'preflight' | 'preflightGroup' | 'preflightFanOut' | 'preflightCopy' | 'lookAtSlots'>
    >({
      ...on,
      startToCloseTimeout: '1m',
      heartbeatTimeout: HEARTBEAT_TIMEOUT,
      scheduleToCloseTimeout: '2m',
      retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '10s' },
    }),
  ),
});

export const { reads, creates, looks, joins, changes, undo, retires, hooks, watches, planReads } = cloneActivities();
