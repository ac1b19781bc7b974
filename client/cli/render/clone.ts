import { stringify } from 'yaml';
import type { CloneDescription, CloneSummary } from '../../description.ts';
import { nameOf, titleOf } from '../../labels.ts';
import type { Colours } from '../io.ts';
import { paintOf, renderProgress, stepsBeside, stepsWithout } from './progress.ts';
import { leftBehindText, resultText } from './result.ts';
import { facts, table } from './table.ts';
import { age, duration, fit, plain } from './text.ts';

export interface PageOptions {
  columns: number;
  colours: Colours;
  now: number;
  /** Address of the Temporal UI, when it is known. */
  uiUrl?: string | undefined;
}

const ago = (iso: string, now: number) => `${iso} (${age(now - Date.parse(iso))} ago)`;

/** Everything about one clone on a page. */
export function clonePage(d: CloneDescription, { columns, colours, now, uiUrl }: PageOptions): string {
  const title = d.request ? titleOf(d.type, d.request) : `Clone ${d.workflowId}`;
  const { pendingStep: step, failure, result } = d;
  const running = d.closedAt === undefined;
  return [
    running
      ? renderProgress(d.progress, {
          columns,
          colour: colours.isColorSupported,
          title,
          skip: stepsWithout(d.request),
          more: stepsBeside(d.request),
        })
      : colours.bold(plain(title)),
    facts(
      [
        ['Workflow ID', d.workflowId],
        ['Phase', paintOf(d.phase, colours)(d.phase)],
        ['Step', step && `${step.step}, attempt ${step.attempt}${step.paused ? ', paused' : ''}`],
        ['Next try', step?.nextAttemptAt],
        ['Last answer', step?.lastFailure && plain(step.lastFailure)],
        ['Looked at', d.progress.lookedAt && ago(d.progress.lookedAt, now)],
        ['Started', ago(d.startedAt, now)],
        [
          'Ended',
          d.closedAt && `${ago(d.closedAt, now)}, after ${duration(Date.parse(d.closedAt) - Date.parse(d.startedAt))}`,
        ],
        ['Task queue', d.taskQueue],
        ['Temporal UI', `${uiUrl?.replace(/\/$/, '') ?? ''}${d.uiPath}`],
      ],
      colours,
    ),
    ...(d.request ? [`${colours.bold('Request')}\n${indent(plain(stringify(d.request).trimEnd()))}`] : []),
    ...(result ? [resultText(result, colours)] : []),
    ...(failure ? [`${colours.red(colours.bold(`✗ ${d.phase}`))}\n${indent(plain(failure.message))}`] : []),
    ...(failure?.details?.leftBehind.length ? [leftBehindText(failure.details.leftBehind, colours)] : []),
  ].join('\n\n');
}

const indent = (text: string) => text.replace(/^/gm, '  ');

/** ` +11`: how many there are beside the first. */
const more = ({ request }: CloneSummary): string =>
  request && 'volumes' in request && request.volumes.length > 1 ? ` +${request.volumes.length - 1}` : '';

/** Percent, or the place in line for a clone slot. */
const progressOf = ({ percent, line }: { percent?: number; line?: { place: number; of: number } }): string =>
  line !== undefined ? `line ${line.place}/${line.of}` : percent === undefined ? '–' : `${Math.floor(percent)} %`;

/** One row each; `percent` of those that run comes from a look at each. */
export function cloneTable(
  rows: readonly (CloneSummary & { percent?: number; line?: { place: number; of: number } })[],
  { colours, now }: Pick<PageOptions, 'colours' | 'now'>,
): string {
  return table(
    ['PHASE', 'CLUSTER', 'SOURCE', 'CLONE', 'NAME', 'PROGRESS', 'AGE', 'WORKFLOW ID'],
    rows.map((c) => [
      paintOf(c.phase, colours)(c.phase),
      c.cluster ?? '–',
      `${c.sourceVolumeID ?? '–'}${more(c)}`,
      c.cloneVolumeID === undefined ? '–' : `${c.cloneVolumeID}${more(c)}`,
      fit(plain(c.request ? nameOf(c.type, c.request) : '–'), 32),
      progressOf(c),
      age(now - Date.parse(c.startedAt)),
      c.workflowId,
    ]),
    colours,
  );
}
