import { createAwaitCloneActivities } from './await-clone.ts';
import { createCleanUpActivities } from './clean-up.ts';
import { createCopyActivities } from './copy/index.ts';
import type { ActivityDeps } from './deps.ts';
import { carrying } from './elsewhere.ts';
import { createHousekeepingActivities } from './housekeeping.ts';
import { createFanOutActivities } from './fan-out.ts';
import { createGroupActivities } from './group/index.ts';
import { createJoinActivities } from './join.ts';
import { createLeaseActivities } from './lease/index.ts';
import { createLineActivities } from './line.ts';
import { createModifyActivities } from './modify.ts';
import { createLookAtSlotsActivities } from './look-at-slots.ts';
import { createPreflightActivities } from './preflight.ts';
import { createRefreshActivities } from './refresh/index.ts';
import { createRunbookActivities } from './runbook/index.ts';
import { createSlotLines } from './slots.ts';
import { createSnapshotActivities } from './snapshot.ts';
import { createStartCloneActivities } from './start-clone.ts';
import type {
  CloneActivities,
  CopyActivities,
  FanOutActivities,
  GroupActivities,
  HousekeepingActivities,
  LeaseActivities,
  PlanActivities,
  RefreshActivities,
  RunbookActivities,
} from './types.ts';
import { createUndoActivities } from './undo.ts';
import { createKeptActivities } from './kept.ts';
import { createVerifyActivities } from './verify.ts';

export type { ActivityDeps, Cluster, ClusterTimes } from './deps.ts';
export type * from './types.ts';
export { ClusterGate } from './gate.ts';
export { SharedSlots } from './shared-slots.ts';
export { createHooks, type HookConfig } from './hook-client.ts';
export type { Hooks } from './hooks.ts';
export { SlotBroker } from './slot-broker.ts';
export { SyncJobsView } from './view.ts';

/** All activities, for a worker of one's own. Inject the clusters and a Temporal client. */
export function createActivities(
  deps: ActivityDeps,
): CloneActivities &
  CopyActivities &
  GroupActivities &
  FanOutActivities &
  RefreshActivities &
  LeaseActivities &
  PlanActivities &
  HousekeepingActivities &
  RunbookActivities {
  const lines = createSlotLines(deps);
  return carrying({
    ...createPreflightActivities(deps),
    ...createSnapshotActivities(deps),
    ...createStartCloneActivities(deps, lines),
    ...createLineActivities(deps, lines),
    ...createAwaitCloneActivities(deps, lines),
    ...createModifyActivities(deps),
    ...createVerifyActivities(deps),
    ...createCleanUpActivities(deps),
    ...createUndoActivities(deps, lines),
    ...createKeptActivities(deps),
    ...createJoinActivities(deps),
    ...createHousekeepingActivities(deps),
    ...createGroupActivities(deps, lines),
    ...createCopyActivities(deps, lines),
    ...createFanOutActivities(deps),
    ...createRefreshActivities(deps),
    ...createLookAtSlotsActivities(deps, lines),
    ...createLeaseActivities(deps),
    ...createRunbookActivities(deps),
  });
}
export { AnswerCache } from './answer-cache.ts';
