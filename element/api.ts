import type { z } from 'zod';
import type * as cluster from './schemas/cluster.ts';
import type * as jobs from './schemas/jobs.ts';
import type { QoS, Snapshot, Volume } from './schemas/volume.ts';
import type { CallOptions } from './transport.ts';

type NoParams = Record<string, never>;
type Attributes = Record<string, unknown>;
type Access = 'readOnly' | 'readWrite' | 'locked' | 'replicationTarget';
type PartialQoS = { [K in keyof QoS]?: QoS[K] | undefined };
type Method<P, R> = (params: P, options?: CallOptions) => Promise<R>;

/** What CloneVolume is asked for. */
export interface CloneVolumeParams {
  volumeID: number;
  /** 1–64 characters; need not be unique. */
  name: string;
  snapshotID?: number;
  access?: Access;
  attributes?: Attributes;
  enable512e?: boolean;
  enableSnapMirrorReplication?: boolean;
  newAccountID?: number;
  /** Bytes; rounded up to a whole MiB. */
  newSize?: number;
}

export interface CloneMultipleVolumesParams {
  volumes: {
    volumeID: number;
    name?: string;
    access?: Access;
    newAccountID?: number;
    newSize?: number;
    attributes?: Attributes;
  }[];
  groupSnapshotID?: number;
  access?: Access;
  newAccountID?: number;
}

export interface ModifyVolumeParams {
  volumeID: number;
  access?: Access;
  accountID?: number;
  attributes?: Attributes;
  qos?: PartialQoS;
  qosPolicyID?: number;
  /** Bytes; can only grow. */
  totalSize?: number;
}

export interface ListVolumesParams {
  accounts?: number[];
  includeVirtualVolumes?: boolean;
  limit?: number;
  startVolumeID?: number;
  /** Excludes accounts, startVolumeID and limit. */
  volumeIDs?: number[];
  volumeName?: string;
  volumeStatus?: string;
}

type SnapshotLifetime = {
  /** HH:mm:ss. */
  retention?: string;
  /** ISO 8601, UTC; not with retention. */
  expirationTime?: string;
};

/**
 * The Element API, as far as this project uses it: one function per API method, of the same name, with the API's own
 * parameter names. All throw ElementApiError (the cluster said no), ElementAuthError, ElementTransportError (no usable
 * answer) or ElementProtocolError (an answer that is not as the reference says).
 */
export interface ElementMethods {
  getAPI: Method<NoParams, cluster.ApiVersions>;
  getClusterInfo: Method<NoParams, { clusterInfo: cluster.ClusterInfo }>;
  getClusterVersionInfo: Method<NoParams, cluster.ClusterVersionInfo>;
  getLimits: Method<NoParams, cluster.Limits>;
  getClusterFullThreshold: Method<NoParams, cluster.ClusterFullThreshold>;
  listActiveNodes: Method<NoParams, { nodes: cluster.Node[] }>;
  /** Since 10.0. */
  getCurrentClusterAdmin: Method<NoParams, { clusterAdmin: cluster.ClusterAdmin }>;

  /** Deleted volumes that are not purged yet are among them, with status `deleted`. */
  listVolumes: Method<ListVolumesParams, { volumes: Volume[] }>;
  modifyVolume: Method<ModifyVolumeParams, { volume?: Volume | undefined }>;
  /** Marks it; the cluster purges it eight hours later. Cuts its iSCSI sessions at once. */
  deleteVolume: Method<{ volumeID: number }, unknown>;
  restoreDeletedVolume: Method<{ volumeID: number }, unknown>;
  purgeDeletedVolume: Method<{ volumeID: number }, unknown>;

  /** Asynchronous and not idempotent: every call makes a volume. */
  cloneVolume: Method<CloneVolumeParams, { asyncHandle: number; cloneID: number; volumeID: number }>;
  cloneMultipleVolumes: Method<
    CloneMultipleVolumesParams,
    { asyncHandle: number; groupCloneID: number; members: { srcVolumeID: number; volumeID: number }[] }
  >;
  /** Overwrites the data of an existing volume of the same size. */
  copyVolume: Method<
    { volumeID: number; dstVolumeID: number; snapshotID?: number },
    { asyncHandle: number; cloneID: number }
  >;
  cancelClone: Method<{ cloneID: number }, unknown>;
  cancelGroupClone: Method<{ groupCloneID: number }, unknown>;

  /** Not idempotent: every call makes a snapshot. */
  createSnapshot: Method<
    { volumeID: number; name?: string; attributes?: Attributes; enableRemoteReplication?: boolean } & SnapshotLifetime,
    { snapshotID: number }
  >;
  listSnapshots: Method<{ volumeID?: number; snapshotID?: number }, { snapshots: Snapshot[] }>;
  modifySnapshot: Method<{ snapshotID: number; expirationTime?: string; name?: string }, unknown>;
  deleteSnapshot: Method<{ snapshotID: number }, unknown>;
  rollbackToSnapshot: Method<
    { volumeID: number; snapshotID: number; saveCurrentState: boolean; name?: string },
    unknown
  >;
  createGroupSnapshot: Method<
    { volumes: number[]; name?: string; attributes?: Attributes } & SnapshotLifetime,
    { groupSnapshotID: number; members: { volumeID: number; snapshotID: number }[] }
  >;
  deleteGroupSnapshot: Method<{ groupSnapshotID: number; saveMembers: boolean }, unknown>;

  /** A finished result is removed by the first read unless `keepResult` is true; then xDBNoSuchPath. */
  getAsyncResult: Method<{ asyncHandle: number; keepResult: boolean }, jobs.AsyncResult>;
  /** Never removes one. */
  listAsyncResults: Method<{ asyncResultTypes?: string[] }, { asyncHandles: jobs.AsyncHandle[] }>;
  /** Running clone jobs; a finished one is simply gone. */
  listSyncJobs: Method<NoParams, { cloneJobs: jobs.CloneJob[] }>;

  listVolumeAccessGroups: Method<
    { volumeAccessGroups?: number[] },
    { volumeAccessGroups: cluster.VolumeAccessGroup[] }
  >;
  addVolumesToVolumeAccessGroup: Method<{ volumeAccessGroupID: number; volumes: number[] }, unknown>;
  removeVolumesFromVolumeAccessGroup: Method<{ volumeAccessGroupID: number; volumes: number[] }, unknown>;
  getAccountByID: Method<{ accountID: number }, { account: cluster.Account }>;
  /** Since 10.0. */
  getQoSPolicy: Method<{ qosPolicyID: number }, { qosPolicy: cluster.QoSPolicy }>;
  listISCSISessions: Method<NoParams, { sessions: cluster.ISCSISession[] }>;
}

export interface ElementClient extends ElementMethods {
  /** Any other method; the caller checks what comes back. */
  call<T>(method: string, params: object, schema: z.ZodType<T>, options?: CallOptions): Promise<T>;
  /** The version in use: the configured one, else negotiated with the cluster once. */
  apiVersion(options?: CallOptions): Promise<string>;
  /** The cluster's clock minus ours at the last answer, in milliseconds, to a second. */
  clockSkewMs(): number | undefined;
  close(): Promise<void>;
}
