import { isObject } from '../../contracts/json-object.ts';
import type { ScheduleDefinition } from '../../contracts/schedule.ts';
import { stableJSON } from '../../contracts/stable-json.ts';
import { timesInWords } from './words.ts';

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
  return Object.keys({ ...before, ...after }).flatMap((key) =>
    compareOne(path === '' ? key : `${path}.${key}`, before[key], after[key]),
  );
}

function compareOne(field: string, before: unknown, after: unknown): Difference[] {
  if (stableJSON(before) === stableJSON(after)) return [];
  if (isObject(before) && isObject(after)) return compare(field, before, after);
  const [was, is] = [byID(before), byID(after)];
  const members = was === undefined || is === undefined ? [] : [...new Set([...was.keys(), ...is.keys()])];
  const within = members.flatMap((id) => compareOne(`${field}[${id}]`, was?.get(id), is?.get(id)));
  return within.length > 0 ? within : [{ field, before, after }];
}

/** The members of a list that have IDs, such as the steps of a runbook. */
function byID(list: unknown): Map<string, unknown> | undefined {
  if (!Array.isArray(list)) return undefined;
  const ids = list.map((member: unknown) => (isObject(member) ? member['id'] : undefined));
  if (!ids.every((id) => typeof id === 'string') || new Set(ids).size < ids.length) return undefined;
  return new Map(ids.map((id, i) => [id, list[i] as unknown]));
}

const show = (value: unknown): string =>
  value === undefined ? 'nothing' : typeof value === 'string' ? value : stableJSON(value);

/** `overlap: skip → bufferOne`. */
export const differenceText = ({ field, before, after }: Difference): string =>
  `${field}: ${show(before)} → ${show(after)}`;
