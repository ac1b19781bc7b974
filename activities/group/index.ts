import type { ActivityDeps } from '../deps.ts';
import type { SlotLines } from '../slots.ts';
import { createAwaitGroupActivities } from './await.ts';
import { createGroupCleanUpActivities } from './clean-up.ts';
import { createMembersActivities } from './members.ts';
import { createGroupPreflightActivities } from './preflight.ts';
import { createGroupSnapshotActivities } from './snapshot.ts';
import { createStartGroupActivities } from './start.ts';
import type { GroupActivities } from './types.ts';
import { createGroupUndoActivities } from './undo.ts';

export const createGroupActivities = (deps: ActivityDeps, lines: SlotLines): GroupActivities => ({
  ...createGroupPreflightActivities(deps),
  ...createGroupSnapshotActivities(deps),
  ...createStartGroupActivities(deps, lines),
  ...createAwaitGroupActivities(deps, lines),
  ...createMembersActivities(deps),
  ...createGroupCleanUpActivities(deps),
  ...createGroupUndoActivities(deps, lines),
});
