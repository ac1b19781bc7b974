/**
 * The lease of a clone: names, messages and rules. A lease is a workflow of its own, which deletes the clone when its time
 * is over. Workflow code uses this at run time, so it imports little.
 */
import { parseDuration } from './duration.ts';
import { DEFAULT_TASK_QUEUE } from './names.ts';
import { isObject } from './json-object.ts';

export const LEASE = {
  /** Update: LeaseExtension → LeaseView. */
  extend: 'extend',
  /** Update: LeaseRelease → LeaseView. The volume stays for good. */
  release: 'release',
  /** Query: → LeaseView. */
  view: 'lease',
} as const;

/** How far from now an extension may reach, unless the request says otherwise. */
export const DEFAULT_LEASE_MAX = '30d';
/** For how long hosts that are connected keep a volume alive whose lease is over. */
export const DEFAULT_LEASE_GRACE = '24h';

/** One lease per volume and task queue: workers of another queue may mean another cluster by the same alias. */
export const leaseWorkflowID = (cluster: string, volumeID: number, taskQueue: string): string =>
  `lease-of-volume-${volumeID}-of-${cluster}${taskQueue === DEFAULT_TASK_QUEUE ? '' : `-on-${taskQueue}`}`;

/**
 * - `running`: the volume is there, the time is not over.
 * - `ending`: the time is over; something still uses the volume, or the cluster refuses to delete it.
 * - `deleting`: from here on nothing can be extended or released.
 * - `ended`: see the workflow's result.
 */
export type LeaseState = 'running' | 'ending' | 'deleting' | 'ended';

/** A lease as people and programs see it; also its memo, so that a list needs neither history nor worker. */
export interface LeaseView {
  cluster: string;
  /** The volume that will be deleted. */
  volumeID: number;
  name?: string;
  sourceVolumeID?: number;
  /** The workflow that made the volume, and its key. */
  cloneWorkflowID?: string;
  request?: string;
  requestedBy?: string;
  state: LeaseState;
  /** When the time is over (ISO 8601, UTC). */
  endsAt: string;
  /** True from the warning on, until it is extended. Not in the memo. */
  endsSoon?: true;
  /** Once the time is over: until when those who use the volume keep it alive (ISO 8601, UTC). */
  graceEndsAt?: string;
  /** How often it was extended, and by whom last. */
  extensions: number;
  extendedBy?: string;
  /** Why the cluster does not delete the volume though it should. */
  problem?: string;
  /** Once it has ended. */
  outcome?: LeaseOutcome;
}

/** How a lease ended: `gone`: somebody else deleted the volume; `notOurs`: it no longer carries our tag, and stays. */
export type LeaseOutcome = 'deleted' | 'released' | 'gone' | 'notOurs';

/** What `cloneLease` returns. */
export interface CloneLeaseResult {
  cluster: string;
  volumeID: number;
  outcome: LeaseOutcome;
  /** The same for people. */
  message: string;
  /** When the time was over, or would have been (ISO 8601, UTC). */
  endsAt: string;
  finishedAt: string;
  extensions: number;
  /** Who released it. */
  releasedBy?: string;
  /** iSCSI sessions that the deletion cut, after the grace. */
  sessionsCut: number;
  apiCalls: number;
}

/** What a clone's result says of its lease. */
export interface LeaseOfClone {
  workflowID: string;
  /** When the clone will be deleted, unless that is changed (ISO 8601, UTC). */
  endsAt: string;
  /** How it had ended before this result was made: only after a reset of the clone. */
  ended?: string;
}

/** What `extend` is asked for: either of `by` and `until`. */
export interface LeaseExtension {
  /** A duration such as `"24h"`, after the present end; after now, when that has passed. */
  by?: string | undefined;
  /** ISO 8601 with a zone. */
  until?: string | undefined;
  /** Who asks. */
  requestedBy?: string | undefined;
}

/** What `release` is asked for. */
export interface LeaseRelease {
  /** Who asks. */
  requestedBy?: string | undefined;
}

export const isoTime = (ms: number): string => new Date(ms).toISOString();

/** A moment in ISO 8601 with a zone. */
export const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

/** Milliseconds since the epoch of a time with a zone; `undefined` when it is none. */
export function parseTime(text: unknown): number | undefined {
  if (typeof text !== 'string' || !TIME.test(text)) return undefined;
  const value = Date.parse(text);
  return Number.isNaN(value) ? undefined : value;
}

export const MUST_BE_TIME = 'must be a time with a zone, such as "2026-12-01T08:00:00Z"';
const MUST_BE_DURATION = 'must be a duration with a unit, such as "30m", "24h" or "7d"';

type Fields = Record<string, unknown>;

const unknownFields = (input: Fields, known: readonly string[]) =>
  Object.keys(input)
    .filter((key) => !known.includes(key))
    .map((key) => `${key}: unknown field; remove it or correct its spelling`);

const who = ({ requestedBy }: Fields) =>
  requestedBy === undefined || (typeof requestedBy === 'string' && requestedBy !== '' && requestedBy.length <= 64)
    ? []
    : ['requestedBy: must be text of 1 to 64 characters'];

/** Faults in the form of an `extend`, as far as they show without knowing the lease. */
export function extensionFaults(input: unknown): string[] {
  if (!isObject(input)) return ['request: must be an object such as {"by": "24h"}'];
  const { by, until } = input;
  const faults = [...unknownFields(input, ['by', 'until', 'requestedBy']), ...who(input)];
  if ((by === undefined) === (until === undefined)) faults.push('by: give either by or until, such as {"by": "24h"}');
  if (by !== undefined && parseDuration(by) === undefined) faults.push(`by: ${MUST_BE_DURATION}`);
  if (until !== undefined && parseTime(until) === undefined) faults.push(`until: ${MUST_BE_TIME}`);
  return faults;
}

/** Faults in the form of a `release`. */
export const releaseFaults = (input: unknown): string[] =>
  isObject(input) ? [...unknownFields(input, ['requestedBy']), ...who(input)] : ['request: must be an object'];

/** The lease that is to be extended. Times in milliseconds since the epoch. */
export interface Extendable {
  endsAt: number;
  now: number;
  /** How far from now the end may be, in milliseconds. */
  maxMs: number;
}

/** The new end, or why there is none. Seconds are enough for a person, so the limit is not taken to the millisecond. */
export function newEnd(input: LeaseExtension, { endsAt, now, maxMs }: Extendable): { end: number } | { fault: string } {
  const latest = now + maxMs;
  const field = input.until === undefined ? 'by' : 'until';
  const end = parseTime(input.until) ?? Math.max(endsAt, now) + parseDuration(input.by)!;
  if (end > latest + 1_000) {
    return {
      fault: `${field}: the lease would end at ${isoTime(end)}, and must end by ${isoTime(latest)} at the latest (leaseMax of the request); ask for less now and extend again later, or release the volume to keep it for good`,
    };
  }
  if (end <= now) return { fault: `until: ${isoTime(end)} has passed; give a time to come` };
  if (end < endsAt) {
    return {
      fault: `until: the lease already lasts until ${isoTime(endsAt)} and is never shortened; delete the volume to end it now`,
    };
  }
  return { end };
}

/** A quarter of what is left before the end, at most a day: time enough to extend, not so early that it is forgotten. */
export const noticeMs = (leftMs: number): number => Math.min(86_400_000, Math.max(0, leftMs) / 4);
