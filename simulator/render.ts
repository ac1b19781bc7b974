import type { ClusterIdentity, Context } from './context.ts';
import { isoDate } from './clock.ts';
import type * as R from './records.ts';

const zeroUUID = '00000000-0000-0000-0000-000000000000';
const hex8 = (n: number): string => n.toString(16).padStart(8, '0');

/** `iqn.2010-01.com.solidfire:<cluster's uniqueID>.<name>.<volumeID>`, as in the examples of the API pages. */
export const iqnOf = (identity: ClusterIdentity, v: R.VolumeRecord): string =>
  v.status === 'init' ? '' : `iqn.2010-01.com.solidfire:${identity.uniqueID}.${v.name}.${v.volumeID}`;

/** The API's volume object. Source: `reference_element_api_volume`. */
export const renderVolume = ({ identity }: Context, v: R.VolumeRecord): Record<string, unknown> => {
  const cluster = Buffer.from(identity.uniqueID).toString('hex');
  return {
    access: v.access,
    accountID: v.accountID,
    attributes: v.attributes,
    blockSize: 4096,
    createTime: isoDate(v.createMs),
    currentProtectionScheme: 'doubleHelix',
    deleteTime: v.deleteMs === null ? '' : isoDate(v.deleteMs),
    enable512e: v.enable512e,
    enableSnapMirrorReplication: v.enableSnapMirrorReplication,
    fifoSize: v.fifoSize,
    iqn: iqnOf(identity, v),
    lastAccessTime: null,
    lastAccessTimeIO: null,
    minFifoSize: v.minFifoSize,
    name: v.name,
    previousProtectionScheme: null,
    purgeTime: v.purgeMs === null ? '' : isoDate(v.purgeMs),
    qos: v.qos,
    qosPolicyID: v.qosPolicyID,
    scsiEUIDeviceID: `${cluster}${hex8(v.volumeID)}f47acc0100000000`,
    scsiNAADeviceID: `6f47acc100000000${cluster}${hex8(v.volumeID)}`,
    sliceCount: v.status === 'init' ? 0 : 1,
    status: v.status,
    totalSize: v.totalSize,
    virtualVolumeID: null,
    volumeAccessGroups: v.volumeAccessGroups,
    volumeConsistencyGroupUUID: v.volumeConsistencyGroupUUID,
    volumeID: v.volumeID,
    volumePairs: [],
    volumeUUID: v.volumeUUID,
  };
};

const expirationReason = (s: R.SnapshotRecord): string => {
  if (s.fifo) return 'fifo';
  return s.expirationMs === null ? 'None' : 'Api';
};

/** The API's snapshot object. Source: `reference_element_api_snapshot`. */
export const renderSnapshot = ({ state }: Context, s: R.SnapshotRecord): Record<string, unknown> => {
  const group = s.groupSnapshotID === null ? undefined : state.groupSnapshots.get(s.groupSnapshotID);
  return {
    attributes: s.attributes,
    checksum: '0x0',
    createTime: isoDate(s.createMs),
    enableRemoteReplication: s.enableRemoteReplication,
    expirationReason: expirationReason(s),
    expirationTime: s.expirationMs === null ? null : isoDate(s.expirationMs),
    groupID: group?.groupSnapshotID ?? 0,
    groupSnapshotUUID: group?.groupSnapshotUUID ?? zeroUUID,
    instanceCreateTime: isoDate(s.createMs),
    instanceSnapshotUUID: s.instanceSnapshotUUID,
    name: s.name,
    snapMirrorLabel: s.snapMirrorLabel,
    snapshotID: s.snapshotID,
    snapshotUUID: s.snapshotUUID,
    status: 'done',
    totalSize: s.totalSize,
    virtualVolumeID: null,
    volumeID: s.volumeID,
    volumeName: s.volumeName,
  };
};

/** The API's groupSnapshot object. Source: `reference_element_api_groupsnapshot`. */
export const renderGroupSnapshot = (context: Context, g: R.GroupSnapshotRecord): Record<string, unknown> => ({
  attributes: g.attributes,
  createTime: isoDate(g.createMs),
  enableRemoteReplication: g.enableRemoteReplication,
  groupSnapshotID: g.groupSnapshotID,
  groupSnapshotUUID: g.groupSnapshotUUID,
  members: g.members.flatMap((id) => {
    const snapshot = context.state.snapshots.get(id);
    return snapshot === undefined ? [] : [renderSnapshot(context, snapshot)];
  }),
  name: g.name,
  remoteStatuses: [],
  status: 'done',
});

/** The API's volumeAccessGroup object. Source: `reference_element_api_volumeaccessgroup`. */
export const renderAccessGroup = ({ state }: Context, g: R.AccessGroupRecord): Record<string, unknown> => {
  const isDeleted = (id: number): boolean => state.volumes.get(id)?.status === 'deleted';
  return {
    attributes: g.attributes,
    deletedVolumes: g.volumes.filter((id) => isDeleted(id)),
    initiatorIDs: g.initiatorIDs,
    initiators: g.initiatorIDs.map((id) => state.initiators.get(id) ?? ''),
    name: g.name,
    volumeAccessGroupID: g.volumeAccessGroupID,
    volumes: g.volumes.filter((id) => !isDeleted(id)),
  };
};

/** The API's account object. Source: `reference_element_api_account`. */
export const renderAccount = ({ state }: Context, a: R.AccountRecord): Record<string, unknown> => ({
  accountID: a.accountID,
  attributes: a.attributes,
  enableChap: a.enableChap,
  initiatorSecret: a.initiatorSecret,
  status: a.status,
  storageContainerID: zeroUUID,
  targetSecret: a.targetSecret,
  username: a.username,
  volumes: [...state.volumes.values()]
    .filter((v) => v.accountID === a.accountID && v.status !== 'deleted')
    .map((v) => v.volumeID),
});

/** The API's QoSPolicy object. Source: `reference_element_api_qospolicy`. */
export const renderQoSPolicy = ({ state }: Context, p: R.QoSPolicyRecord): Record<string, unknown> => ({
  name: p.name,
  qos: p.qos,
  qosPolicyID: p.qosPolicyID,
  volumeIDs: [...state.volumes.values()].filter((v) => v.qosPolicyID === p.qosPolicyID).map((v) => v.volumeID),
});
