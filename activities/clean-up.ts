import type { ActivityDeps } from './deps.ts';
import { settle } from './doubt.ts';
import { findOwnSnapshots, tagOf } from './find.ts';
import { deleteOwnSnapshot, releaseAsyncResult } from './release.ts';
import { runStep } from './step.ts';
import type { CloneActivities } from './types.ts';

export const createCleanUpActivities = (deps: ActivityDeps): Pick<CloneActivities, 'cleanUp'> => ({
  cleanUp: ({ plan, owner, snapshot, asyncHandle }) =>
    runStep(deps, plan.request.cluster, async (ctx) => {
      await releaseAsyncResult(ctx.api, asyncHandle);
      if (snapshot === null) return { snapshotDeleted: false };
      const keep = plan.snapshot?.retention === 'keep';
      if (snapshot.inDoubtSince !== null) {
        settle(
          ctx,
          snapshot.inDoubtSince,
          'waiting to see whether a CreateSnapshot whose answer was lost made a second one',
        );
        for (const { snapshotID } of await findOwnSnapshots(ctx.api, tagOf(owner, plan, 'snapshot'))) {
          if (snapshotID !== snapshot.snapshotID) await deleteOwnSnapshot(ctx.api, snapshotID);
        }
      }
      if (keep) return { snapshotDeleted: false };
      await deleteOwnSnapshot(ctx.api, snapshot.snapshotID);
      return { snapshotDeleted: true };
    }),
});
