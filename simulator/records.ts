/** Name-value pairs that a user keeps with an object. */
export type Attributes = Record<string, unknown>;

/** Quality of service of a volume or a policy. Source: `reference_element_api_qos`. */
export interface QoS {
  minIOPS: number;
  maxIOPS: number;
  burstIOPS: number;
  burstTime: number;
  curve: Record<string, number>;
}

export type Access = 'readOnly' | 'readWrite' | 'locked' | 'replicationTarget' | 'snapMirrorTarget';

/** A volume as the cluster keeps it; `render.ts` makes the API's object of it. */
export interface VolumeRecord {
  volumeID: number;
  name: string;
  accountID: number;
  status: 'init' | 'active' | 'deleted';
  access: Access;
  totalSize: number;
  enable512e: boolean;
  enableSnapMirrorReplication: boolean;
  attributes: Attributes;
  qos: QoS;
  qosPolicyID: number | null;
  volumeAccessGroups: number[];
  createMs: number;
  /** When the cluster really made it; `createMs` can be set by ModifyVolume. */
  bornMs: number;
  deleteMs: number | null;
  purgeMs: number | null;
  fifoSize: number;
  minFifoSize: number;
  /** Whether a clone job made it: only then is it young for a while. */
  cloned: boolean;
  volumeUUID: string;
  volumeConsistencyGroupUUID: string;
  /** Stands for the data: two volumes hold the same bytes if and only if this is equal. Not part of the API. */
  content: string;
}

export interface SnapshotRecord {
  snapshotID: number;
  volumeID: number;
  volumeName: string;
  name: string;
  attributes: Attributes;
  createMs: number;
  /** Null: never. */
  expirationMs: number | null;
  fifo: boolean;
  enableRemoteReplication: boolean;
  snapMirrorLabel: string | null;
  totalSize: number;
  groupSnapshotID: number | null;
  snapshotUUID: string;
  instanceSnapshotUUID: string;
  content: string;
}

export interface GroupSnapshotRecord {
  groupSnapshotID: number;
  groupSnapshotUUID: string;
  name: string;
  attributes: Attributes;
  createMs: number;
  enableRemoteReplication: boolean;
  members: number[];
}

export interface AccessGroupRecord {
  volumeAccessGroupID: number;
  name: string;
  attributes: Attributes;
  initiatorIDs: number[];
  /** Members, deleted ones among them until they are purged. */
  volumes: number[];
}

export interface AccountRecord {
  accountID: number;
  username: string;
  status: 'active' | 'locked' | 'removed';
  attributes: Attributes;
  initiatorSecret: string;
  targetSecret: string;
  enableChap: boolean;
}

export interface QoSPolicyRecord {
  qosPolicyID: number;
  name: string;
  qos: QoS;
}

export type JobStatus = 'running' | 'complete' | 'failed' | 'cancelled';

/** One running or finished copy: CloneVolume, CopyVolume, or a member of CloneMultipleVolumes. */
export interface CloneJobRecord {
  cloneID: number;
  groupCloneID: number | null;
  kind: 'clone' | 'copy';
  asyncHandle: number;
  srcVolumeID: number;
  dstVolumeID: number;
  snapshotID: number | null;
  nodeID: number;
  status: JobStatus;
  totalBytes: number;
  startMs: number;
  metadataMs: number;
  dataMs: number;
  /** When it ends, or ended; Infinity when it is stalled for ever. */
  endMs: number;
  /** Where progress stops for `stallMs` (fault `cloneStalls`). */
  stallAtPercent: number | null;
  /** Infinity: it never goes on. */
  stallMs: number;
  failure: { name: string; message: string } | null;
  hidden: boolean;
  content: string;
  /** Of CopyVolume: what the destination held before, and the attributes of the source. */
  overwrites: { content: string; attributes: Attributes } | null;
}

export interface AsyncResultRecord {
  asyncHandle: number;
  resultType: 'Clone';
  createMs: number;
  lastUpdateMs: number;
  cloneIDs: number[];
  groupCloneID: number | null;
  /** What it ended with; null while it runs. */
  outcome: { result: Attributes } | { error: Attributes & { name: string; message: string } } | null;
  /** Vanishes when it completes, as if another reader had taken it (fault `loseAsyncResult`). */
  lost: boolean;
}

/** An iSCSI session, set through the control port. */
export interface SessionRecord {
  sessionID: number;
  volumeID: number;
  initiatorName: string;
  initiatorIP: string;
  createMs: number;
}

/** A cluster admin and what it may do. Source: `reference_element_api_clusteradmin`. */
export interface ClusterAdminRecord {
  clusterAdminID: number;
  username: string;
  password: string;
  access: string[];
}
