/** The steps of a run as lines of text, for the Temporal UI and the terminal. Workflow code uses this at run time. */
import type { StepOutcome, StepState } from './types.ts';

export interface StepLine {
  /** Of the longest way to it. */
  depth: number;
  mark: string;
  name: string;
  /** How it stands, with its duration. */
  text: string;
  isRunning: boolean;
  outcome: StepOutcome;
}

const MARKS: Record<StepOutcome, string> = {
  pending: '·',
  waiting: '?',
  running: '▶',
  succeeded: '✓',
  failed: '✗',
  skipped: '−',
  cancelled: '■',
};

/** Deeper steps would leave the page. */
const DEPTH_MAX = 8;

/**
 * One line for each step, in the order of the document. `now`: milliseconds since the epoch, for how long a step has
 * been running; without it, for what is drawn only when something changes, since when.
 */
export function stepLines(states: readonly StepState[], now?: number): StepLine[] {
  const depths = depthsOf(states);
  return states.map((state) => ({
    depth: Math.min(DEPTH_MAX, depths.get(state.id) ?? 0),
    mark: MARKS[state.outcome],
    name: state.title === undefined ? state.id : `${state.id} (${state.title})`,
    text: textOf(state, now),
    isRunning: state.outcome === 'running' || state.outcome === 'waiting',
    outcome: state.outcome,
  }));
}

function textOf(state: StepState, now: number | undefined): string {
  const { outcome, kind, note, items, undo, approval } = state;
  const parts = [
    outcome === 'pending' ? kind : `${kind} ${outcome}`,
    timeOf(state, now),
    items === undefined ? '' : `${items.done} of ${items.of} items`,
    approval === undefined
      ? ''
      : `for ${whoOf(approval.from)}${approval.until === undefined ? '' : `, until ${approval.until}`}`,
    note ?? '',
    undo === undefined ? '' : `undo ${undo}`,
  ];
  return parts.filter((p) => p !== '').join(', ');
}

/** The first of those who may decide: there may be fifty, in each of 500 lines. */
export const whoOf = (from: readonly string[]): string =>
  from.length <= NAMED_MAX
    ? from.join(' or ')
    : `${from.slice(0, NAMED_MAX).join(' or ')} or ${from.length - NAMED_MAX} more`;

const NAMED_MAX = 5;

function timeOf({ startedAt, endedAt }: StepState, now: number | undefined): string {
  if (startedAt === undefined) return '';
  const began = Date.parse(startedAt);
  if (endedAt !== undefined) return durationText(Date.parse(endedAt) - began);
  return now === undefined ? `since ${startedAt.slice(11, 19)} UTC` : `for ${durationText(now - began)}`;
}

/** The longest way from a step that needs nothing. */
function depthsOf(states: readonly StepState[]): Map<string, number> {
  const byID = new Map(states.map((s) => [s.id, s]));
  const depths = new Map<string, number>();
  const depthOf = (id: string, path: number): number => {
    const known = depths.get(id);
    if (known !== undefined) return known;
    const needs = byID.get(id)?.needs ?? [];
    // A circle is refused before anything begins.
    const depth =
      path > states.length || needs.length === 0 ? 0 : 1 + Math.max(...needs.map((n) => depthOf(n, path + 1)));
    depths.set(id, depth);
    return depth;
  };
  for (const { id } of states) depthOf(id, 0);
  return depths;
}

/** `3 h 20 min`, `45 s`. */
export function durationText(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1_000));
  if (s < 60) return `${s} s`;
  const min = Math.floor(s / 60);
  if (min < 60) return `${min} min ${s % 60} s`;
  const h = Math.floor(min / 60);
  return h < 48 ? `${h} h ${min % 60} min` : `${Math.floor(h / 24)} d ${h % 24} h`;
}
