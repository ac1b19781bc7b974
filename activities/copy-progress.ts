import { log } from '@temporalio/activity';
import prettyBytes from 'pretty-bytes';
import prettyMs from 'pretty-ms';
import {
  isGroupProgress,
  membersText,
  type CloneProgress,
  type CopyProgress,
  type GroupProgress,
} from '../contracts/progress.ts';
import { FLOOR_MS, nextLook } from './delay.ts';
import { NotYet, type StepContext } from './step.ts';
import type { SeenJobs } from './view.ts';

type Progress = CloneProgress | GroupProgress;
type Unlooked<P extends CopyProgress> = Omit<P, 'lookedAt' | 'looks' | 'stalledSince'>;

/** People read the heartbeat details too. */
export const rounded = (n: number, unit: number) => Math.round(n * unit) / unit;

/** True when the copy should have ended by what the last look saw. */
export function endIsDue(ctx: StepContext): boolean {
  const { progress } = ctx.memory;
  if (progress === undefined || progress.remainingTime === null) return false;
  return ctx.now() >= Date.parse(progress.lookedAt) + progress.remainingTime * 1_000;
}

/**
 * A look that is no older than this is news: not the one that was seen the last time. Not more than a pause ago, since
 * that one may have gone by another worker's clock.
 */
export function newsSince(ctx: StepContext): number {
  const { progress } = ctx.memory;
  return progress === undefined ? -Infinity : Math.min(Date.parse(progress.lookedAt) + 1, ctx.now() - FLOOR_MS + 1);
}

/**
 * True when the first look at a copy finds only a view from before it, in which others are copied: where they take their
 * time, so will this one, and the view will be newer in a second.
 */
export const isTooEarly = ({ memory }: StepContext, { jobs, at }: SeenJobs, beganMs: number): boolean =>
  memory.progress === undefined && at < beganMs && jobs.length > 0;

/** Keeps the look for the next attempt and for those who watch, and says when to look again. */
export function lookAgain<P extends Progress>(
  ctx: StepContext,
  seen: Unlooked<P>,
  { at = ctx.now(), message }: { /** Of the look, which may be a shared one. */ at?: number; message?: string } = {},
): NotYet {
  const progress = remember<P>(ctx, seen, at);
  const { remainingTime } = progress;
  const delayMs = nextLook({
    // Some of it is over since a shared look.
    remainingTime: remainingTime === null ? null : Math.max(0, remainingTime - (ctx.now() - at) / 1_000),
    stillMs: stillMs(progress, ctx.now()),
    stage: progress.stage,
    capMs: ctx.times.pollCapMs,
  });
  return new NotYet(message ?? progressLine(progress, ctx.now()), delayMs);
}

/** A copy without a job to see, with what was last known of it. */
export const unseen = (before: Progress | undefined, totalBytes: number) => ({
  percent: before?.percent ?? 0,
  currentBytes: before?.currentBytes ?? 0,
  totalBytes: before?.totalBytes ?? totalBytes,
  bytesPerSecond: 0,
  remainingTime: null,
  stage: before === undefined || before.stage === 'queued' ? 'queued' : 'finishing',
});

/** Notices when nothing moves any more. */
function remember<P extends Progress>(ctx: StepContext, seen: Unlooked<P>, at: number): P {
  const before = ctx.memory.progress;
  const lookedAt = new Date(at).toISOString();
  const moved = before === undefined || seen.currentBytes !== before.currentBytes || seen.stage !== before.stage;
  const stalledSince = moved ? undefined : (before.stalledSince ?? before.lookedAt);
  const progress = {
    ...seen,
    lookedAt,
    looks: (before?.looks ?? 0) + 1,
    ...(stalledSince === undefined ? {} : { stalledSince }),
  } as unknown as P;
  if (isStalled(progress, ctx.now(), ctx.times.stallMs)) {
    const { percent } = progress;
    log.warn('The copy is stalled', { volumeIDs: volumesOf(progress), percent, stalledSince });
  }
  ctx.memory.progress = progress;
  return progress;
}

const volumesOf = (p: Progress) => (isGroupProgress(p) ? p.members.map((m) => m.volumeID) : [p.volumeID]);

/** For how long nothing has moved, in milliseconds. */
const stillMs = (p: CopyProgress, now: number) => (p.stalledSince === undefined ? 0 : now - Date.parse(p.stalledSince));

const isStalled = (p: CopyProgress, now: number, stallMs: number) =>
  p.stalledSince !== undefined && stillMs(p, now) >= stallMs;

/** One line for the Temporal UI: `43 % · 2.1 GB of 4.9 GB · 120 MB/s · about 24s left`. */
export function progressLine(p: Progress, now: number): string {
  if (p.stage === 'metadata') {
    const where = isGroupProgress(p) ? `${p.members.length} volumes` : `volume ${p.volumeID}`;
    return `copying metadata to ${where}; no progress to see yet`;
  }
  const parts = [
    // Never 100 before the cluster says so.
    `${p.percent < 10 ? p.percent.toFixed(1) : Math.floor(p.percent)} %`,
    `${prettyBytes(p.currentBytes)} of ${prettyBytes(p.totalBytes)}`,
    `${prettyBytes(p.bytesPerSecond)}/s`,
    ...(p.remainingTime === null ? [] : [`about ${prettyMs(Math.ceil(p.remainingTime) * 1_000)} left`]),
    ...(isGroupProgress(p) ? [membersText(p)] : []),
  ];
  const still = stillMs(p, now);
  if (still > 0) parts.push(`no byte moved for ${prettyMs(still, { secondsDecimalDigits: 0 })}`);
  return parts.join(' · ');
}
