import { FAILURE } from '../../contracts/names.ts';
import { jobFailed } from '../await-clone.ts';
import { nextLook } from '../delay.ts';
import type { ActivityDeps } from '../deps.ts';
import { settling } from '../doubt.ts';
import { findVolume } from '../find.ts';
import { resultsKept } from '../remove.ts';
import { NotYet, runStep, StepFailed, type StepContext } from '../step.ts';
import { describe } from '../verify.ts';
import { endOf, errorIn, isSeenNoMore, outcomeUnknown } from './await.ts';
import { findOwnWaysBack, isSameCopy, resultsSince } from './find.ts';
import { keepIdentity } from './identity.ts';
import type { CopyActivities, CopyHandles, CopyPlan } from './types.ts';

export const createVerifyCopyActivities = (deps: ActivityDeps): Pick<CopyActivities, 'verifyCopy'> => ({
  verifyCopy: ({ plan, owner, snapshotID, undoSnapshotID, copy, inDoubtSince }) =>
    runStep(deps, plan.request.cluster, async (ctx) => {
      const { dstVolumeID } = plan.request;
      // To be known before the look at the jobs: what acts after it must be found by another one.
      const notYet = settling(
        ctx,
        inDoubtSince,
        'waiting to see whether a CopyVolume whose answer was lost copies once more',
      );
      await awaitSecondCopy(ctx, plan, snapshotID);
      if (notYet) throw notYet;
      if (inDoubtSince !== null) {
        const wayBack = (await findOwnWaysBack(ctx.api, owner, dstVolumeID)).find(
          (s) => s.snapshotID === undoSnapshotID,
        );
        await refuseFailedSecond(ctx, dstVolumeID, copy, wayBack?.createTime);
      }

      const volume = await findVolume(ctx.api, dstVolumeID);
      if (!volume) {
        throw new StepFailed(`volume ${dstVolumeID}, the destination, is gone: somebody deleted it`, {
          type: FAILURE.verifyFailed,
        });
      }
      if (volume.status !== 'active') throw new NotYet(`volume ${dstVolumeID} is still "${volume.status}"`, 2_000);
      const before = ctx.memory.changes ?? [];
      const { changes, setBack } = await keepIdentity(ctx, plan, volume);
      if (setBack) {
        // Looked at once more, so that the result shows what is.
        ctx.memory.changes = [...new Set([...before, ...changes])];
        throw new NotYet(changes.join('; '), 1_000);
      }
      return { volume: describe(volume), changes: [...new Set([...before, ...changes])] };
    }),
});

/** A call that takes effect late copies the same once more: the volume is not whole until that is over. */
async function awaitSecondCopy(ctx: StepContext, plan: CopyPlan, snapshotID: number): Promise<void> {
  const { dstVolumeID } = plan.request;
  const job = (await ctx.look(ctx.now())).jobs.find((j) => j.dstVolumeID === dstVolumeID);
  if (job !== undefined && !isSameCopy(job, plan.request, [snapshotID])) {
    throw new StepFailed(
      `volume ${job.srcVolumeID} is being copied onto volume ${dstVolumeID} by somebody else (clone job ${job.cloneID ?? '?'})`,
      { type: FAILURE.verifyFailed },
    );
  }
  if (job !== undefined) {
    if (typeof job.cloneID === 'number') ctx.memory.secondCloneID = job.cloneID;
    delete ctx.memory.unseen;
    throw new NotYet(
      `a CopyVolume whose answer was lost copies the same once more: ${Math.floor(job.percentComplete)} %`,
      nextLook({
        remainingTime: job.remainingTime > 0 ? job.remainingTime : null,
        stillMs: 0,
        stage: job.stage,
        capMs: ctx.times.pollCapMs,
      }),
    );
  }
  const { secondCloneID } = ctx.memory;
  if (secondCloneID === undefined) return;
  const end = await endOf(ctx, { cloneID: secondCloneID, asyncHandle: null });
  if (end === undefined && isSeenNoMore(ctx)) throw outcomeUnknown(dstVolumeID, secondCloneID);
  if (end === undefined || end === 'running') throw new NotYet('a second copy has just ended', 1_000);
  if (end.error) throw jobFailed({ volumeID: dstVolumeID }, end.error, 'CopyVolume');
}

/** One that came and went between two looks, and failed, has left a mixture. */
async function refuseFailedSecond(ctx: StepContext, dstVolumeID: number, copy: CopyHandles, since: string | undefined) {
  if (since === undefined) return;
  const { list } = await resultsKept(ctx);
  const failed = resultsSince(list, dstVolumeID, since).find(
    (r) => r.completed && r.success === false && r.data?.cloneID !== copy.cloneID,
  );
  if (failed === undefined) return;
  throw jobFailed({ volumeID: dstVolumeID }, errorIn(failed), 'CopyVolume');
}
