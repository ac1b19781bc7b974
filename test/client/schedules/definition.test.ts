import type { ScheduleDescription } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import { InvalidRequestError } from '../../../contracts/faults.ts';
import { fromTemporal, toTemporal } from '../../../client/schedules/compile.ts';
import { differences, differenceText } from '../../../client/schedules/difference.ts';
import { parseInput } from '../../../client/schedules/input.ts';
import { SCHEDULE_TYPES } from '../../../client/schedules/kinds.ts';
import { pauseNote, pauseOf, resumeNote } from '../../../client/schedules/notes.ts';
import { scheduleInWords } from '../../../client/schedules/words.ts';

const request = { cluster: 'lab', volumeID: 42, name: 'db-uat' };
const definition = (fields: Record<string, unknown> = {}) =>
  parseInput({ id: 'nightly', type: 'cloneVolume', request, at: '02:30', ...fields });
const faults = (fields: Record<string, unknown>): readonly string[] => {
  try {
    definition(fields);
  } catch (err) {
    if (err instanceof InvalidRequestError) return err.faults;
    throw err;
  }
  return [];
};

describe('the request is checked by its own type', () => {
  test('every fault at once, those of the schedule and those of the request', () => {
    expect(faults({ request: { cluster: 'a b', volumeID: 42, nam: 'x' }, overlap: 'x' })).toEqual([
      expect.stringMatching(/^overlap: /),
      expect.stringMatching(/^request\.cluster: must be the alias/),
      expect.stringMatching(/^request\.name: is missing/),
      'request.nam: unknown field; remove it or correct its spelling',
    ]);
  });

  test('what would be the same for every run is refused, with the reason', () => {
    expect(faults({ request: { ...request, requestId: 'once' } })).toEqual([
      expect.stringMatching(/^request\.requestId: would make every run the first one over again; leave it out/),
    ]);
  });

  test('a refresh, whose series is its own and whose cluster is that of its clone', () => {
    const refresh = { series: 'uat', keep: 3, clone: { cluster: 'lab', volumeID: 42 } };
    const { typedSearchAttributes } = toTemporal(definition({ type: 'refreshClone', request: refresh }), 'q');
    expect(typedSearchAttributes.map(({ key, value }) => [key.name, value])).toEqual([
      ['ElementSeries', 'uat'],
      ['ElementCluster', 'lab'],
    ]);
    expect(faults({ type: 'refreshClone', request: { ...refresh, nominalTime: '2026-01-01T00:00:00Z' } })).toEqual([
      expect.stringMatching(/^request\.nominalTime: is each run's own/),
    ]);
    expect(faults({ request: { ...request, series: { name: 'uat', generation: 3 } } })).toEqual([
      'request.series: names one generation; schedule refreshClone instead',
    ]);
  });

  test('a type that cannot be scheduled', () => {
    expect(faults({ type: 'cloneSlots' })).toEqual([
      `type: "cloneSlots" cannot be scheduled; it must be one of ${SCHEDULE_TYPES.join(', ')}`,
    ]);
    expect(SCHEDULE_TYPES).toEqual(
      expect.arrayContaining(['cloneVolume', 'cloneGroup', 'cloneFanOut', 'copyVolume', 'refreshClone', 'findOrphans']),
    );
  });

  test('the report on orphans', () => {
    expect(definition({ type: 'findOrphans', request: { olderThan: '24h' } }).request).toEqual({ olderThan: '24h' });
    expect(faults({ type: 'findOrphans', request: { older: '24h' } })).toEqual([
      'request.older: unknown field; remove it or correct its spelling',
    ]);
  });
});

test('to Temporal and back is the same schedule, of every field', () => {
  const whole = definition({
    cron: ['0 12 * * SUN', '*/20 8-18 * * MON-FRI'],
    calendars: [{ second: [0, 30], month: 'JAN,DEC', year: '2027-2029', dayOfMonth: 1 }],
    every: ['6h', { every: '1d', offset: '1h' }],
    skip: [{ month: 12, dayOfMonth: 24, hour: 2, minute: 30 }],
    timeZone: 'Europe/Berlin',
    jitter: '5m',
    from: '2026-01-01T00:00:00Z',
    until: '2027-01-01T00:00:00Z',
    overlap: 'bufferOne',
    catchUp: '2h',
    pauseOnFailure: true,
  });
  const { spec, action, policies } = toTemporal(whole, 'q');
  const ranges = (value: unknown, all: object[]) => (value === '*' ? all : value);
  // As the server gives it back: "any" as ranges, none at all for years, steps said.
  const served = spec.calendars.map((c) => ({
    ...c,
    second: ranges(c.second, [{ start: 0, end: 59, step: 1 }]),
    minute: ranges(c.minute, [{ start: 0, end: 59, step: 1 }]),
    hour: ranges(c.hour, [{ start: 0, end: 23, step: 1 }]),
    dayOfMonth: ranges(c.dayOfMonth, [{ start: 1, end: 31, step: 1 }]),
    month: ranges(c.month, [{ start: 'JANUARY', end: 'DECEMBER', step: 1 }]),
    year: ranges(c.year, []),
    dayOfWeek: ranges(c.dayOfWeek, [{ start: 'SUNDAY', end: 'SATURDAY', step: 1 }]),
  }));
  const skip = spec.skip.map((c) => ({ ...c, year: [], dayOfWeek: [{ start: 'SUNDAY', end: 'SATURDAY', step: 1 }] }));
  const description = {
    scheduleId: 'nightly',
    spec: { ...spec, calendars: served, skip },
    action,
    policies,
  } as unknown as ScheduleDescription;
  expect(fromTemporal(description)).toEqual(whole);
  expect(parseInput(whole)).toEqual(whole);
  expect(action).toMatchObject({ workflowType: 'scheduledRun', args: [{ type: 'cloneVolume', request }] });
});

describe('what differs', () => {
  test('nothing, when it is the same', () => {
    expect(differences(definition(), definition({ at: undefined, cron: '30 2 * * *' }))).toEqual([]);
  });

  test('times in words, fields by path', () => {
    const changed = definition({
      at: ['02:30', 'SAT 12:00'],
      overlap: 'bufferOne',
      jitter: '5m',
      request: { ...request, modify: { qos: { maxIOPS: 500 } } },
    });
    const before = definition({ request: { ...request, modify: { qos: { maxIOPS: 400 } } } });
    expect(differences(before, changed).map(differenceText)).toEqual([
      'times: every day at 02:30 → SAT at 12:00; every day at 02:30',
      'request.modify.qos.maxIOPS: 400 → 500',
      'overlap: skip → bufferOne',
      'jitter: nothing → 5m',
    ]);
  });

  test('steps of a runbook by their IDs; another order of the same ones as a whole', () => {
    const wait = (id: string, how = '1s') => ({ id, wait: { for: how } });
    const of = (...steps: object[]) =>
      definition({
        type: 'runbook',
        request: { runbook: { name: 'uat', steps } },
      });
    const said = (before: object[], after: object[]) => differences(of(...before), of(...after)).map(differenceText);
    expect(said([wait('a'), wait('b')], [wait('b', '2s'), wait('a'), wait('c')])).toEqual([
      'request.runbook.steps[b].wait.for: 1s → 2s',
      'request.runbook.steps[c]: nothing → {"id":"c","wait":{"for":"1s"}}',
    ]);
    expect(said([wait('a'), wait('b')], [wait('b'), wait('a')])).toEqual([
      expect.stringMatching(/^request\.runbook\.steps: \[.*"a".*"b".*\] → \[.*"b".*"a".*\]$/),
    ]);
  });
});

test.each([
  [{ at: '02:30' }, 'every day at 02:30, UTC'],
  [{ at: 'MON-FRI 02:30', timeZone: 'Europe/Berlin' }, 'MON to FRI at 02:30, Europe/Berlin'],
  [{ cron: '0 2,14 1 JAN *' }, 'on day 1 of the month at 02:00 and 14:00 in JAN, UTC'],
  [{ cron: '*/15 * * * *' }, 'every 15 minutes, UTC'],
  [{ cron: '30 * * * SAT,SUN' }, 'every hour at minute 30, SUN, SAT, UTC'],
  [{ cron: '*/10 8-18 * * *' }, 'every day when hour is 8-18, minute */10, UTC'],
  [{ every: { every: '6h', offset: '30m' }, jitter: '5m' }, 'every 6h, shifted by 30m, UTC, up to 5m later by chance'],
  [
    { at: '02:30', skip: { month: 12, dayOfMonth: 24, hour: 2, minute: 30 } },
    'every day at 02:30, but not on day 24 of the month at 02:30 in DEC, UTC',
  ],
])('%j in words', (fields, words) => {
  expect(scheduleInWords(definition({ at: undefined, ...fields }))).toBe(words);
});

describe('when it was paused is in the note', () => {
  const at = Date.parse('2026-11-25T03:00:00Z');
  const run = { scheduledAt: '2026-11-25T02:00:00.000Z', state: 'failed' as const };

  test('of a pause, while it lasts and after it', () => {
    const paused = { paused: true, note: pauseNote('maintenance', at) };
    expect(paused.note).toBe('Paused 2026-11-25T03:00:00Z: maintenance');
    expect([at - 1_000, at + 1_000].map(pauseOf(paused, []).covers)).toEqual([false, true]);
    const resumed = { paused: false, note: resumeNote(paused, undefined, at + 60_000) };
    expect([at - 1_000, at + 1_000, at + 61_000].map(pauseOf(resumed, []).covers)).toEqual([false, true, false]);
  });

  test('of one after a failure, from the run that failed', () => {
    const closedAt = '2026-11-25T02:10:00.000Z';
    const failed = { ...run, workflowId: 'schedule-a-2026-11-25T02:00:00Z', closedAt };
    const note = 'paused due to workflow failure: schedule-a-2026-11-25T02:00:00Z: it went wrong';
    const pause = pauseOf({ paused: true, note }, [failed]);
    expect([Date.parse(closedAt) - 1_000, Date.parse(closedAt) + 1_000].map(pause.covers)).toEqual([false, true]);
    expect(pause.reason).toContain('a run had failed');
  });
});
