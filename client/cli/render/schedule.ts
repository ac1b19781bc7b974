import { stringify } from 'yaml';
import { differenceText } from '../../schedules/difference.ts';
import type { RunState, ScheduleRun } from '../../schedules/runs.ts';
import type { ScheduleCreated, ScheduleSummary, ScheduleUpdated, ScheduleView } from '../../schedules/schedules.ts';
import { OVERLAP_IN_WORDS, scheduleInWords } from '../../schedules/words.ts';
import type { Colours } from '../io.ts';
import { facts, table } from './table.ts';
import { age, fit, plain } from './text.ts';

interface PageOptions {
  colours: Colours;
  now: number;
}

/** `Wed 2026-11-25 02:30:00 GMT+1`. */
export function inZone(iso: string, timeZone: string): string {
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat('en-GB', {
      timeZone,
      weekday: 'short',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
      timeZoneName: 'shortOffset',
    })
      .formatToParts(new Date(iso))
      .map(({ type, value }) => [type, value]),
  );
  const { weekday, year, month, day, hour, minute, second, timeZoneName } = parts;
  return `${weekday} ${year}-${month}-${day} ${hour}:${minute}:${second}${timeZone === 'UTC' ? '' : ` ${timeZoneName}`}`;
}

const firstLine = (text = '') => text.split('\n')[0]!;

const zulu = (iso: string) => `${iso.slice(0, 19)}Z`;

/** The same moment in the schedule's zone, where it has one of its own, and in UTC. */
const timeCells = (iso: string, timeZone: string) =>
  timeZone === 'UTC' ? [inZone(iso, 'UTC')] : [inZone(iso, timeZone), zulu(iso)];
const timeHeads = (timeZone: string) => (timeZone === 'UTC' ? ['UTC'] : [timeZone.toUpperCase(), 'UTC']);

export const timesTable = (times: readonly string[], timeZone: string, colours: Colours): string =>
  table(
    timeHeads(timeZone),
    times.map((t) => timeCells(t, timeZone)),
    colours,
  );

const WORDS: Record<RunState, string> = {
  running: 'running',
  completed: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
  terminated: 'terminated',
  timedOut: 'timed out',
  forgotten: 'forgotten',
  skipped: 'skipped',
  missed: 'missed',
  paused: 'paused',
  waiting: 'waiting',
  notRun: 'no run',
};

function painted(state: RunState, colours: Colours): string {
  const word = WORDS[state];
  switch (state) {
    case 'completed':
      return colours.green(word);
    case 'failed':
    case 'terminated':
    case 'timedOut':
    case 'missed':
      return colours.red(word);
    case 'skipped':
    case 'notRun':
    case 'cancelled':
    case 'paused':
      return colours.yellow(word);
    case 'running':
    case 'waiting':
      return colours.cyan(word);
    case 'forgotten':
      return colours.dim(word);
  }
}

/** Later than this after its time, and it is worth saying. */
const LATE_MS = 60_000;

function said({ message, startedAt, scheduledAt, byHand, times, firstAt }: ScheduleRun): string {
  const late = startedAt === undefined ? 0 : Date.parse(startedAt) - Date.parse(scheduledAt);
  return [
    ...(times === undefined ? [] : [`${times} times since ${zulu(firstAt!)}`]),
    ...(byHand ? ['triggered'] : []),
    ...(late > LATE_MS ? [`begun ${age(late)} late`] : []),
    ...(message === undefined ? [] : [plain(message)]),
  ].join('; ');
}

