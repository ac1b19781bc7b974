import type { ScheduleDescription } from '@temporalio/client';
import type { ScheduleRun } from './runs.ts';

/** The server keeps one line for each schedule; ours say when it was paused, which the server does not note. */
export const pauseNote = (reason: string | undefined, now: number): string =>
  `Paused ${iso(now)}${reason === undefined ? '' : `: ${reason}`}`;

export function resumeNote(before: ScheduleDescription['state'], reason: string | undefined, now: number): string {
  const since = before.paused ? PAUSED.exec(before.note ?? '')?.[1] : undefined;
  const was = since === undefined ? '' : ` (was paused since ${since})`;
  return `Resumed ${iso(now)}${was}${reason === undefined ? '' : `: ${reason}`}`;
}

const iso = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;
const TIME = '(\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ)';
const PAUSED = new RegExp(`^Paused ${TIME}`);
const RESUMED = new RegExp(`^Resumed ${TIME} \\(was paused since ${TIME}\\)`);
/** The server's own, of pauseOnFailure. */
const FAILED = /^paused due to workflow (?:failure|timeout): (\S+?):? /;

export interface Pause {
  /** True when the schedule was paused at this moment, as far as is known. */
  covers: (this: void, time: number) => boolean;
  reason: string;
}

/** Whether and since when a schedule is or was paused, from its note and, where it failed, from the run. */
export function pauseOf({ paused, note = '' }: ScheduleDescription['state'], runs: readonly ScheduleRun[]): Pause {
  if (!paused) {
    const [, until, since] = RESUMED.exec(note) ?? [];
    return {
      covers: (t) => since !== undefined && t >= Date.parse(since) && t <= Date.parse(until!),
      reason: 'the schedule was paused',
    };
  }
  const since = PAUSED.exec(note)?.[1];
  const failed = FAILED.exec(note)?.[1];
  const failedAt = runs.findLast((r) => r.workflowId === failed)?.closedAt;
  const lastStart = runs.map((r) => r.startedAt ?? '').reduce((a, b) => (a > b ? a : b), '');
  // Paused by another tool: what ran, ran before.
  const start = Date.parse(since ?? failedAt ?? lastStart);
  return {
    covers: (t) => Number.isNaN(start) || t >= start,
    reason: failed === undefined ? 'the schedule is paused' : 'the schedule paused itself, since a run had failed',
  };
}
