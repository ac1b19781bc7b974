import { describe, expect, test } from 'vitest';
import { atCalendar, cronCalendar, fieldValues, normalCalendar } from '../../contracts/calendar.ts';
import { InvalidRequestError } from '../../contracts/faults.ts';
import { parseSchedule } from '../../contracts/schedule.ts';
import { nominalTimeOf, scheduledRequestID } from '../../contracts/scheduled-run.ts';

const schedule = (fields: Record<string, unknown> = {}) =>
  parseSchedule({ id: 'nightly', type: 'cloneVolume', request: {}, at: '02:30', ...fields });

const faults = (fields: Record<string, unknown>): readonly string[] => {
  try {
    schedule(fields);
  } catch (err) {
    if (err instanceof InvalidRequestError) return err.faults;
    throw err;
  }
  return [];
};

describe('the normal form of times', () => {
  test.each([
    ['30 2 * * *', { minute: '30', hour: '2' }],
    ['30 2 * * MON-FRI', { minute: '30', hour: '2', dayOfWeek: 'MON-FRI' }],
    ['30 2 * * 1,2,3,4,5', { minute: '30', hour: '2', dayOfWeek: 'MON-FRI' }],
    ['0 12 * * SUN', { hour: '12', dayOfWeek: 'SUN' }],
    ['0 12 * * 7', { hour: '12', dayOfWeek: 'SUN' }],
    ['0 12 * * fri-mon', { hour: '12', dayOfWeek: 'SUN,MON,FRI,SAT' }],
    ['*/15 * * * *', { minute: '*/15', hour: '*' }],
    ['0,15,30,45 * * * *', { minute: '*/15', hour: '*' }],
    ['5-59/20 * * * *', { minute: '5,25,45', hour: '*' }],
    ['5/20 * * * *', { minute: '5,25,45', hour: '*' }],
    ['0 0 1 JAN,jul *', { dayOfMonth: '1', month: 'JAN,JUL' }],
    ['10 30 2 * * * 2027', { second: '10', minute: '30', hour: '2', year: '2027' }],
    ['30 2 * * * 2027', { minute: '30', hour: '2', year: '2027' }],
    ['@daily', {}],
    ['@hourly # each hour', { hour: '*' }],
  ])('cron %s', (expression, calendar) => {
    expect(cronCalendar(expression)).toEqual(calendar);
  });

  test.each([
    ['02:30', { hour: '2', minute: '30' }],
    ['2:30', { hour: '2', minute: '30' }],
    ['22:00:15', { hour: '22', second: '15' }],
    ['MON-FRI 02:30', { hour: '2', minute: '30', dayOfWeek: 'MON-FRI' }],
    ['Sat,Sun 00:00', { dayOfWeek: 'SUN,SAT' }],
  ])('at %s', (text, calendar) => {
    expect(atCalendar(text)).toEqual(calendar);
  });

  test('however a calendar is written, equal times have equal texts', () => {
    const all = [
      normalCalendar({ hour: [2, 3, 4], dayOfWeek: 'MONDAY' }),
      normalCalendar({ hour: '2-4', dayOfWeek: 1, minute: '0', month: '*', dayOfMonth: '1-31' }),
      normalCalendar({ hour: ['2', '3-4'], dayOfWeek: ['mon'] }),
    ];
    expect(new Set(all.map((c) => JSON.stringify(c)))).toEqual(new Set(['{"hour":"2-4","dayOfWeek":"MON"}']));
    expect(fieldValues('hour', '2-4')).toEqual([2, 3, 4]);
    expect(fieldValues('hour', '*')).toBeUndefined();
  });

  test('defaults are said, and a different way to write the same schedule is the same schedule', () => {
    expect(schedule()).toEqual({
      id: 'nightly',
      type: 'cloneVolume',
      request: {},
      calendars: [{ minute: '30', hour: '2' }],
      every: [],
      skip: [],
      timeZone: 'UTC',
      overlap: 'skip',
      catchUp: '4h',
      pauseOnFailure: false,
    });
    const other = { at: undefined, cron: ['30 2 * * *'], catchUp: '240m', timeZone: 'UTC', overlap: 'skip' };
    expect(schedule(other)).toEqual(schedule());
    expect(schedule({ at: undefined, every: '90m' }).every).toEqual([{ every: '90m' }]);
    expect(schedule({ at: undefined, every: [{ every: '24h', offset: '60m' }] }).every).toEqual([
      { every: '1d', offset: '1h' },
    ]);
    expect(schedule({ until: '2027-01-01T01:00:00+01:00' }).until).toBe('2027-01-01T00:00:00.000Z');
  });
});

