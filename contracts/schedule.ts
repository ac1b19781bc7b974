import { z } from 'zod';
import {
  atCalendar,
  CALENDAR_FIELDS,
  CalendarFault,
  cronCalendar,
  normalCalendar,
  type Calendar,
  type CalendarInput,
} from './calendar.ts';
import { durationSchema } from './duration-schema.ts';
import { parseDuration } from './duration.ts';
import { describeFaults, InvalidRequestError } from './faults.ts';
import { must, text } from './fields.ts';
import { OVERLAP_POLICIES, type OverlapPolicy } from './schedule-names.ts';
import { SCHEDULE_ID, SCHEDULE_ID_MAX } from './scheduled-run.ts';

export { OVERLAP_POLICIES, type OverlapPolicy } from './schedule-names.ts';

export const DEFAULT_OVERLAP: OverlapPolicy = 'skip';
/** How late a run may begin after Temporal was down. Its own default is a year. */
export const DEFAULT_CATCH_UP = '4h';
/** The server takes no less. */
const CATCH_UP_MIN_MS = 10_000;

/** More than that are a mistake, or several schedules. */
const TIMES_MAX = 50;

const isTimeZone = (name: string): boolean => {
  try {
    // The server knows the names of the tz database alone, not "+01:00".
    return (
      new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '' && /^[A-Za-z]/.test(name)
    );
  } catch {
    return false;
  }
};

/** What a calendar fault says, at its place. */
function calendar<T>(convert: (input: T) => Calendar) {
  return (input: T, ctx: z.RefinementCtx): Calendar => {
    try {
      return convert(input);
    } catch (err) {
      if (!(err instanceof CalendarFault)) throw err;
      ctx.addIssue({ code: 'custom', message: err.message });
      return z.NEVER;
    }
  };
}

const calendarText = z.string().max(500);
const fieldSchema = z.union([z.int(), calendarText, z.array(z.union([z.int(), calendarText])).max(100)], {
  error: 'must be a number, a text such as "1-5" or "*/15", or a list of such',
});

const calendarSchema = z
  .strictObject(
    Object.fromEntries(CALENDAR_FIELDS.map((f) => [f, fieldSchema.optional()])),
    must('an object such as {"hour": 2, "minute": 30, "dayOfWeek": "MON-FRI"}'),
  )
  .transform(calendar((input) => normalCalendar(input as CalendarInput)));

const timeText = (what: string, convert: (input: string) => Calendar) =>
  z
    .string(must(what))
    .max(500, { error: `must be ${what}` })
    .transform(calendar(convert));

const YEAR_DAYS = 366;

const everySchema = z
  .union(
    [
      z
        .string()
        .max(40)
        .transform((every) => ({ every })),
      z.strictObject({ every: durationSchema(YEAR_DAYS), offset: durationSchema(YEAR_DAYS).optional() }),
    ],
    { error: 'must be a duration such as "6h", or {"every": "6h", "offset": "30m"}' },
  )
  .superRefine(({ every, offset }: { every: string; offset?: string | undefined }, ctx) => {
    const length = parseDuration(every);
    const checked = durationSchema(YEAR_DAYS).safeParse(every);
    if (!checked.success) ctx.addIssue({ code: 'custom', message: checked.error.issues[0]!.message });
    const shift = offset === undefined ? 0 : parseDuration(offset);
    if (length !== undefined && shift !== undefined && shift >= length) {
      ctx.addIssue({ code: 'custom', path: ['offset'], message: 'must be shorter than every' });
    }
  });

const moment = z.iso.datetime({
  offset: true,
  error: 'must be a moment in ISO 8601 with its zone, such as "2027-01-01T00:00:00Z"',
});

/** A list, or one item by itself; a union would hide what is wrong with the item. */
const oneOrMore = <T extends z.ZodType>(item: T) =>
  z.preprocess(
    (input) => (input === undefined || Array.isArray(input) ? input : [input]),
    z
      .array(item)
      .max(TIMES_MAX, { error: `must be at most ${TIMES_MAX}; make several schedules` })
      .optional(),
  );

