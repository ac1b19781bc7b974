import { cleanUpSnapshot, releaseKept } from '../clean-up.ts';
import type { ActivityDeps } from '../deps.ts';
import { settle } from '../doubt.ts';
import { findOwnSnapshots, tagOf } from '../find.ts';
import { deleteOwnSnapshot } from '../release.ts';
import { resultsKept, unlessRefused } from '../remove.ts';
import { runStep, StepFailed, type StepContext } from '../step.ts';
import type { Doubt, Owner } from '../types.ts';
import { clusterTime, isoSeconds } from './clock.ts';
import { findOwnWaysBack, resultsSince } from './find.ts';
import type { CopyActivities, CopyPlan } from './types.ts';

export const createCopyCleanUpActivities = (deps: ActivityDeps): Pick<CopyActivities, 'cleanUpCopy'> => ({
  cleanUpCopy: ({ plan, owner, snapshot, wayBack, copy }) =>
    runStep(deps, plan.request.cluster, async (ctx) => {
      const { dstVolumeID } = plan.request;
      const { undo, refused } = await keepWayBack(ctx, plan, owner, wayBack);
      if (copy.asyncHandle !== null) await releaseKept(ctx, copy.asyncHandle, []);
      // A lost call may have copied once more, and its result is nobody's but ours.
      if (copy.inDoubtSince !== null || copy.asyncHandle === null) {
        const since = (await findOwnWaysBack(ctx.api, owner, dstVolumeID))[0]?.createTime;
        const { list } = await resultsKept(ctx);
        for (const r of since === undefined ? [] : resultsSince(list, dstVolumeID, since)) {
          if (r.completed) await releaseKept(ctx, r.asyncResultID, []);
        }
      }
      const snapshotDeleted = await cleanUpSnapshot(ctx, plan.snapshot, {
        method: 'CreateSnapshot',
        made: snapshot && { id: snapshot.snapshotID, inDoubtSince: snapshot.inDoubtSince },
        own: async () => (await findOwnSnapshots(ctx.api, tagOf(owner, plan, 'snapshot'))).map((s) => s.snapshotID),
        remove: (snapshotID) => deleteOwnSnapshot(ctx.api, snapshotID),
      });
      // Not before: everything else was to go all the same.
      if (refused !== undefined) throw new StepFailed(refused);
      return { snapshotDeleted, undo };
    }),
});

/**
 * Lets the way back go when it was asked to, counted from now, and a second one that a lost call has made at once. `null`
 * when somebody has deleted it.
 */
async function keepWayBack(
  ctx: StepContext,
  plan: CopyPlan,
  owner: Owner,
  { snapshotID, inDoubtSince }: Doubt & { snapshotID: number },
): Promise<{ undo: { snapshotID: number; expiresAt: string } | null; refused?: string }> {
  settle(ctx, inDoubtSince, 'waiting to see whether a CreateSnapshot whose answer was lost made a second one');
  const expiresAt = isoSeconds(clusterTime(ctx) + plan.undo.expiresInMs);
  const notSet = await unlessRefused(ctx, 'ModifySnapshot', () =>
    ctx.api.modifySnapshot({ snapshotID, expirationTime: expiresAt }),
  );
  if (notSet === undefined && inDoubtSince === null) return { undo: { snapshotID, expiresAt } };
  const own = await findOwnWaysBack(ctx.api, owner, plan.request.dstVolumeID);
  let refused: string | undefined;
  for (const second of inDoubtSince === null ? [] : own.filter((s) => s.snapshotID !== snapshotID)) {
    refused ??= await unlessRefused(ctx, 'DeleteSnapshot', () => deleteOwnSnapshot(ctx.api, second.snapshotID));
  }
  const kept = own.find((s) => s.snapshotID === snapshotID);
  return {
    undo: kept === undefined ? null : { snapshotID, expiresAt: kept.expirationTime ?? expiresAt },
    ...(refused === undefined ? {} : { refused }),
  };
}
