import type { CalendarInput } from '../../contracts/calendar.ts';
import { parseSchedule, type OverlapPolicy, type ScheduleDefinition } from '../../contracts/schedule.ts';
import { InvalidRequestError } from '../../contracts/faults.ts';
import { parseScheduled, type ScheduledRequest, type ScheduleType } from './kinds.ts';
import { isObject } from '../../contracts/json-object.ts';

type OneOrMore<T> = T | readonly T[];

/** A schedule as programs write it. At least one of `cron`, `at`, `calendars` and `every` says when. */
export type ScheduleInput<T extends ScheduleType = ScheduleType> = T extends ScheduleType
  ? ScheduleTimes & {
      /** Up to 59 letters, digits, ".", "_" or "-". */
      id: string;
      /** Workflow type. */
      type: T;
      /** What each run is asked for, without requestId. */
      request: ScheduledRequest<T>;
    }
  : never;

export interface ScheduleTimes {
  /** `"30 2 * * MON-FRI"`: 5 fields, 6 with a year behind, 7 with seconds before; or `@daily` and its like. */
  cron?: OneOrMore<string> | undefined;
  /** `"02:30"`, `"MON-FRI 02:30"`. */
  at?: OneOrMore<string> | undefined;
  /** `{ hour: 2, minute: 30, dayOfWeek: 'MON-FRI' }`; what is left out is 0 of second, minute and hour, else any. */
  calendars?: OneOrMore<CalendarInput> | undefined;
  /** `"6h"`, or `{ every: "6h", offset: "30m" }`; counted from 1970, UTC. */
  every?: OneOrMore<string | { every: string; offset?: string | undefined }> | undefined;
  /** Times that are left out. A calendar without seconds, minutes or hours leaves out 00:00:00. */
  skip?: OneOrMore<CalendarInput> | undefined;
  /** IANA name of the zone of cron, at and calendars. @default "UTC" */
  timeZone?: string | undefined;
  /** Each run begins up to this much later. */
  jitter?: string | undefined;
  /** Nothing runs before (ISO 8601). */
  from?: string | undefined;
  /** Nothing runs after (ISO 8601). */
  until?: string | undefined;
  /** When the run before still runs. @default "skip" */
  overlap?: OverlapPolicy | undefined;
  /** How late a run may begin after Temporal was down. @default "4h" */
  catchUp?: string | undefined;
  /** Pause when a run fails, until somebody resumes it. @default false */
  pauseOnFailure?: boolean | undefined;
  /** For people: why there is this schedule. */
  note?: string | undefined;
}

/**
 * The schedule with its request, checked, in its normal form.
 * @throws InvalidRequestError with every fault at once
 */
export function parseInput(input: unknown): ScheduleDefinition {
  const faults: string[] = [];
  const collect = <T>(check: () => T): T | undefined => {
    try {
      return check();
    } catch (err) {
      if (!(err instanceof InvalidRequestError)) throw err;
      faults.push(...err.faults);
      return undefined;
    }
  };
  const parsed = collect(() => parseSchedule(input));
  const { type, request } = (parsed ?? input ?? {}) as { type?: unknown; request?: unknown };
  const checked: object | undefined =
    typeof type === 'string' && isObject(request) ? collect(() => parseScheduled(type, request)) : undefined;
  if (parsed === undefined || checked === undefined) throw new InvalidRequestError(faults, 'schedule');
  return { ...parsed, request: { ...checked } };
}
