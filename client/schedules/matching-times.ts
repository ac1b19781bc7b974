import type { Client } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';

interface Range {
  /** Nothing before this, in milliseconds. */
  since: number;
  until: number;
  /** The next times: how close together they are says how far it makes sense to look back. */
  next: readonly Date[];
}

/** Of a schedule that has been paused for a year, the last ones. */
const TIMES_MAX = 2_000;
/** Of one whose next times say nothing: it has ended. */
const DAY_MS = 86_400_000;

/**
 * The last times that the schedule's own times and zone give, in order, jitter included, and from when on these are all; in
 * milliseconds.
 */
export async function lastTimes(
  temporal: Client,
  scheduleId: string,
  range: Range,
): Promise<{ times: number[]; from: number }> {
  const { since, until, next } = range;
  const [first, last] = [next[0]?.getTime(), next.at(-1)?.getTime()];
  const between =
    first === undefined || last === undefined || next.length < 2 ? DAY_MS : (last - first) / (next.length - 1);
  const from = Math.max(since, until - Math.max(1_000, between) * TIMES_MAX);
  const times: number[] = [];
  // The server gives a thousand at once.
  for (let start = from; start < until;) {
    const page = await timesBetween(temporal, scheduleId, start, until);
    const newest = page.at(-1);
    if (newest === undefined) break;
    times.push(...page);
    if (times.length >= 2 * TIMES_MAX || page.length < PAGE) break;
    start = newest + 2;
  }
  return { times, from };
}

/** Fewer than the server gives at most are all there are. */
const PAGE = 500;

/** The times from `start` to `end`, both of them included; the server gives a thousand at most. */
export async function timesBetween(
  temporal: Client,
  scheduleId: string,
  start: number,
  end: number,
): Promise<number[]> {
  const { startTime } = await temporal.workflowService.listScheduleMatchingTimes({
    namespace: temporal.options.namespace,
    scheduleId,
    // The server leaves out the start itself, which a backfill does not.
    startTime: msToTs(start - 1),
    endTime: msToTs(end),
  });
  return startTime.map(({ seconds, nanos }) => Number(seconds ?? 0) * 1_000 + Math.floor((nanos ?? 0) / 1_000_000));
}