/** One row each. */
export const scheduleTable = (
  schedules: readonly (ScheduleSummary & { last?: ScheduleRun[] })[],
  { colours, now }: PageOptions,
): string =>
  table(
    ['ID', 'WHAT', 'WHEN', 'NEXT', 'LAST', ''],
    schedules.map((s) => {
      const [last] = s.last ?? [];
      const [next] = s.next;
      return [
        s.id,
        fit(plain(s.title), 48),
        fit(s.times, 48),
        s.paused ? colours.yellow('paused') : next === undefined ? 'never' : `in ${age(Date.parse(next) - now)}`,
        last === undefined ? '–' : `${painted(last.state, colours)} ${age(now - Date.parse(last.scheduledAt))} ago`,
        fit(s.paused ? plain(firstLine(s.stateNote)) : last === undefined ? '' : said(last), 60),
      ];
    }),
    colours,
  );

/** Everything about a schedule on a page. */
export function schedulePage(s: ScheduleView, { colours, now }: PageOptions): string {
  const { definition: d, counts } = s;
  const next = s.next.map((t) => [...timeCells(t, d.timeZone), `in ${age(Date.parse(t) - now)}`]);
  const last = s.last.map((r) => [
    ...timeCells(r.scheduledAt, d.timeZone),
    painted(r.state, colours),
    r.cloneWorkflowId ?? r.workflowId ?? '–',
    said(r),
  ]);
  return [
    colours.bold(plain(s.title)),
    facts(
      [
        ['Schedule', s.id],
        ['Note', d.note && plain(d.note)],
        ['State', s.paused ? colours.yellow('paused') : s.next.length === 0 ? 'no more runs' : 'active'],
        ['Last change', s.stateNote && plain(firstLine(s.stateNote))],
        ['When', scheduleInWords(d)],
        ['On overlap', `${d.overlap}: ${OVERLAP_IN_WORDS[d.overlap]}`],
        ['Catch-up', `up to ${d.catchUp} late after Temporal was down`],
        ['On failure', d.pauseOnFailure ? 'pauses' : 'goes on'],
        ['So far', `${counts.taken} begun, ${counts.skipped} skipped for overlap, ${counts.missed} missed`],
        ['Under way', s.running.join('\n') || undefined],
        ['Task queue', s.taskQueue],
      ],
      colours,
    ),
    section(
      colours,
      s.paused ? 'Next runs (not while it is paused)' : 'Next runs',
      next.length === 0 ? '' : table([...timeHeads(d.timeZone), ''], next, colours),
    ),
    section(
      colours,
      'Last runs',
      last.length === 0 ? '' : table([...timeHeads(d.timeZone), 'STATE', 'WORKFLOW ID', ''], last, colours),
    ),
    section(colours, `Request of each ${d.type}`, plain(stringify(d.request).trimEnd())),
  ].join('\n\n');
}

const section = (colours: Colours, title: string, text: string) =>
  `${colours.bold(title)}\n${(text === '' ? 'none' : text).replace(/^/gm, '  ')}`;

export function createdText({ id, outcome, definition }: ScheduleCreated, colours: Colours): string {
  const words = scheduleInWords(definition);
  switch (outcome) {
    case 'created':
      return `Created schedule ${colours.bold(id)}: ${words}. ${overlapText(definition.overlap)} See: element-clone schedule show ${id}`;
    case 'unchanged':
      return `Schedule ${colours.bold(id)} is there already, and the same. Nothing was changed.`;
    case 'wouldCreate':
      return `Nothing was changed. This would create schedule ${colours.bold(id)}: ${words}. ${overlapText(definition.overlap)}`;
  }
}

const overlapText = (overlap: keyof typeof OVERLAP_IN_WORDS): string =>
  overlap === 'skip'
    ? 'A time at which the run before is still running is skipped.'
    : `When the run before is still running: ${OVERLAP_IN_WORDS[overlap]}.`;

export function differencesText({ id, outcome, differences }: ScheduleUpdated, colours: Colours): string {
  if (outcome === 'unchanged') return `Schedule ${id} is the same already. Nothing was changed.`;
  const lines = differences.map((d) => `  ${plain(differenceText(d))}`);
  return [colours.bold(`What differs of schedule ${id}:`), ...lines].join('\n');
}
