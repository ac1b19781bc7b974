/** Times of the wall clock, as calendars and cron expressions say them. */

export const CALENDAR_FIELDS = ['second', 'minute', 'hour', 'dayOfMonth', 'month', 'year', 'dayOfWeek'] as const;
export type CalendarField = (typeof CALENDAR_FIELDS)[number];

/** What a field may say: `2`, `"MON-FRI"`, `"0,30"`, `"*\/15"`, or a list of such. */
export type FieldValue = number | string | readonly (number | string)[];
export type CalendarInput = { readonly [F in CalendarField]?: FieldValue | undefined };

/** A calendar in its normal form: each field as text, those left out that stand at their default. */
export type Calendar = { [F in CalendarField]?: string };

/** A problem with a field; the message begins after its name. */
export class CalendarFault extends Error {
  override readonly name = 'CalendarFault' as const;
  readonly field: CalendarField | undefined;

  constructor(message: string, field?: CalendarField) {
    super(message);
    this.field = field;
  }
}

interface FieldRange {
  min: number;
  max: number;
  /** Where it is left out. */
  default: string;
  /** By number, from `min` on. */
  names?: readonly string[];
}

/** As Temporal's SDK names them. */
export const MONTHS = [
  ...(['JANUARY', 'FEBRUARY', 'MARCH', 'APRIL', 'MAY', 'JUNE'] as const),
  ...(['JULY', 'AUGUST', 'SEPTEMBER', 'OCTOBER', 'NOVEMBER', 'DECEMBER'] as const),
] as const;
export const DAYS = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'] as const;

const short = (names: readonly string[]) => names.map((name) => name.slice(0, 3));

/** The years that Temporal's server knows. */
const [YEAR_MIN, YEAR_MAX] = [2000, 2100];

const RANGES: Record<CalendarField, FieldRange> = {
  second: { min: 0, max: 59, default: '0' },
  minute: { min: 0, max: 59, default: '0' },
  hour: { min: 0, max: 23, default: '0' },
  dayOfMonth: { min: 1, max: 31, default: '*' },
  month: { min: 1, max: 12, default: '*', names: short(MONTHS) },
  year: { min: YEAR_MIN, max: YEAR_MAX, default: '*' },
  dayOfWeek: { min: 0, max: 6, default: '*', names: short(DAYS) },
};

/** The values that a field allows, in order; `undefined` for all of them. */
export function fieldValues(field: CalendarField, text: string | undefined): number[] | undefined {
  const values = expand(field, text ?? RANGES[field].default);
  return values.length === RANGES[field].max - RANGES[field].min + 1 ? undefined : values;
}

/**
 * The normal form of a calendar: however its fields were written, equal texts mean equal times.
 * @throws CalendarFault
 */
export function normalCalendar(input: CalendarInput): Calendar {
  const calendar: Calendar = {};
  for (const field of CALENDAR_FIELDS) {
    const value = input[field];
    if (value === undefined) continue;
    const text = compress(field, expand(field, [value].flat().map(String).join(',')));
    if (text !== RANGES[field].default) calendar[field] = text;
  }
  return calendar;
}

const SHORTHANDS: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/** The order of the fields in a cron expression of so many. */
const CRON_FIELDS: Record<number, readonly CalendarField[]> = {
  5: ['minute', 'hour', 'dayOfMonth', 'month', 'dayOfWeek'],
  6: ['minute', 'hour', 'dayOfMonth', 'month', 'dayOfWeek', 'year'],
  7: ['second', 'minute', 'hour', 'dayOfMonth', 'month', 'dayOfWeek', 'year'],
};

/**
 * A cron expression as a calendar: 5 fields as everywhere, a year behind them, or seconds before them as well.
 * @throws CalendarFault
 */
