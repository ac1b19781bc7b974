import { createAwaitCloneActivities } from './await-clone.ts';
import { createCleanUpActivities } from './clean-up.ts';
import type { ActivityDeps } from './deps.ts';
import { createJoinActivities } from './join.ts';
import { createModifyActivities } from './modify.ts';
import { createPreflightActivities } from './preflight.ts';
import { createSnapshotActivities } from './snapshot.ts';
import { createStartCloneActivities } from './start-clone.ts';
import type { CloneActivities } from './types.ts';
import { createUndoActivities } from './undo.ts';
import { createVerifyActivities } from './verify.ts';

export type { ActivityDeps, Cluster, ClusterTimes } from './deps.ts';
export type * from './types.ts';
export { SyncJobsView } from './view.ts';

/** All activities, for a worker of one's own. Inject the clusters and a Temporal client. */
export const createActivities = (deps: ActivityDeps): CloneActivities => ({
  ...createPreflightActivities(deps),
  ...createSnapshotActivities(deps),
  ...createStartCloneActivities(deps),
  ...createAwaitCloneActivities(deps),
  ...createModifyActivities(deps),
  ...createVerifyActivities(deps),
  ...createCleanUpActivities(deps),
  ...createUndoActivities(deps),
  ...createJoinActivities(deps),
});
export { AnswerCache } from './answer-cache.ts';
