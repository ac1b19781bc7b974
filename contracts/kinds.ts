import type { CloneType, RequestOf } from './clone-types.ts';
import type { CloneVolumeRequest } from './clone-volume.ts';
import { DEFAULT_UNDO_EXPIRY } from './names.ts';
import type { RefreshCloneRequest } from './refresh-clone.ts';
import {
  workflowIDForClone,
  workflowIDForCopy,
  workflowIDForFanOut,
  workflowIDForGroup,
  workflowIDForRefresh,
} from './workflow-id.ts';

/*
 * What differs between the types of workflow that make clones, as far as starting them is concerned. Workflow code uses this
 * at run time, so it imports no schemas.
 */

/** A name and what stands behind it; left out when there is nothing. */
export type Detail = readonly [name: string, value: string | undefined];

export interface Kind<T extends CloneType> {
  /** `unique` keeps two apart. */
  workflowID(request: RequestOf<T>, unique: string): string;
  cluster(request: RequestOf<T>): string;
  /** What ElementSeries says. */
  series?(request: RequestOf<T>): string;
  /** What ElementSourceVolumeID says: of several volumes the first. */
  sourceVolumeID(request: RequestOf<T>): number;
  /** What was asked for, beside what every request says. */
  details(request: RequestOf<T>): Detail[];
}

const KINDS: { [T in CloneType]: Kind<T> } = {
  cloneVolume: {
    workflowID: workflowIDForClone,
    cluster: (r) => r.cluster,
    sourceVolumeID: (r) => r.volumeID,
    details: (r) => [
      ['Snapshot', r.snapshotID === undefined ? snapshotText(r.snapshot) : String(r.snapshotID)],
      ...cloneDetails(r),
    ],
  },
  cloneFanOut: {
    workflowID: workflowIDForFanOut,
    cluster: (r) => r.cluster,
    sourceVolumeID: (r) => r.volumeID,
    details: (r) => [
      ['Snapshot', r.snapshotID === undefined ? snapshotText(r.snapshot) : String(r.snapshotID)],
      ['Clones', namesText(r.clones.map((c) => c.name))],
      ...cloneDetails(r),
      ['When a clone fails', r.onMemberFailure === 'stop' ? 'stop the others' : 'go on with the others'],
    ],
  },
  copyVolume: {
    workflowID: workflowIDForCopy,
    cluster: (r) => r.cluster,
    sourceVolumeID: (r) => r.volumeID,
    details: (r) => [
      ['Snapshot', r.snapshotID === undefined ? snapshotText(r.snapshot) : String(r.snapshotID)],
      ['Overwrites', `volume ${r.dstVolumeID}${r.force ? ', even if it is in use or not ours' : ''}`],
      ['Way back', `a snapshot of volume ${r.dstVolumeID}, kept for ${r.undo?.expiresIn ?? DEFAULT_UNDO_EXPIRY}`],
    ],
  },
  cloneGroup: {
    workflowID: workflowIDForGroup,
    cluster: (r) => r.cluster,
    sourceVolumeID: (r) => r.volumes[0]!.volumeID,
    details: (r) => [
      ['Group snapshot', r.groupSnapshotID === undefined ? snapshotText(r.snapshot) : String(r.groupSnapshotID)],
      [
        'Clones',
        r.volumes.map((v) => (v.name === undefined ? `${v.volumeID}` : `${v.volumeID} → ${v.name}`)).join(', '),
      ],
      ...cloneDetails(r),
      ['When a member fails', r.onMemberFailure === 'keep' ? 'keep the others' : 'all or nothing'],
    ],
  },
  refreshClone: {
    workflowID: workflowIDForRefresh,
    cluster: (r) => r.clone.cluster,
    series: (r) => r.series,
    sourceVolumeID: (r) => (isGroup(r.clone) ? r.clone.volumes[0]!.volumeID : r.clone.volumeID),
    details: refreshDetails,
  },
};

function refreshDetails(r: RefreshCloneRequest): Detail[] {
  const { clone, hooks = {} } = r;
  const { volumeAccessGroups: _groups, series: _series, ...ofClone } = clone;
  return [
    ['Volumes', isGroup(clone) ? clone.volumes.map((v) => v.volumeID).join(', ') : String(clone.volumeID)],
    ['Mode', r.mode === 'copy' ? 'new content in the same volume' : 'a new volume each time'],
    ['Names', r.nameTemplate],
    ['For', r.nominalTime],
    ...cloneDetails(ofClone),
    ['Volume access groups', r.volumeAccessGroups?.join(', ') ?? 'those of the generation before'],
    ['The old generation leaves', r.swap === 'after' ? 'after the new one has come' : 'before the new one comes'],
    [
      'Old generations',
      r.retire === 'keep' ? 'all stay' : `the newest ${r.keep} stay${r.force ? ', used or not' : ''}`,
    ],
    [
      'Hooks',
      Object.entries(hooks)
        .map(([when, h]) => `${when}: ${typeof h === 'string' ? h : h?.hook}`)
        .join(', ') || undefined,
    ],
  ];
}

const isGroup = (clone: RefreshCloneRequest['clone']): clone is Extract<typeof clone, { volumes: unknown }> =>
  'volumes' in clone;

export const kindOf = <T extends CloneType>(type: T): Kind<T> => KINDS[type];

/** Enough to recognise hundreds by. */
const NAMES = 20;
const namesText = (names: readonly string[]) =>
  names.length <= NAMES ? names.join(', ') : `${names.slice(0, NAMES).join(', ')} and ${names.length - NAMES} more`;

const snapshotText = (snapshot: CloneVolumeRequest['snapshot']) =>
  `taken now, ${snapshot?.retention === 'keep' ? 'kept afterwards' : 'deleted afterwards'}`;

type CloneFields = Pick<
  CloneVolumeRequest,
  'newSize' | 'access' | 'newAccountID' | 'modify' | 'volumeAccessGroups' | 'lease' | 'series'
>;

const cloneDetails = (r: CloneFields): Detail[] => [
  ['Series', r.series === undefined ? undefined : `${r.series.name}, generation ${r.series.generation}`],
  ['Size', r.newSize === undefined ? undefined : `${r.newSize} bytes`],
  ['Access', r.access],
  ['Account', r.newAccountID?.toString()],
  ['Afterwards', r.modify === undefined ? undefined : modifyText(r.modify)],
  ['Volume access groups', r.volumeAccessGroups?.join(', ')],
  ['Lease', r.lease],
];

function modifyText(modify: NonNullable<CloneVolumeRequest['modify']>): string {
  const { qos, qosPolicyID, access, accountID, totalSize, attributes } = modify;
  return [
    ...Object.entries(qos ?? {}).map(([name, value]) => `${name} ${value}`),
    ...(qosPolicyID === undefined ? [] : [`QoS policy ${qosPolicyID}`]),
    ...(access === undefined ? [] : [`access ${access}`]),
    ...(accountID === undefined ? [] : [`account ${accountID}`]),
    ...(totalSize === undefined ? [] : [`${totalSize} bytes`]),
    ...(attributes === undefined ? [] : [`attributes ${Object.keys(attributes).join(', ')}`]),
  ].join(', ');
}
