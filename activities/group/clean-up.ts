import { cleanUpSnapshot, releaseKept } from '../clean-up.ts';
import type { ActivityDeps } from '../deps.ts';
import { deleteOwnGroupSnapshot } from '../release.ts';
import { runStep } from '../step.ts';
import { findOwnGroupSnapshots } from './find.ts';
import type { GroupActivities } from './types.ts';

export const createGroupCleanUpActivities = (deps: ActivityDeps): Pick<GroupActivities, 'cleanUpGroup'> => ({
  cleanUpGroup: ({ plan, owner, snapshot, asyncHandle, volumeIDs = [] }) =>
    runStep(deps, plan.cluster, async (ctx) => {
      await releaseKept(ctx, asyncHandle, volumeIDs);
      const groupSnapshotDeleted = await cleanUpSnapshot(ctx, plan.snapshot, {
        method: 'CreateGroupSnapshot',
        made: snapshot && { id: snapshot.groupSnapshotID, inDoubtSince: snapshot.inDoubtSince },
        own: async () => (await findOwnGroupSnapshots(ctx.api, plan, owner)).map((g) => g.groupSnapshotID),
        remove: (groupSnapshotID) => deleteOwnGroupSnapshot(ctx.api, groupSnapshotID),
      });
      return { groupSnapshotDeleted };
    }),
});
