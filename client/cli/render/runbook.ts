import { stepLines, whoOf, type StepLine } from '../../../contracts/runbook/tree.ts';
import type { StepState } from '../../../contracts/runbook/types.ts';
import type { RunbookSummary } from '../../index.ts';
import type { Colours } from '../io.ts';
import { table } from './table.ts';
import { age, fit, plain } from './text.ts';

interface TreeOptions {
  columns: number;
  colours: Colours;
  /** Milliseconds since the epoch. */
  now: number;
}

/** The steps as they stand, one a line, what needs another one below it. */
export const stepTree = (steps: readonly StepState[], { columns, colours, now }: TreeOptions): string =>
  stepLines(steps, now)
    .map((line) => colourOf(line, colours)(fit(textOf(line), columns)))
    .join('\n');

const textOf = ({ depth, mark, name, text }: StepLine) => `${'  '.repeat(depth)}${mark} ${plain(name)}  ${plain(text)}`;

function colourOf({ outcome }: StepLine, colours: Colours): (text: string) => string {
  switch (outcome) {
    case 'succeeded':
      return colours.green;
    case 'failed':
      return colours.red;
    case 'waiting':
      return colours.yellow;
    case 'running':
      return colours.bold;
    case 'pending':
    case 'skipped':
    case 'cancelled':
      return colours.dim;
  }
}

/** For a log: the steps of which something has changed that a reader wants to know. */
export function changedLines(before: readonly StepState[], steps: readonly StepState[], now: number): string[] {
  const known = new Map(before.map((s) => [s.id, s]));
  const lines = stepLines(steps, now);
  return steps.flatMap((step, i) => {
    const was = known.get(step.id);
    const same = was !== undefined && was.outcome === step.outcome && was.note === step.note && was.undo === step.undo;
    return same || (was === undefined && step.outcome === 'pending') ? [] : [textOf({ ...lines[i]!, depth: 0 })];
  });
}

/** Runs, one a line. */
export const runbookTable = (runs: readonly RunbookSummary[], colours: Colours, now: number): string =>
  table(
    ['WORKFLOW ID', 'RUNBOOK', 'STATE', 'AGE', 'WAITS FOR'],
    runs.map((r) => [
      r.workflowId,
      plain(r.name),
      r.waitsFor.length > 0 ? 'waiting' : r.status.toLowerCase(),
      age(now - Date.parse(r.startedAt)),
      plain(waitsFor(r)),
    ]),
    colours,
  );

const waitsFor = ({ waitsFor: shown, waitsForMore: more = 0 }: RunbookSummary): string =>
  [
    ...shown.map((w) => `${w.step}: ${whoOf(w.from)}${w.until === undefined ? '' : ` until ${w.until}`}`),
    ...(more === 0 ? [] : [`${more} more`]),
  ].join('; ');
