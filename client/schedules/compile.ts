import type {
  CalendarSpec,
  CalendarSpecDescription,
  ScheduleDescription,
  ScheduleOptions,
  ScheduleOverlapPolicy,
} from '@temporalio/client';
import type { SearchAttributePair } from '@temporalio/common';
import {
  CALENDAR_FIELDS,
  DAYS,
  fieldValues,
  MONTHS,
  normalCalendar,
  type Calendar,
  type CalendarField,
} from '../../contracts/calendar.ts';
import { parseDuration } from '../../contracts/duration.ts';
import { DEFAULT_PRIORITY, WORKFLOW } from '../../contracts/names.ts';
import { durationText, normalTimes, type OverlapPolicy, type ScheduleDefinition } from '../../contracts/schedule.ts';
import { scheduledWorkflowID, type ScheduledRunRequest } from '../../contracts/scheduled-run.ts';
import { isCloneType } from '../labels.ts';
import { KEYS } from '../search-attributes.ts';
import { detailsOf, escapeMarkdown } from '../start-options.ts';
import { isKeyed, isScheduleType, scheduleKindOf, scheduleTitle } from './kinds.ts';

type Action = ScheduleOptions['action'];

const OVERLAP = {
  skip: 'SKIP',
  bufferOne: 'BUFFER_ONE',
  bufferAll: 'BUFFER_ALL',
  cancelOther: 'CANCEL_OTHER',
  terminateOther: 'TERMINATE_OTHER',
  allowAll: 'ALLOW_ALL',
} as const satisfies Record<OverlapPolicy, ScheduleOverlapPolicy>;

export const toOverlap = (policy: OverlapPolicy): ScheduleOverlapPolicy => OVERLAP[policy];
const fromOverlap = (policy: ScheduleOverlapPolicy): OverlapPolicy =>
  (Object.keys(OVERLAP) as OverlapPolicy[]).find((p) => OVERLAP[p] === policy) ?? 'skip';

/** The schedule as Temporal takes it. */
export function toTemporal(d: ScheduleDefinition, taskQueue: string) {
  return {
    spec: {
      calendars: d.calendars.map(toCalendar),
      intervals: d.every.map(({ every, offset }) => ({
        every: parseDuration(every)!,
        ...(offset === undefined ? {} : { offset: parseDuration(offset)! }),
      })),
      skip: d.skip.map(toCalendar),
      timezone: d.timeZone,
      ...(d.jitter === undefined ? {} : { jitter: parseDuration(d.jitter)! }),
      ...(d.from === undefined ? {} : { startAt: new Date(d.from) }),
      ...(d.until === undefined ? {} : { endAt: new Date(d.until) }),
    },
    action: toAction(d, taskQueue),
    policies: {
      overlap: OVERLAP[d.overlap],
      catchupWindow: parseDuration(d.catchUp)!,
      pauseOnFailure: d.pauseOnFailure,
    },
    typedSearchAttributes: attributesOf(d),
  } satisfies Omit<ScheduleOptions, 'scheduleId'>;
}

/** By which schedules and their runs are found. */
function attributesOf({ id, type, request }: ScheduleDefinition): SearchAttributePair[] {
  const kind = isScheduleType(type) ? scheduleKindOf(type) : undefined;
  const cluster = kind?.cluster(request);
  return [
    { key: KEYS.series, value: kind?.series?.(request) ?? id },
    ...(cluster === undefined ? [] : [{ key: KEYS.cluster, value: cluster }]),
  ];
}

function toAction(d: ScheduleDefinition, taskQueue: string): Action {
  const { id, type, request } = d;
  const title = scheduleTitle(type, request);
  const run: ScheduledRunRequest = { type, request };
  const priority = request['priority'];
  const action = {
    type: 'startWorkflow' as const,
    workflowType: isKeyed(type) ? WORKFLOW.scheduledRun : type,
    workflowId: scheduledWorkflowID(id),
    taskQueue,
    args: [isKeyed(type) ? run : request],
    memo: { title, ...(d.note === undefined ? {} : { note: d.note }) },
    staticSummary: escapeMarkdown(`${title} (schedule ${id})`),
    ...(isCloneType(type) ? { staticDetails: detailsOf(type, request as never) } : {}),
    typedSearchAttributes: attributesOf(d),
    // The SDK sends it, and its type lacks it.
    priority: { priorityKey: typeof priority === 'number' ? priority : DEFAULT_PRIORITY },
  };
  return action;
}

/** Every range with its end: one without it the SDK takes to end at 1. */
function toCalendar(calendar: Calendar): CalendarSpec {
  const ranges = (field: CalendarField) => {
    const values = fieldValues(field, calendar[field]);
    if (values === undefined) return '*' as const;
    const runs: { start: number; end: number }[] = [];
    for (const v of values) {
      const last = runs.at(-1);
      if (last !== undefined && last.end === v - 1) last.end = v;
      else runs.push({ start: v, end: v });
    }
    return runs;
  };
  const named = <T extends string>(field: CalendarField, names: readonly T[], first: number) => {
    const all = ranges(field);
    return all === '*' ? all : all.map((r) => ({ start: names[r.start - first]!, end: names[r.end - first]! }));
  };
  return {
    second: ranges('second'),
    minute: ranges('minute'),
    hour: ranges('hour'),
    dayOfMonth: ranges('dayOfMonth'),
    month: named('month', MONTHS, 1),
    year: ranges('year'),
    dayOfWeek: named('dayOfWeek', DAYS, 0),
  };
}

/** What a schedule is, as the server tells it, whoever made or changed it. */
export function fromTemporal({ scheduleId, spec, action, policies }: ScheduleDescription): ScheduleDefinition {
  const [argument] = (action.args ?? []) as unknown[];
  const note: unknown = action.memo?.['note'];
  const isRun = action.workflowType === WORKFLOW.scheduledRun;
  const { type, request } = isRun
    ? (argument as ScheduledRunRequest)
    : { type: action.workflowType, request: argument ?? {} };
  return {
    id: scheduleId,
    type,
    request: request as Record<string, unknown>,
    ...normalTimes({
      calendars: (spec.calendars ?? []).map(fromCalendar),
      every: (spec.intervals ?? []).map(({ every, offset }) => ({
        every: durationText(every),
        ...(offset ? { offset: durationText(offset) } : {}),
      })),
      skip: (spec.skip ?? []).map(fromCalendar),
    }),
    timeZone: spec.timezone || 'UTC',
    ...(spec.jitter ? { jitter: durationText(spec.jitter) } : {}),
    ...(spec.startAt === undefined ? {} : { from: spec.startAt.toISOString() }),
    ...(spec.endAt === undefined ? {} : { until: spec.endAt.toISOString() }),
    overlap: fromOverlap(policies.overlap),
    catchUp: durationText(policies.catchupWindow),
    pauseOnFailure: policies.pauseOnFailure,
    ...(typeof note === 'string' ? { note } : {}),
  };
}

const fromCalendar = (calendar: CalendarSpecDescription): Calendar =>
  normalCalendar(
    Object.fromEntries(
      CALENDAR_FIELDS.map((field) => [
        field,
        calendar[field].length === 0
          ? '*'
          : calendar[field].map(({ start, end, step }) => `${start}-${end}${step > 1 ? `/${step}` : ''}`),
      ]),
    ),
  );
