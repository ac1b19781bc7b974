import prettyBytes from 'pretty-bytes';
import type { CloneFanOutResult } from '../../../contracts/clone-fan-out-result.ts';
import type { CloneGroupResult } from '../../../contracts/clone-group-result.ts';
import type { CloneVolumeResult } from '../../../contracts/clone-result.ts';
import type { ResultOf } from '../../../contracts/clone-types.ts';
import type { RefreshCloneResult } from '../../../contracts/refresh-clone-result.ts';
import type { CopyVolumeResult, UndoCopyResult } from '../../../contracts/copy-result.ts';
import type { LeftBehind } from '../../../contracts/failure.ts';
import type { LeaseOfClone } from '../../../contracts/lease.ts';
import type { Colours } from '../io.ts';
import { facts, table } from './table.ts';
import { duration, plain } from './text.ts';

/** The new volumes and how they came to be. */
export const resultText = (result: ResultOf, colours: Colours): string =>
  'generation' in result
    ? refreshText(result, colours)
    : 'members' in result
      ? groupText(result, colours)
      : 'succeeded' in result
        ? fanOutText(result, colours)
        : 'dstVolumeID' in result
          ? copyText(result, colours)
          : volumeText(result, colours);

function volumeText(result: CloneVolumeResult, colours: Colours): string {
  const { volume, snapshotID, snapshotDeleted } = result;
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
        ['Lease', result.lease && leaseText(result.lease)],
        ...cost(result),
      ],
      colours,
    ),
  ].join('\n');
}

function copyText(result: CopyVolumeResult, colours: Colours): string {
  const { volume, sourceVolumeID, dstVolumeID, snapshotID, snapshotDeleted, undo } = result;
  return [
    colours.green(
      colours.bold(`✓ Volume ${dstVolumeID} "${plain(volume.name)}" holds what volume ${sourceVolumeID} held`),
    ),
    facts(
      [
        ['Cluster', result.cluster],
        ['Copied', `${prettyBytes(result.bytes)} (${result.bytes} bytes)`],
        ['IQN', volume.iqn],
        ['Access groups', volume.volumeAccessGroups.length > 0 ? volume.volumeAccessGroups.join(', ') : 'none'],
        ['QoS', qosText(volume)],
        ['Snapshot', `${snapshotID}${snapshotDeleted ? ', deleted' : ', kept'}`],
        ['Way back', undo === null ? 'deleted by somebody' : `snapshot ${undo.snapshotID}, until ${undo.expiresAt}`],
        ...cost(result),
      ],
      colours,
    ),
    ...result.changes.map((change) => colours.yellow(`! ${plain(change)}`)),
  ].join('\n');
}

/** What a copy that was taken back has become. */
export const undoCopyText = (result: UndoCopyResult, colours: Colours): string =>
  [
    colours.green(colours.bold(`✓ Volume ${result.dstVolumeID} holds what it held before the copy`)),
    facts(
      [
        ['Cluster', result.cluster],
        ['Taken back', result.workflowID],
        ['Rolled back to', `snapshot ${result.snapshotID}, which stays until it expires`],
        ['API calls', result.apiCalls?.toString()],
      ],
      colours,
    ),
  ].join('\n');

