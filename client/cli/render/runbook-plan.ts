import { stringify } from 'yaml';
import type { PlannedAction, PlannedStep, RunbookPlan } from '../../../contracts/runbook/plan.ts';
import type { Json } from '../../../contracts/runbook/types.ts';
import type { Colours } from '../io.ts';
import { facts, table } from './table.ts';
import { fit, plain } from './text.ts';

/** Items of a list that are shown. */
const ITEMS = 5;
const VALUE_COLUMNS = 80;

/** What a run would do, in an order in which it could be done. */
export function runbookPlanText(plan: RunbookPlan, colours: Colours, indent = ''): string {
  const { name, description, cluster, timeout, inputs, steps, outputs } = plan;
  const parts = [
    `${colours.bold(`Runbook ${plain(name)}`)}${description === undefined ? '' : `: ${plain(description)}`}`,
    facts(
      [
        ['Cluster', cluster],
        ['Time', `${timeout} at most`],
      ],
      colours,
    ),
    ...(inputs.length === 0
      ? []
      : [
          '',
          colours.bold('Inputs'),
          table(
            ['NAME', 'TYPE', 'VALUE', ''],
            inputs.map((i) => [
              `  ${i.name}`,
              i.type,
              i.value === undefined ? colours.dim('to be given') : valueText(i.value),
              i.isDefault ? 'default' : '',
            ]),
            colours,
          ),
        ]),
    '',
    colours.bold('Steps'),
    ...steps.map((step) => stepText(step, colours)),
    ...(Object.keys(outputs).length === 0 ? [] : ['', colours.bold('Outputs'), lines(outputs, '  ')]),
  ];
  return parts.join('\n').replaceAll('\n', `\n${indent}`);
}

function stepText(step: PlannedStep, colours: Colours): string {
  const { id, title, level, kind, needs, undo } = step;
  const head = `${String(level).padStart(3)}  ${colours.bold(id)}${title === undefined ? '' : ` (${plain(title)})`}  ${kind}`;
  const after = needs.length === 0 ? '' : colours.dim(`  after ${needs.join(', ')}`);
  const rows = [
    ...conditions(step).map((text) => plain(text)),
    ...actionLines(step, colours),
    ...(undo === undefined
      ? []
      : [
          colours.dim(`when the run fails: ${undo.kind}`),
          ...actionLines(undo, colours).map((l) => `  ${l.replaceAll('\n', '\n  ')}`),
        ]),
  ];
  return [`${head}${after}`, ...rows.map((row) => `       ${row.replaceAll('\n', '\n       ')}`)].join('\n');
}

function conditions({ when, forEach, parallel, always, allowFailure, retry, timeout }: PlannedStep): string[] {
  const texts: (string | undefined)[] = [
    when === false ? 'is skipped: its condition is false with these inputs' : undefined,
    typeof when === 'string' ? `only when ${when}` : undefined,
    forEach === undefined ? undefined : forEachText(forEach, parallel),
    always === true ? 'always, also when the run failed or was cancelled' : undefined,
    allowFailure === true ? 'may fail' : undefined,
    retry === undefined ? undefined : `${retry.attempts} attempts, the second after ${retry.delay ?? '10s'}`,
    timeout === undefined ? undefined : `${timeout} at most for one attempt`,
  ];
  return texts.filter((t) => t !== undefined);
}

function forEachText(forEach: Json[] | string, parallel = 10): string {
  const atOnce = `${parallel} at once`;
  if (typeof forEach === 'string') return `for each item of ${forEach}, ${atOnce}`;
  const more = forEach.length > ITEMS ? `, and ${forEach.length - ITEMS} more` : '';
  return `for each of ${forEach.length}, ${atOnce}: ${forEach.slice(0, ITEMS).map(valueText).join(', ')}${more}`;
}

const actionLines = ({ fields, calls, runbook }: PlannedAction, colours: Colours): string[] => [
  ...(Object.keys(fields).length === 0 ? [] : [lines(fields, '')]),
  ...calls.map((call) => `→ ${plain(call)}`),
  ...(runbook === undefined ? [] : [runbookPlanText(runbook, colours, '  ')]),
];

const valueText = (value: Json): string =>
  fit(plain(typeof value === 'string' ? value : JSON.stringify(value)), VALUE_COLUMNS);

/** Fields as a document has them. */
const lines = (fields: { [name: string]: Json }, indent: string): string =>
  plain(stringify(fields, { lineWidth: 0, flowCollectionPadding: true }))
    .trimEnd()
    .split('\n')
    .map((line) => `${indent}${line}`)
    .join('\n');
