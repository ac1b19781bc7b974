import type { Client } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';

interface Range {
  /** Nothing before this, in milliseconds. */
  since: number;
  until: number;
  /** At least so many of the last ones, if there are. */
  count: number;
  /** The next times: how close together they are says how far to look back. */
  next: readonly Date[];
}

const HOUR_MS = 3_600_000;
/** Halves of the way that are gone at most: from an hour to a hundred years. */
const STEPS = 20;

/** The last times that the schedule's own times and zone give, in order, in milliseconds, jitter included. */
export async function matchingTimes(temporal: Client, scheduleId: string, range: Range): Promise<number[]> {
  const { since, until, count, next } = range;
  if (since >= until) return [];
  const spread = next.length < 2 ? HOUR_MS : next.at(-1)!.getTime() - next[0]!.getTime();
  let back = Math.max(60_000, spread);
  for (let step = 0; ; step += 1) {
    const from = Math.max(since, until - back);
    const times = await timesBetween(temporal, scheduleId, from, until);
    // A clock that went back brings one time more or less.
    if (times.length > count || from === since || step === STEPS) return times;
    back *= 4;
  }
}

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