export function cronCalendar(expression: string): Calendar {
  const text = expression.replace(/#.*$/, '').trim();
  if (/^(CRON_)?TZ=/i.test(text)) throw new CalendarFault('must not name a time zone; give it as timeZone');
  if (/^@every\b/i.test(text)) throw new CalendarFault('is an interval; give it as every, such as "30m"');
  const parts = (SHORTHANDS[text.toLowerCase()] ?? text).split(/\s+/);
  const fields = CRON_FIELDS[parts.length];
  if (fields === undefined) {
    throw new CalendarFault(
      'must have 5 fields (minute, hour, day of month, month, day of week), such as "30 2 * * MON-FRI", or be @hourly, @daily, @weekly, @monthly',
    );
  }
  const calendar = normalCalendar(Object.fromEntries(fields.map((field, i) => [field, parts[i]])));
  // Elsewhere either of the two is enough; Temporal wants both. Nobody should find that out on the 13th.
  if (calendar.dayOfMonth !== undefined && calendar.dayOfWeek !== undefined) {
    throw new CalendarFault(
      'names a day of the month and a day of the week, which means "either" to cron and "both" to Temporal; give two expressions for either, or calendars for both',
    );
  }
  return calendar;
}

/**
 * `02:30`, `22:00:30`, `MON-FRI 02:30`, `SAT,SUN 6:00`.
 * @throws CalendarFault
 */
export function atCalendar(text: string): Calendar {
  const match = /^(?:([A-Za-z,-]+)\s+)?(\d{1,2}):(\d\d)(?::(\d\d))?$/.exec(text.trim());
  if (match === null) throw new CalendarFault('must be a time of day such as "02:30", or with days, "MON-FRI 02:30"');
  const [, dayOfWeek, hour, minute, second] = match;
  return normalCalendar({ dayOfWeek, hour, minute, second });
}

function expand(field: CalendarField, text: string): number[] {
  const { min, max } = RANGES[field];
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^(\*|[^/-]+)(?:-([^/-]+))?(?:\/(\d+))?$/.exec(part.trim());
    if (match === null || (match[1] === '*' && match[2] !== undefined)) throw fault(field, part);
    const [, from, to, by] = match;
    const step = by === undefined ? 1 : Number(by);
    if (step < 1) throw fault(field, part);
    const start = from === '*' ? min : valueOf(field, from!, part);
    const end = from === '*' ? max : to !== undefined ? valueOf(field, to, part) : by === undefined ? start : max;
    // SAT-SUN, FRI-MON: a week goes round.
    if (end < start && field !== 'dayOfWeek') throw fault(field, part);
    const last = end < start ? end + 7 : end;
    for (let v = start; v <= last; v += step) values.add(field === 'dayOfWeek' ? v % 7 : v);
  }
  return [...values].toSorted((a, b) => a - b);
}

function valueOf(field: CalendarField, text: string, part: string): number {
  const { min, max, names } = RANGES[field];
  const name = text.trim().toUpperCase();
  // MON, MONDAY, but not MO or MONEY.
  const at = (names ?? []).findIndex((n) => n === name || FULL_NAMES[n] === name);
  if (at >= 0) return min + at;
  // Both ends of the week are Sunday, as in cron.
  const top = field === 'dayOfWeek' ? 7 : max;
  const value = /^\d{1,4}$/.test(name) ? Number(name) : NaN;
  if (!(value >= min && value <= top)) throw fault(field, part);
  return value;
}

const FULL_NAMES: Record<string, string> = Object.fromEntries([...MONTHS, ...DAYS].map((n) => [n.slice(0, 3), n]));

function fault(field: CalendarField, part: string): CalendarFault {
  const { min, max, names } = RANGES[field];
  const named = names === undefined ? '' : `, or ${names[0]} to ${names.at(-1)}`;
  return new CalendarFault(
    `${field} "${part.trim()}" must be ${min} to ${max}${named}, a range such as "${min}-${max}", a list, or "*"; "/" adds steps`,
    field,
  );
}

/** `*`, `0`, `*\/15`, `MON-FRI`, `1,15`. */
function compress(field: CalendarField, values: readonly number[]): string {
  const { min, max, names } = RANGES[field];
  const name = (v: number) => names?.[v - min] ?? String(v);
  if (values.length === max - min + 1) return '*';
  const [first = min, second = min] = values;
  const step = second - first;
  const isStepped = step > 1 && first === min && values.every((v, i) => v === min + i * step);
  if (isStepped && values.length > 2 && values.at(-1)! + step > max) return `*/${step}`;
  const runs: [number, number][] = [];
  for (const v of values) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === v - 1) last[1] = v;
    else runs.push([v, v]);
  }
  return runs
    .flatMap(([a, b]) => (a === b ? [name(a)] : b === a + 1 ? [name(a), name(b)] : [`${name(a)}-${name(b)}`]))
    .join(',');
}
