import { FAILURE } from '../contracts/names.ts';
import type { CloneProgress } from '../contracts/progress.ts';
import { classify, type AsyncResult, type CloneJob } from '../element/index.ts';
import { endIsDue, isTooEarly, lookAgain, newsSince, reportEnd, rounded, unseen } from './copy-progress.ts';
import type { ActivityDeps } from './deps.ts';
import { findVolume } from './find.ts';
import { ownWorkflowID, type SlotLines } from './slots.ts';
import { runStep, StepFailed, type NotYet, type StepContext } from './step.ts';
import type { CloneActivities, StartedClone } from './types.ts';

type Handles = Pick<StartedClone, 'volumeID' | 'cloneID' | 'asyncHandle'>;

export const createAwaitCloneActivities = (
  deps: ActivityDeps,
  lines: SlotLines,
): Pick<CloneActivities, 'awaitClone'> => ({
  awaitClone: ({ cluster, clone, totalSize }) =>
    runStep(deps, cluster, async (ctx) => {
      /** The next in line need not wait until the workflow has heard of the end. */
      const done = (bytes: number) => {
        lines(cluster).released(ownWorkflowID());
        reportEnd(ctx);
        return { bytes };
      };
      const finished = (result: AsyncResult) => {
        if (result.error) throw jobFailed(clone, result.error);
        return done(totalSize);
      };
      // The copy should be over: its result alone says whether it is.
      if (clone.asyncHandle !== null && endIsDue(ctx)) {
        const result = await readResult(ctx, clone.asyncHandle);
        if (result?.status === 'complete') return finished(result);
      }
      const beganMs = ctx.now();
      const seen = await ctx.look(newsSince(ctx));
      const job = seen.jobs.find(
        (j) => j.dstVolumeID === clone.volumeID || (clone.cloneID !== null && j.cloneID === clone.cloneID),
      );
      if (job) throw stillCopying(ctx, clone, job, seen.at);
      if (isTooEarly(ctx, seen, beganMs)) throw notVisible(ctx, clone, totalSize, 'the copy has begun');

      // No job to see: it has not begun, it has ended, or somebody stopped it.
      const result = clone.asyncHandle === null ? undefined : await readResult(ctx, clone.asyncHandle);
      if (result?.status === 'complete') return finished(result);
      if (result?.status === 'running') throw notVisible(ctx, clone, totalSize, 'queued: no clone job to see yet');
      // The result is gone (read by somebody else, or its handle was lost): the volume itself has the answer.
      const volume = await findVolume(ctx.api, clone.volumeID);
      if (!volume) {
        throw new StepFailed(
          `volume ${clone.volumeID}, the clone, is gone: somebody deleted it or stopped the copy while it ran`,
          { type: FAILURE.cloneJobFailed },
        );
      }
      if (volume.status === 'active') return done(volume.totalSize);
      throw notVisible(
        ctx,
        clone,
        totalSize,
        `no clone job and no result to see; volume ${clone.volumeID} is still "${volume.status}"`,
        false,
      );
    }),
});

/** GetAsyncResult, always kept: a finished result is otherwise forgotten with an answer that may be lost on the way. */
export async function readResult(ctx: StepContext, asyncHandle: number): Promise<AsyncResult | undefined> {
  try {
    return await ctx.api.getAsyncResult({ asyncHandle, keepResult: true });
  } catch (err) {
    if (classify(err).kind === 'askAnotherWay') return undefined;
    throw err;
  }
}

export function jobFailed(
  { volumeID }: Pick<Handles, 'volumeID'>,
  error: { name: string; message: string },
  method = 'CloneVolume',
): StepFailed {
  return new StepFailed(`the cluster gave up copying to volume ${volumeID}: ${error.name}: ${error.message}`, {
    type: FAILURE.cloneJobFailed,
    method,
    apiName: error.name,
  });
}

export function stillCopying(ctx: StepContext, clone: Handles, job: CloneJob, at: number): NotYet {
  // What lingers with nothing left to copy ends at any moment, or much later.
  const noEstimate = job.stage === 'metadata' || job.bytesPerSecond <= 0 || job.remainingTime <= 0;
  return lookAgain<CloneProgress>(
    ctx,
    {
      volumeID: clone.volumeID,
      cloneID: job.cloneID ?? clone.cloneID,
      asyncHandle: clone.asyncHandle,
      percent: rounded(job.percentComplete, 100),
      currentBytes: job.currentBytes,
      totalBytes: job.totalBytes,
      bytesPerSecond: Math.round(job.bytesPerSecond),
      remainingTime: noEstimate ? null : rounded(job.remainingTime, 10),
      stage: job.stage,
    },
    { at },
  );
}

/** `mayBeQueued`: its result says that it runs, or is not asked yet. Without one there is only its end to wait for. */
export const notVisible = (
  ctx: StepContext,
  clone: Handles,
  totalSize: number,
  message: string,
  mayBeQueued = true,
): NotYet =>
  lookAgain<CloneProgress>(ctx, { ...clone, ...unseen(ctx.memory.progress, totalSize, mayBeQueued) }, { message });