/** What a schedule is, as people write it. The request is checked by its type's own schema. */
export const scheduleSchema = z
  .strictObject({
    id: z
      .string(must('the ID of the schedule'))
      .regex(SCHEDULE_ID, { error: `must be 1 to ${SCHEDULE_ID_MAX} letters, digits, ".", "_" or "-"` }),
    /** Workflow type. */
    type: z
      .string(must('a workflow type such as "cloneVolume"'))
      .max(100, must('a workflow type such as "cloneVolume"')),
    /** What each run is asked for. */
    request: z.record(z.string().max(100), z.unknown(), must('an object, as the workflow takes it')),
    cron: oneOrMore(timeText('a cron expression such as "30 2 * * MON-FRI"', cronCalendar)),
    /** `"02:30"`, `"MON-FRI 02:30"`. */
    at: oneOrMore(timeText('a time of day such as "02:30"', atCalendar)),
    calendars: oneOrMore(calendarSchema),
    /** `"6h"`, or `{ every, offset }`: counted from 1970, so that every "6h" is at 0, 6, 12 and 18 o'clock UTC. */
    every: oneOrMore(everySchema),
    /** Times that are left out. Seconds count too: a time is left out only when all fields match. */
    skip: oneOrMore(calendarSchema),
    /** IANA name of the zone of cron, at and calendars. @default "UTC" */
    timeZone: z
      .string(must('the name of a time zone'))
      .max(64, { error: 'must be the IANA name of a time zone, such as "Europe/Berlin"' })
      .refine(isTimeZone, { error: 'must be the IANA name of a time zone, such as "Europe/Berlin"' })
      .optional(),
    /** Each run begins up to this much later, by chance. */
    jitter: durationSchema(1).optional(),
    /** Nothing runs before. */
    from: moment.optional(),
    /** Nothing runs after. */
    until: moment.optional(),
    overlap: z.enum(OVERLAP_POLICIES, { error: `must be one of ${OVERLAP_POLICIES.join(', ')}` }).optional(),
    /** How late a run may begin after Temporal was down. @default "4h" */
    catchUp: durationSchema(YEAR_DAYS)
      .refine((d) => (parseDuration(d) ?? CATCH_UP_MIN_MS) >= CATCH_UP_MIN_MS, { error: 'must be at least "10s"' })
      .optional(),
    /** Pause when a run fails, until somebody resumes it. @default false */
    pauseOnFailure: z.boolean({ error: 'must be true or false' }).optional(),
    /** For people: why there is this schedule. */
    note: text(200).optional(),
  })
  .superRefine((s, ctx) => {
    const times: (readonly unknown[] | undefined)[] = [s.cron, s.at, s.calendars, s.every];
    if (times.every((t) => t === undefined || t.length === 0)) {
      ctx.addIssue({
        code: 'custom',
        message: 'says no time; give cron, at, calendars or every',
        path: ['cron'],
      });
    }
    if (s.from !== undefined && s.until !== undefined && Date.parse(s.until) <= Date.parse(s.from)) {
      ctx.addIssue({ code: 'custom', message: 'must be after from', path: ['until'] });
    }
  });

/** Milliseconds as a duration in its normal form: `"90m"`, `"4h"`. */
export function durationText(milliseconds: number): string {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
  ] as const;
  const [unit, length] = units.find(([, l]) => milliseconds % l === 0) ?? ['ms', 1];
  return `${milliseconds / length}${unit}`;
}

/** A schedule in its normal form: equal schedules have equal JSON. */
export interface ScheduleDefinition {
  id: string;
  type: string;
  request: Record<string, unknown>;
  /** Those of cron and at among them. */
  calendars: Calendar[];
  every: { every: string; offset?: string }[];
  skip: Calendar[];
  timeZone: string;
  jitter?: string;
  /** ISO 8601, UTC. */
  from?: string;
  until?: string;
  overlap: OverlapPolicy;
  catchUp: string;
  pauseOnFailure: boolean;
  /** Why there is this schedule. */
  note?: string;
}

const normalDuration = (duration: string): string => durationText(Math.round(parseDuration(duration)! / 1_000) * 1_000);
const normalMoment = (time: string): string => new Date(time).toISOString();
const byText = <T>(items: readonly T[]): T[] => {
  const unique = new Map(items.map((item) => [JSON.stringify(item), item]));
  return [...unique].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
};

export const normalTimes = (d: Pick<ScheduleDefinition, 'calendars' | 'every' | 'skip'>) => ({
  calendars: byText(d.calendars),
  every: byText(d.every),
  skip: byText(d.skip),
});

/**
 * A schedule, checked but for its request, in its normal form.
 * @throws InvalidRequestError with every fault at once
 */
export function parseSchedule(input: unknown): ScheduleDefinition {
  const parsed = scheduleSchema.safeParse(input);
  if (!parsed.success) throw new InvalidRequestError(describeFaults(parsed.error, 'schedule'), 'schedule');
  const { data } = parsed;
  return {
    id: data.id,
    type: data.type,
    request: data.request,
    ...normalTimes({
      calendars: [...(data.cron ?? []), ...(data.at ?? []), ...(data.calendars ?? [])],
      every: (data.every ?? []).map(({ every, offset }: { every: string; offset?: string | undefined }) => ({
        every: normalDuration(every),
        ...(offset === undefined ? {} : { offset: normalDuration(offset) }),
      })),
      skip: data.skip ?? [],
    }),
    timeZone: data.timeZone ?? 'UTC',
    ...(data.jitter === undefined ? {} : { jitter: normalDuration(data.jitter) }),
    ...(data.from === undefined ? {} : { from: normalMoment(data.from) }),
    ...(data.until === undefined ? {} : { until: normalMoment(data.until) }),
    overlap: data.overlap ?? DEFAULT_OVERLAP,
    catchUp: normalDuration(data.catchUp ?? DEFAULT_CATCH_UP),
    pauseOnFailure: data.pauseOnFailure ?? false,
    ...(data.note === undefined ? {} : { note: data.note }),
  };
}
