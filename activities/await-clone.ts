import { log } from '@temporalio/activity';
import prettyBytes from 'pretty-bytes';
import prettyMs from 'pretty-ms';
import { FAILURE } from '../contracts/names.ts';
import type { CloneProgress } from '../contracts/progress.ts';
import { classify, type AsyncResult, type CloneJob } from '../element/index.ts';
import { nextLook } from './delay.ts';
import type { ActivityDeps } from './deps.ts';
import { findVolume } from './find.ts';
import { ownWorkflowID, type SlotLines } from './slots.ts';
import { NotYet, runStep, StepFailed, type StepContext } from './step.ts';
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
        return { bytes };
      };
      const jobs = await ctx.jobs();
      const job = jobs.find(
        (j) => j.dstVolumeID === clone.volumeID || (clone.cloneID !== null && j.cloneID === clone.cloneID),
      );
      if (job) throw stillCopying(ctx, clone, job);

      // No job to see: it has not begun, it has ended, or somebody stopped it.
      const result = clone.asyncHandle === null ? undefined : await readResult(ctx, clone.asyncHandle);
      if (result?.status === 'complete') {
        if (result.error) throw jobFailed(clone, result.error);
        return done(totalSize);
      }
      if (result?.status === 'running') throw notVisible(ctx, clone, totalSize, 'queued: the copy has not begun');
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
      );
    }),
});

/** GetAsyncResult, always kept: a finished result is otherwise forgotten with an answer that may be lost on the way. */
async function readResult(ctx: StepContext, asyncHandle: number): Promise<AsyncResult | undefined> {
  try {
    return await ctx.api.getAsyncResult({ asyncHandle, keepResult: true });
  } catch (err) {
    if (classify(err).kind === 'askAnotherWay') return undefined;
    throw err;
  }
}

function jobFailed(clone: Handles, error: { name: string; message: string }): StepFailed {
  return new StepFailed(`the cluster gave up copying to volume ${clone.volumeID}: ${error.name}: ${error.message}`, {
    type: FAILURE.cloneJobFailed,
    method: 'CloneVolume',
    apiName: error.name,
  });
}

/** People read the heartbeat details too. */
const rounded = (n: number, unit: number) => Math.round(n * unit) / unit;

function stillCopying(ctx: StepContext, clone: Handles, job: CloneJob): NotYet {
  const noEstimate = job.stage === 'metadata' || job.bytesPerSecond <= 0;
  const progress = remember(ctx, {
    volumeID: clone.volumeID,
    cloneID: job.cloneID ?? clone.cloneID,
    asyncHandle: clone.asyncHandle,
    percent: rounded(job.percentComplete, 100),
    currentBytes: job.currentBytes,
    totalBytes: job.totalBytes,
    bytesPerSecond: Math.round(job.bytesPerSecond),
    remainingTime: noEstimate ? null : rounded(job.remainingTime, 10),
    stage: job.stage,
  });
  return new NotYet(progressLine(progress, ctx.now()), delayFor(ctx, progress));
}

function notVisible(ctx: StepContext, clone: Handles, totalSize: number, message: string): NotYet {
  const before = ctx.memory.progress;
  const progress = remember(ctx, {
    ...clone,
    percent: before?.percent ?? 0,
    currentBytes: before?.currentBytes ?? 0,
    totalBytes: before?.totalBytes ?? totalSize,
    bytesPerSecond: 0,
    remainingTime: null,
    stage: before === undefined || before.stage === 'queued' ? 'queued' : 'finishing',
  });
  return new NotYet(message, delayFor(ctx, progress));
}

const delayFor = (ctx: StepContext, p: CloneProgress) =>
  nextLook({
    remainingTime: p.remainingTime,
    stillMs: stillMs(p, ctx.now()),
    stage: p.stage,
    capMs: ctx.times.pollCapMs,
  });

/** Keeps the look for the next attempt and for those who watch, and notices when nothing moves any more. */
function remember(ctx: StepContext, seen: Omit<CloneProgress, 'lookedAt' | 'looks' | 'stalledSince'>): CloneProgress {
  const before = ctx.memory.progress;
  const lookedAt = new Date(ctx.now()).toISOString();
  const moved = before === undefined || seen.currentBytes !== before.currentBytes || seen.stage !== before.stage;
  const stalledSince = moved ? undefined : (before.stalledSince ?? before.lookedAt);
  const progress: CloneProgress = {
    ...seen,
    lookedAt,
    looks: (before?.looks ?? 0) + 1,
    ...(stalledSince === undefined ? {} : { stalledSince }),
  };
  if (isStalled(progress, ctx.now(), ctx.times.stallMs)) {
    log.warn('The clone is stalled', { volumeID: seen.volumeID, percent: seen.percent, stalledSince });
  }
  ctx.memory.progress = progress;
  return progress;
}

/** For how long nothing has moved, in milliseconds. */
const stillMs = (p: CloneProgress, now: number) =>
  p.stalledSince === undefined ? 0 : now - Date.parse(p.stalledSince);

const isStalled = (p: CloneProgress, now: number, stallMs: number) =>
  p.stalledSince !== undefined && stillMs(p, now) >= stallMs;

/** One line for the Temporal UI: `43 % · 2.1 GB of 4.9 GB · 120 MB/s · 24 s left`. */
export function progressLine(p: CloneProgress, now: number): string {
  if (p.stage === 'metadata') return `copying metadata to volume ${p.volumeID}; no progress to see yet`;
  const parts = [
    // Never 100 before the cluster says so.
    `${p.percent < 10 ? p.percent.toFixed(1) : Math.floor(p.percent)} %`,
    `${prettyBytes(p.currentBytes)} of ${prettyBytes(p.totalBytes)}`,
    `${prettyBytes(p.bytesPerSecond)}/s`,
    ...(p.remainingTime === null ? [] : [`about ${prettyMs(Math.ceil(p.remainingTime) * 1_000)} left`]),
  ];
  const still = stillMs(p, now);
  if (still > 0) parts.push(`no byte moved for ${prettyMs(still, { secondsDecimalDigits: 0 })}`);
  return parts.join(' · ');
}
