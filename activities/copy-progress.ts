import { log } from '@temporalio/activity';
import prettyBytes from 'pretty-bytes';
import prettyMs from 'pretty-ms';
import { METRICS } from '../contracts/metrics.ts';
import {
  isGroupProgress,
  membersText,
  type CloneProgress,
  type CopyProgress,
  type GroupProgress,
} from '../contracts/progress.ts';
import { FLOOR_MS, nextLook } from './delay.ts';
import { add, observe } from './measure.ts';
import { NotYet, type StepContext } from './step.ts';
import type { SeenJobs } from './view.ts';

type Progress = CloneProgress | GroupProgress;
type Unlooked<P extends CopyProgress> = Omit<P, 'lookedAt' | 'looks' | 'stalledSince' | 'stalled'>;

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
  const line = message && [message, ...stillness(progress, ctx.now())].join(' · ');
  return new NotYet(line ?? progressLine(progress, ctx.now()), delayMs);
}

/**
 * A copy without a job to see, with what was last known of it. One whose result says that it runs may wait for its
 * beginning; without a result there is only its end to wait for.
 */
export const unseen = (before: Progress | undefined, totalBytes: number, mayBeQueued: boolean) => ({
  percent: before?.percent ?? 0,
  currentBytes: before?.currentBytes ?? 0,
  totalBytes: before?.totalBytes ?? totalBytes,
  bytesPerSecond: 0,
  remainingTime: null,
  stage: mayBeQueued && (before === undefined || before.stage === 'queued') ? 'queued' : 'finishing',
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
  if (MOVING_STAGES.has(seen.stage) && stillMs(progress, ctx.now()) >= ctx.times.stallMs) progress.stalled = true;
  reportStall(ctx, before, progress);
  ctx.memory.progress = progress;
  return progress;
}

/** Stages in which bytes should move, or the end should come. A queue and the metadata stage show no progress anyway. */
const MOVING_STAGES = new Set(['data', 'whole', 'finishing']);

/** Once when it stalls and once when it moves again, not at every look. */
function reportStall(ctx: StepContext, before: Progress | undefined, now: Progress): void {
  const { percent, stage, stalledSince } = now;
  const copy = { cluster: ctx.alias, volumeIDs: volumesOf(now), percent, stage };
  if (now.stalled && !before?.stalled) {
    add(METRICS.stalls, { cluster: ctx.alias });
    log.warn('The copy is stalled', { ...copy, stalledSince });
  } else if (before?.stalled && !now.stalled) {
    log.info('The copy moves again', copy);
  }
}

/** The copy has ended: how far the estimate of the last look was off, the time until the end was noticed included. */
export function reportEnd(ctx: StepContext): void {
  const { progress } = ctx.memory;
  if (progress === undefined || progress.remainingTime === null) return;
  const late = (ctx.now() - Date.parse(progress.lookedAt)) / 1_000 - progress.remainingTime;
  observe(METRICS.estimateError, Math.abs(late), { cluster: ctx.alias, direction: late < 0 ? 'early' : 'late' });
}

const volumesOf = (p: Progress) => (isGroupProgress(p) ? p.members.map((m) => m.volumeID) : [p.volumeID]);

/** For how long nothing has moved, in milliseconds. */
const stillMs = (p: CopyProgress, now: number) => (p.stalledSince === undefined ? 0 : now - Date.parse(p.stalledSince));

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
  return [...parts, ...stillness(p, now)].join(' · ');
}

/** `no byte moved for 40s`, and from `stallSeconds` on that it is stalled. */
function stillness(p: Progress, now: number): string[] {
  const still = stillMs(p, now);
  if (still <= 0) return [];
  return [`${p.stalled ? 'stalled: ' : ''}no byte moved for ${prettyMs(still, { secondsDecimalDigits: 0 })}`];
}
