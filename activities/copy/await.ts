import { FAILURE } from '../../contracts/names.ts';
import type { AsyncHandle } from '../../element/index.ts';
import { jobFailed, notVisible, readResult, stillCopying } from '../await-clone.ts';
import { endIsDue, isTooEarly, newsSince, reportEnd } from '../copy-progress.ts';
import type { ActivityDeps } from '../deps.ts';
import { findVolume } from '../find.ts';
import { resultsKept } from '../remove.ts';
import { ownWorkflowID, type SlotLines } from '../slots.ts';
import { runStep, StepFailed, type StepContext } from '../step.ts';
import type { CopyActivities, CopyHandles } from './types.ts';

/** Looks that see neither job nor result before that is believed: the two are not read at the same moment. */
const LOOKS = 2;

/** How a job has ended; `undefined` when it has not, or when nothing tells. */
interface End {
  error?: { name: string; message: string };
}

export const createAwaitCopyActivities = (deps: ActivityDeps, lines: SlotLines): Pick<CopyActivities, 'awaitCopy'> => ({
  awaitCopy: ({ cluster, dstVolumeID, copy, totalSize }) =>
    runStep(deps, cluster, async (ctx) => {
      const handles = { ...copy, volumeID: dstVolumeID };
      /** The next in line need not wait until the workflow has heard of the end. */
      const ended = ({ error }: End) => {
        lines(cluster).released(ownWorkflowID());
        if (error) throw jobFailed(handles, error, 'CopyVolume');
        reportEnd(ctx);
        return { bytes: totalSize };
      };
      if (copy.asyncHandle !== null && endIsDue(ctx)) {
        const result = await readResult(ctx, copy.asyncHandle);
        if (result?.status === 'complete') return ended(result.error ? { error: result.error } : {});
      }
      const beganMs = ctx.now();
      const seen = await ctx.look(newsSince(ctx));
      const job = seen.jobs.find((j) => j.cloneID === copy.cloneID);
      if (job) throw stillCopying(ctx, handles, job, seen.at);
      if (isTooEarly(ctx, seen, beganMs)) throw notVisible(ctx, handles, totalSize, 'the copy has begun');

      const end = await endOf(ctx, copy);
      if (end === 'running') throw notVisible(ctx, handles, totalSize, 'queued: no clone job to see yet');
      if (end !== undefined) return ended(end);
      if (!(await findVolume(ctx.api, dstVolumeID))) {
        lines(cluster).released(ownWorkflowID());
        throw new StepFailed(
          `volume ${dstVolumeID}, the destination, is gone: somebody deleted it while it was copied onto`,
          {
            type: FAILURE.cloneJobFailed,
          },
        );
      }
      if (isSeenNoMore(ctx)) {
        lines(cluster).released(ownWorkflowID());
        throw outcomeUnknown(dstVolumeID, copy.cloneID);
      }
      throw notVisible(ctx, handles, totalSize, 'no clone job and no result to see, looking once more', false);
    }),
});

/** How the job ended, as its result tells: by its handle, or found by its cloneID. */
export async function endOf(
  ctx: StepContext,
  { cloneID, asyncHandle }: CopyHandles,
): Promise<End | 'running' | undefined> {
  const result = asyncHandle === null ? undefined : await readResult(ctx, asyncHandle);
  if (result !== undefined) {
    return result.status === 'running' ? 'running' : result.error ? { error: result.error } : {};
  }
  const { list } = await resultsKept(ctx);
  const listed = list.find((r) => r.data?.cloneID === cloneID);
  if (listed === undefined) return undefined;
  if (!listed.completed) return 'running';
  if (listed.success !== false) return {};
  return { error: errorIn(listed) };
}

export const errorIn = ({ data }: AsyncHandle): { name: string; message: string } => ({
  name: data?.name ?? 'xUnknown',
  message: data?.message ?? '',
});

/** True when that has been so for some looks. */
export function isSeenNoMore({ memory }: StepContext): boolean {
  memory.unseen = (memory.unseen ?? 0) + 1;
  return memory.unseen >= LOOKS;
}

/** Neither job nor result: it may have ended well, or somebody stopped it. */
export const outcomeUnknown = (dstVolumeID: number, cloneID: number): StepFailed =>
  new StepFailed(
    `nothing tells how the copy onto volume ${dstVolumeID} ended: clone job ${cloneID} is gone, and so is its result; somebody has stopped the one, or read the other without keeping it`,
    { type: FAILURE.copyOutcomeUnknown, method: 'CopyVolume' },
  );