function groupText(result: CloneGroupResult, colours: Colours): string {
  const { members, failed = [], groupSnapshotID, groupSnapshotDeleted } = result;
  return [
    colours.green(colours.bold(`✓ ${members.length} ${members.length === 1 ? 'volume is' : 'volumes are'} ready`)),
    facts(
      [
        ['Cluster', result.cluster],
        ['Size', prettyBytes(result.bytes)],
        ['Group snapshot', `${groupSnapshotID}${groupSnapshotDeleted ? ', deleted' : ', kept'}`],
        ...cost(result),
      ],
      colours,
    ),
    table(
      ['SOURCE', 'VOLUME', 'NAME', 'SIZE', 'QOS', 'ACCESS GROUPS', 'DELETED AT', 'IQN'],
      members.map(({ sourceVolumeID, volumeID, volume, lease }) => [
        String(sourceVolumeID),
        String(volumeID),
        plain(volume.name),
        prettyBytes(volume.totalSize),
        `${volume.qos.minIOPS}/${volume.qos.maxIOPS}/${volume.qos.burstIOPS}`,
        volume.volumeAccessGroups.join(',') || '–',
        lease === undefined ? '–' : (lease.ended ?? lease.endsAt),
        volume.iqn,
      ]),
      colours,
    ),
    ...failed.map((f) =>
      colours.red(`✗ ${plain(f.name)}, the clone of volume ${f.sourceVolumeID}: ${plain(f.reason)}`),
    ),
    leftBehindText(
      failed.flatMap((f) => f.leftBehind),
      colours,
    ),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function fanOutText(result: CloneFanOutResult, colours: Colours): string {
  const { succeeded, failed, snapshotID, snapshotDeleted } = result;
  return [
    colours.green(colours.bold(`✓ ${succeeded.length} of ${succeeded.length + failed.length} clones are ready`)),
    facts(
      [
        ['Cluster', `${result.cluster}, cloned from volume ${result.sourceVolumeID}`],
        ['Size', prettyBytes(result.bytes)],
        ['Snapshot', `${snapshotID}${snapshotDeleted ? ', deleted' : ', kept'}`],
        ...cost(result),
      ],
      colours,
    ),
    table(
      ['VOLUME', 'NAME', 'SIZE', 'QOS', 'ACCESS GROUPS', 'DELETED AT', 'IQN'],
      succeeded.map(({ volumeID, volume, lease }) => [
        String(volumeID),
        plain(volume.name),
        prettyBytes(volume.totalSize),
        `${volume.qos.minIOPS}/${volume.qos.maxIOPS}/${volume.qos.burstIOPS}`,
        volume.volumeAccessGroups.join(',') || '–',
        lease === undefined ? '–' : (lease.ended ?? lease.endsAt),
        volume.iqn,
      ]),
      colours,
    ),
    ...failed.map((f) => colours.red(`✗ ${plain(f.name)}: ${plain(f.error).replaceAll('\n', ' ')}`)),
  ].join('\n');
}

function refreshText(result: RefreshCloneResult, colours: Colours): string {
  const { generation, series, previous, volumeAccessGroups, retired, keptBack } = result;
  const numbers = (list: readonly { generation: number }[]) => list.map((g) => g.generation).join(', ');
  return [
    colours.green(colours.bold(`✓ Generation ${generation} of ${series} is in service`)),
    facts(
      [
        ['Cluster', result.cluster],
        ['For', result.nominalTime],
        ['Before', previous === null ? 'none' : `generation ${previous.generation}`],
        ['Access groups', volumeAccessGroups.map((g) => plain(g.name)).join(', ') || 'none'],
        ['Size', prettyBytes(result.bytes)],
        ['Deleted', retired.length === 0 ? 'none' : `generation ${numbers(retired)}`],
        ['There are', `generations ${result.generations.join(', ')}`],
        ...cost(result),
      ],
      colours,
    ),
    table(
      ['SOURCE', 'VOLUME', 'NAME'],
      result.volumes.map((v) => [String(v.sourceVolumeID), String(v.volumeID), plain(v.name)]),
      colours,
    ),
    ...keptBack.map((k) => colours.yellow(`! Generation ${k.generation} stays: ${plain(k.reason)}`)),
    ...(result.retirementFailed === undefined
      ? []
      : [colours.yellow(`! Old generations stay until the next run: ${plain(result.retirementFailed)}`)]),
  ].join('\n');
}

const cost = ({ startedAt, finishedAt, apiCalls }: ResultOf): [string, string | undefined][] => [
  ['Took', duration(Date.parse(finishedAt) - Date.parse(startedAt))],
  ['API calls', apiCalls?.toString()],
];

/** When it is deleted, and how to keep it. */
const leaseText = ({ workflowID, endsAt, ended }: LeaseOfClone) =>
  ended === undefined
    ? `deleted at ${endsAt}; to keep it: element-clone lease extend ${workflowID} --by 24h`
    : `${workflowID} had ended before: ${ended}`;

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