describe('what cannot be a schedule is refused by field, with the remedy', () => {
  test.each([
    [{ cron: '61 2 * * *' }, 'cron.0: minute "61" must be 0 to 59'],
    [{ cron: 'hourly' }, 'cron.0: must have 5 fields'],
    [{ cron: '0 2 13 * FRI' }, 'cron.0: names a day of the month and a day of the week'],
    [{ cron: 'TZ=UTC 0 2 * * *' }, 'cron.0: must not name a time zone; give it as timeZone'],
    [{ cron: '@every 5m' }, 'cron.0: is an interval; give it as every'],
    [{ cron: '0 5-2 * * *' }, 'cron.0: hour "5-2" must be'],
    [{ cron: '*/0 * * * *' }, 'cron.0: minute "*/0" must be'],
    [{ at: ['02:30', '25:00'] }, 'at.1: hour "25" must be 0 to 23'],
    [{ at: 'noon' }, 'at.0: must be a time of day'],
    [{ calendars: [{ hour: 2, minutes: 3 }] }, 'calendars.0.minutes: unknown field'],
    [{ calendars: [{ dayOfWeek: 'MO' }] }, 'calendars.0: dayOfWeek "MO" must be 0 to 6, or SUN to SAT'],
    [{ every: '30' }, 'every.0: must be a duration with a unit'],
    [{ every: { every: '1h', offset: '2h' } }, 'every.0.offset: must be shorter than every'],
    [{ at: undefined }, 'cron: says no time; give cron, at, calendars or every'],
    [{ timeZone: 'Mars/Olympus' }, 'timeZone: must be the IANA name of a time zone'],
    [{ timeZone: '+01:00' }, 'timeZone: must be the IANA name of a time zone'],
    [{ jitter: '2d' }, 'jitter: must be at most "1d"'],
    [{ catchUp: '5s' }, 'catchUp: must be at least "10s"'],
    [{ overlap: 'maybe' }, 'overlap: must be one of skip, bufferOne'],
    [{ until: '2027-01-01' }, 'until: must be a moment in ISO 8601'],
    [{ from: '2027-01-02T00:00:00Z', until: '2027-01-01T00:00:00Z' }, 'until: must be after from'],
    [{ id: 'a b' }, 'id: must be 1 to 59 letters'],
    [{ id: 'x'.repeat(60) }, 'id: must be 1 to 59 letters'],
    [{ pause: true }, 'pause: unknown field; remove it or correct its spelling'],
    [{ pauseOnFailure: 'yes' }, 'pauseOnFailure: must be true or false'],
  ])('%j', (fields, fault) => {
    expect(faults(fields)).toEqual([expect.stringContaining(fault)]);
  });

  test('all faults at once', () => {
    expect(faults({ cron: '61 * * * *', overlap: 'x', jitter: 'y' })).toHaveLength(3);
  });
});

test('the key of a run is made of the schedule and the time, and the time is read from its workflow ID', () => {
  const time = Date.parse('2026-11-25T02:30:00.700Z');
  expect(scheduledRequestID('nightly', time)).toBe('nightly@2026-11-25T02:30:00Z');
  expect(scheduledRequestID('x'.repeat(59), time)).toHaveLength(80);
  expect(nominalTimeOf('schedule-nightly-2026-11-25T02:30:00Z')).toBe(Date.parse('2026-11-25T02:30:00Z'));
  expect(nominalTimeOf('schedule-nightly')).toBeUndefined();
});
