import type { ScheduleDefinition } from '../../contracts/schedule.ts';
import { stableJSON } from '../../contracts/stable-json.ts';
import { timesInWords } from './words.ts';
import { isObject } from '../../contracts/json-object.ts';

/** One thing that would change. `undefined` where there is nothing. */
export interface Difference {
  /** `times`, `overlap`, `request.modify.qos.maxIOPS`, … */
  field: string;
  before: unknown;
  after: unknown;
}

/** What differs between two schedules, times in words. */
export function differences(before: ScheduleDefinition, after: ScheduleDefinition): Difference[] {
  const times = (d: ScheduleDefinition) => stableJSON([d.calendars, d.every, d.skip]);
  const { calendars: _c, every: _e, skip: _s, ...restBefore } = before;
  const { calendars: _d, every: _f, skip: _t, ...restAfter } = after;
  return [
    ...(times(before) === times(after)
      ? []
      : [{ field: 'times', before: timesInWords(before), after: timesInWords(after) }]),
    ...compare('', restBefore, restAfter),
  ];
}

function compare(path: string, before: Record<string, unknown>, after: Record<string, unknown>): Difference[] {
  return Object.keys({ ...before, ...after }).flatMap((key) => {
    const field = path === '' ? key : `${path}.${key}`;
    const [b, a] = [before[key], after[key]];
    if (stableJSON(b) === stableJSON(a)) return [];
    return isObject(b) && isObject(a) ? compare(field, b, a) : [{ field, before: b, after: a }];
  });
}

const show = (value: unknown): string =>
  value === undefined ? 'nothing' : typeof value === 'string' ? value : stableJSON(value);

/** `overlap: skip → bufferOne`. */
export const differenceText = ({ field, before, after }: Difference): string =>
  `${field}: ${show(before)} → ${show(after)}`;
