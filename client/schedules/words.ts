import { fieldValues, type Calendar } from '../../contracts/calendar.ts';
import type { OverlapPolicy, ScheduleDefinition } from '../../contracts/schedule.ts';

const two = (n: number) => String(n).padStart(2, '0');
const list = (items: readonly string[]): string =>
  items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;

/** More times of day than these are told by their fields. */
const TIMES = 6;

/** The times of a schedule, without the zone: `every day at 02:30; every 6h`. */
export function timesInWords(d: Pick<ScheduleDefinition, 'calendars' | 'every' | 'skip'>): string {
  const times = [
    ...d.calendars.map(calendarInWords),
    ...d.every.map(({ every, offset }) => `every ${every}${offset === undefined ? '' : `, shifted by ${offset}`}`),
  ];
  const skip = d.skip.length === 0 ? '' : `, but not ${d.skip.map(calendarInWords).join(', nor ')}`;
  return `${times.join('; ') || 'never'}${skip}`;
}

/** `MON-FRI at 02:30`, `every 15 minutes`, `on day 1 of the month at 00:00, in JAN`. */
export function calendarInWords(c: Calendar): string {
  const days = daysInWords(c);
  const when = timeInWords(c);
  const often = when.startsWith('every');
  return [
    days === '' ? (often ? '' : 'every day') : often ? `${when},` : days,
    often ? (days === '' ? when : days) : when,
    ...(c.month === undefined ? [] : [`in ${c.month.replaceAll('-', ' to ').replaceAll(',', ', ')}`]),
    ...(c.year === undefined ? [] : [`in ${c.year}`]),
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function daysInWords({ dayOfWeek, dayOfMonth }: Calendar): string {
  const week = dayOfWeek === undefined ? '' : dayOfWeek.replaceAll(',', ', ').replaceAll('-', ' to ');
  const month = dayOfMonth === undefined ? '' : `on day ${dayOfMonth.replaceAll(',', ', ')} of the month`;
  return week !== '' && month !== '' ? `${month}, if it is ${week}` : `${month}${week}`;
}

function timeInWords(c: Calendar): string {
  const { second = '0', minute = '0', hour = '0' } = c;
  const stepOf = (text: string) => /^\*\/(\d+)$/.exec(text)?.[1];
  if (hour === '*' && minute === '*') {
    if (second === '*') return 'every second';
    const step = stepOf(second);
    if (step !== undefined) return `every ${step} seconds`;
    return second === '0' ? 'every minute' : `every minute at second ${second}`;
  }
  if (hour === '*' && second === '0') {
    const step = stepOf(minute);
    return step === undefined ? `every hour at minute ${minute.replaceAll(',', ', ')}` : `every ${step} minutes`;
  }
  const [hours, minutes, seconds] = (['hour', 'minute', 'second'] as const).map((f) => fieldValues(f, c[f]));
  const count = (hours?.length ?? 24) * (minutes?.length ?? 60) * (seconds?.length ?? 60);
  if (hours === undefined || minutes === undefined || seconds === undefined || count > TIMES) {
    return `when hour is ${hour}, minute ${minute}${second === '0' ? '' : `, second ${second}`}`;
  }
  const times = hours.flatMap((h) =>
    minutes.flatMap((m) => seconds.map((s) => `${two(h)}:${two(m)}${s === 0 ? '' : `:${two(s)}`}`)),
  );
  return `at ${list(times)}`;
}

export const OVERLAP_IN_WORDS: Record<OverlapPolicy, string> = {
  skip: 'skipped',
  bufferOne: 'one waits until the other has ended, more are skipped',
  bufferAll: 'all wait until the others have ended',
  cancelOther: 'the other is cancelled and undone first',
  terminateOther: 'the other is stopped and undone meanwhile',
  allowAll: 'both run',
};

/** Everything that is not a time of the clock, too: for a page about a schedule. */
export function scheduleInWords(d: ScheduleDefinition): string {
  return [
    `${timesInWords(d)}, ${d.timeZone}`,
    ...(d.jitter === undefined ? [] : [`up to ${d.jitter} later by chance`]),
    ...(d.from === undefined ? [] : [`from ${d.from}`]),
    ...(d.until === undefined ? [] : [`until ${d.until}`]),
  ].join(', ');
}
