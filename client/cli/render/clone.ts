import prettyBytes from 'pretty-bytes';
import { stringify } from 'yaml';
import type { CloneVolumeResult } from '../../../contracts/clone-result.ts';
import type { LeftBehind } from '../../../contracts/failure.ts';
import type { CloneDescription, CloneSummary } from '../../description.ts';
import type { Colours } from '../io.ts';
import { paintOf, renderProgress, stepsWithout } from './progress.ts';
import { facts, table } from './table.ts';
import { age, duration, fit, plain } from './text.ts';

export interface PageOptions {
  columns: number;
  colours: Colours;
  now: number;
  /** Address of the Temporal UI, when it is known. */
  uiUrl?: string | undefined;
}

/** The new volume and how it came to be. */
export function resultText(result: CloneVolumeResult, colours: Colours): string {
  const { volume, snapshotID, snapshotDeleted, startedAt, finishedAt } = result;
  const groups = volume.volumeAccessGroups;
  return [
    colours.green(colours.bold(`✓ Volume ${result.volumeID} "${plain(volume.name)}" is ready`)),
    facts(
      [
        ['Cluster', `${result.cluster}, cloned from volume ${result.sourceVolumeID}`],
        ['Size', `${prettyBytes(volume.totalSize)} (${volume.totalSize} bytes)`],
        ['Access', volume.access],
        ['Account', String(volume.accountID)],
        ['QoS', qosText(volume)],
        ['Access groups', groups.length > 0 ? groups.join(', ') : 'none'],
        ['IQN', volume.iqn],
        ['Snapshot', `${snapshotID}${snapshotDeleted ? ', deleted' : ', kept'}`],
        ['Took', duration(Date.parse(finishedAt) - Date.parse(startedAt))],
        ['API calls', result.apiCalls?.toString()],
      ],
      colours,
    ),
  ].join('\n');
}

const qosText = ({ qos, qosPolicyID }: CloneVolumeResult['volume']) =>
  `${qos.minIOPS} min, ${qos.maxIOPS} max, ${qos.burstIOPS} burst IOPS${qosPolicyID === null ? '' : ` (policy ${qosPolicyID})`}`;

/** What is still on the cluster, by ID, so that a person can finish it. */
export const leftBehindText = (left: readonly LeftBehind[], colours: Colours): string =>
  left.length === 0
    ? ''
    : [
        colours.bold('Still on the cluster'),
        ...left.map(
          (l) =>
            `  ${colours.red('✗')} ${l.kind}${l.id === null ? '' : ` ${l.id}`}: ${plain(l.reason).replaceAll('\n', ' ')}`,
        ),
      ].join('\n');

const ago = (iso: string, now: number) => `${iso} (${age(now - Date.parse(iso))} ago)`;

/** Everything about one clone on a page. */
export function clonePage(d: CloneDescription, { columns, colours, now, uiUrl }: PageOptions): string {
  const title = d.request
    ? `Clone volume ${d.request.volumeID} of ${d.request.cluster} → ${d.request.name}`
    : `Clone ${d.workflowId}`;
  const { pendingStep: step, failure, result } = d;
  const running = d.closedAt === undefined;
  return [
    running
      ? renderProgress(d.progress, { columns, colour: colours.isColorSupported, title, skip: stepsWithout(d.request) })
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

/** One row each; `percent` of those that run comes from a look at each. */
export function cloneTable(
  rows: readonly (CloneSummary & { percent?: number })[],
  { colours, now }: Pick<PageOptions, 'colours' | 'now'>,
): string {
  return table(
    ['PHASE', 'CLUSTER', 'SOURCE', 'CLONE', 'NAME', 'PROGRESS', 'AGE', 'WORKFLOW ID'],
    rows.map((c) => [
      paintOf(c.phase, colours)(c.phase),
      c.cluster ?? '–',
      String(c.sourceVolumeID ?? '–'),
      String(c.cloneVolumeID ?? '–'),
      fit(plain(c.request?.name ?? '–'), 32),
      c.percent === undefined ? '–' : `${Math.floor(c.percent)} %`,
      age(now - Date.parse(c.startedAt)),
      c.workflowId,
    ]),
    colours,
  );
}
