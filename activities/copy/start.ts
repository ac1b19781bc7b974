import { log } from '@temporalio/activity';
import { FAILURE } from '../../contracts/names.ts';
import { classify, ElementApiError } from '../../element/index.ts';
import type { ActivityDeps } from '../deps.ts';
import { inDoubtSince, inheritDoubt, issue, settle, settleBeforeRepeating } from '../doubt.ts';
import { clonesRunning, resultsKept } from '../remove.ts';
import type { SlotLines } from '../slots.ts';
import { snapshotGone } from '../start-clone.ts';
import { runStep, StepFailed, type StepContext } from '../step.ts';
import { slotTaker } from '../take-slot.ts';
import { clusterTime, isoSeconds } from './clock.ts';
import { isSameCopy, resultsSince } from './find.ts';
import { inTheWay } from './in-the-way.ts';
import type { CopyActivities, CopyHandles, CopyPlan } from './types.ts';

const SETTLING = 'waiting to see whether the CopyVolume whose answer was lost took effect';

export const createStartCopyActivities = (deps: ActivityDeps, lines: SlotLines): Pick<CopyActivities, 'startCopy'> => ({
  startCopy: ({ plan, owner, snapshotID, undoSnapshotID, line }) =>
    runStep(deps, plan.request.cluster, async (ctx) => {
      const { volumeID, dstVolumeID, force = false } = plan.request;
      const slots = slotTaker(ctx, lines(ctx.alias), [volumeID], line);
      if (line.inDoubtSince !== null && !ctx.repeated) {
        Object.assign(ctx.memory, { inDoubt: true, issuedAt: line.inDoubtSince });
      }
      inheritDoubt(ctx, plan, owner);
      if (ctx.repeated || owner.mayHaveRunBefore || line.inDoubtSince !== null) {
        const found = await findCopy(ctx, plan, snapshotID);
        if (found) {
          log.info('Found the copy that an earlier attempt began', { dstVolumeID, cloneID: found.cloneID });
          slots.started([dstVolumeID]);
          return { ...found, adopted: true, inDoubtSince: inDoubtSince(ctx) };
        }
        settleBeforeRepeating(ctx, 'CopyVolume');
      }

      const inLine = await slots.take();
      if (inLine) return { inLine, inDoubtSince: inDoubtSince(ctx) };
      // Hours may have passed in line.
      const obstacles = await inTheWay(deps, ctx, {
        dstVolumeID,
        force,
        isOwnJob: (job) => isSameCopy(job, plan.request, [snapshotID]),
        // Of two that come at the same moment, the one whose way back is older goes ahead.
        isOwnCopy: ({ tag, snapshot }) => tag.request === owner.request || snapshot.snapshotID > undoSnapshotID,
      });
      if (obstacles.length > 0) {
        settle(ctx, inDoubtSince(ctx), SETTLING);
        throw new StepFailed(`${obstacles.join('; ')}. It is not overwritten`, { type: FAILURE.permanent });
      }
      // The cluster's clock is known to a second.
      ctx.memory.askedAt ??= isoSeconds(clusterTime(ctx) - 2_000);
      try {
        const made = await issue(ctx, () => ctx.api.copyVolume({ volumeID, dstVolumeID, snapshotID }));
        slots.started([dstVolumeID]);
        return { ...made, adopted: false, inDoubtSince: inDoubtSince(ctx) };
      } catch (err) {
        if (err instanceof ElementApiError && err.apiName === 'xSnapshotIDDoesNotExist') {
          settle(ctx, inDoubtSince(ctx), SETTLING);
          throw snapshotGone(plan, snapshotID, err, 'the copy');
        }
        if (classify(err).kind !== 'busy') throw err;
        return { inLine: await slots.putBack(err), inDoubtSince: inDoubtSince(ctx) };
      }
    }),
});

/**
 * The copy that a call without an answer has begun: the job that runs, or the result of one that is over already and
 * began after that call went out. Without either the call is repeated, which copies the same once more.
 */
async function findCopy(ctx: StepContext, plan: CopyPlan, snapshotID: number): Promise<CopyHandles | undefined> {
  const jobs = await clonesRunning(ctx);
  const { list } = await resultsKept(ctx);
  const job = jobs.find((j) => isSameCopy(j, plan.request, [snapshotID]));
  if (typeof job?.cloneID === 'number') {
    const result = list.find((r) => r.data?.cloneID === job.cloneID);
    return { cloneID: job.cloneID, asyncHandle: result?.asyncResultID ?? null };
  }
  const { askedAt } = ctx.memory;
  if (askedAt === undefined) return undefined;
  const [over, ...others] = resultsSince(list, plan.request.dstVolumeID, askedAt);
  const cloneID = over?.data?.cloneID;
  // More than one: which is ours cannot be told.
  if (over === undefined || others.length > 0 || typeof cloneID !== 'number') return undefined;
  return { cloneID, asyncHandle: over.asyncResultID };
}
