import { parseCloneFanOutRequest } from '../contracts/clone-fan-out.ts';
import { parseCloneGroupRequest } from '../contracts/clone-group.ts';
import type { CloneType, RequestOf } from '../contracts/clone-types.ts';
import { parseCloneVolumeRequest, type CloneVolumeRequest } from '../contracts/clone-volume.ts';
import { isGroupRequest, parseRefreshCloneRequest, type RefreshCloneRequest } from '../contracts/refresh-clone.ts';
import { parseCopyVolumeRequest } from '../contracts/copy-volume.ts';
import { DEFAULT_UNDO_EXPIRY } from '../contracts/names.ts';
import {
  workflowIDForClone,
  workflowIDForCopy,
  workflowIDForFanOut,
  workflowIDForGroup,
  workflowIDForRefresh,
} from '../contracts/workflow-id.ts';

/** A name and what stands behind it; left out when there is nothing. */
export type Detail = readonly [name: string, value: string | undefined];

/** What differs between the types of workflow that make clones, as far as the client is concerned. */
export interface Kind<T extends CloneType> {
  /** @throws InvalidRequestError */
  parse(input: unknown): RequestOf<T>;
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
    parse: parseCloneVolumeRequest,
    workflowID: workflowIDForClone,
    cluster: (r) => r.cluster,
    sourceVolumeID: (r) => r.volumeID,
    details: (r) => [
      ['Snapshot', r.snapshotID === undefined ? snapshotText(r.snapshot) : String(r.snapshotID)],
      ...cloneDetails(r),
    ],
  },
  cloneFanOut: {
    parse: parseCloneFanOutRequest,
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
    parse: parseCopyVolumeRequest,
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
    parse: parseCloneGroupRequest,
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
    parse: parseRefreshCloneRequest,
    workflowID: workflowIDForRefresh,
    cluster: (r) => r.clone.cluster,
    series: (r) => r.series,
    sourceVolumeID: (r) => (isGroupRequest(r.clone) ? r.clone.volumes[0]!.volumeID : r.clone.volumeID),
    details: refreshDetails,
  },
};

function refreshDetails(r: RefreshCloneRequest): Detail[] {
  const { clone, hooks = {} } = r;
  const { volumeAccessGroups: _groups, series: _series, ...ofClone } = clone;
  return [
    ['Volumes', isGroupRequest(clone) ? clone.volumes.map((v) => v.volumeID).join(', ') : String(clone.volumeID)],
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
