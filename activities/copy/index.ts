import type { ActivityDeps } from '../deps.ts';
import type { SlotLines } from '../slots.ts';
import { createAwaitCopyActivities } from './await.ts';
import { createCopyCleanUpActivities } from './clean-up.ts';
import { createCopyPreflightActivities } from './preflight.ts';
import { createRollBackActivities } from './roll-back.ts';
import { createStartCopyActivities } from './start.ts';
import type { CopyActivities } from './types.ts';
import { createUndoStartedCopyActivities } from './undo.ts';
import { createVerifyCopyActivities } from './verify.ts';
import { createWayBackActivities } from './way-back.ts';

export const createCopyActivities = (deps: ActivityDeps, lines: SlotLines): CopyActivities => ({
  ...createCopyPreflightActivities(deps),
  ...createWayBackActivities(deps, lines),
  ...createStartCopyActivities(deps, lines),
  ...createAwaitCopyActivities(deps, lines),
  ...createVerifyCopyActivities(deps),
  ...createCopyCleanUpActivities(deps),
  ...createUndoStartedCopyActivities(deps, lines),
  ...createRollBackActivities(deps),
});
