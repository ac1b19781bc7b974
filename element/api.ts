import type { z } from 'zod';
import type * as cluster from './schemas/cluster.ts';
import type * as jobs from './schemas/jobs.ts';
import type { GroupSnapshot, QoS, Snapshot, Volume } from './schemas/volume.ts';
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

/** What CloneMultipleVolumes is asked for. */
export interface CloneMultipleVolumesParams {
  volumes: {
    volumeID: number;
    name?: string;
    access?: Access;
    newAccountID?: number;
    /** Bytes; rounded up to a whole MiB. */
    newSize?: number;
    attributes?: Attributes;
  }[];
  /** The moment to clone; without it, now. */
  groupSnapshotID?: number;
  /** For members that do not say so themselves, as is `newAccountID`. */
  access?: Access;
  newAccountID?: number;
  enableSnapMirrorReplication?: boolean;
}

/** What ModifyVolume is asked for; what is left out stays as it is. */
export interface ModifyVolumeParams {
  volumeID: number;
  /** `locked` and `replicationTarget` cut all iSCSI connections. */
  access?: Access;
  accountID?: number;
  /** Replace those that were there. */
  attributes?: Attributes;
  /** IOPS of 4 KiB. */
  qos?: PartialQoS;
  /** Not with qos. */
  qosPolicyID?: number;
  /** Bytes; can only grow. */
  totalSize?: number;
}

/** What ListVolumes is asked for. */
export interface ListVolumesParams {
  accounts?: number[];
  /** @default true */
  includeVirtualVolumes?: boolean;
  /** @default 10_000 */
  limit?: number;
  /** Volumes with this ID or a higher one. */
  startVolumeID?: number;
  /** Excludes accounts, startVolumeID and limit. */
  volumeIDs?: number[];
  /** The whole name. */
  volumeName?: string;
  volumeStatus?: string;
}

/** How long a snapshot lives; for ever without either. The cluster removes an expired one itself. */
type SnapshotLifetime = {
  /** HH:mm:ss. */
  retention?: string;
  /** ISO 8601, UTC; not with retention. */
  expirationTime?: string;
};

export type CreateSnapshotParams = {
  volumeID: number;
  /** Up to 255 characters. @default the time of the call */
  name?: string;
  attributes?: Attributes;
  enableRemoteReplication?: boolean;
} & SnapshotLifetime;

export type CreateGroupSnapshotParams = {
  /** Volume IDs; GetLimits says how many (`volumesPerGroupSnapshotMax`). */
  volumes: number[];
  name?: string;
  attributes?: Attributes;
} & SnapshotLifetime;

type AccessGroupMembers = {
  volumeAccessGroupID: number;
  /** Volume IDs. */
  volumes: number[];
};

/**
 * The Element API, as far as this project uses it: one function per API method, of the same name, with the API's own
 * parameter names. Sizes are bytes, dates UTC in ISO 8601, "no date" is null. All throw ElementApiError (the cluster
 * said no), ElementAuthError, ElementTransportError (no usable answer) or ElementProtocolError (an answer that is not as
 * the reference says); the API's names listed below are those that a method is known for.
 *
 * @see https://docs.netapp.com/us-en/element-software/api/
 */
export interface ElementMethods {
  /** GetAPI: the API versions that the cluster serves. */
  getAPI: Method<NoParams, cluster.ApiVersions>;
  /** GetClusterInfo. */
  getClusterInfo: Method<NoParams, { clusterInfo: cluster.ClusterInfo }>;
  /** GetClusterVersionInfo. */
  getClusterVersionInfo: Method<NoParams, cluster.ClusterVersionInfo>;
  /** GetLimits: of the software that runs, whatever API version is asked. They change only with an upgrade. */
  getLimits: Method<NoParams, cluster.Limits>;
  /** GetClusterFullThreshold: at stage 4 or 5 the cluster makes no snapshots and no clones. */
  getClusterFullThreshold: Method<NoParams, cluster.ClusterFullThreshold>;
  /** ListActiveNodes. */
  listActiveNodes: Method<NoParams, { nodes: cluster.Node[] }>;
  /** GetCurrentClusterAdmin, since 10.0: whom we are logged in as, and what that user may do. */
  getCurrentClusterAdmin: Method<NoParams, { clusterAdmin: cluster.ClusterAdmin }>;

  /** ListVolumes. Deleted volumes that are not purged yet are among them, with status `deleted`. */
  listVolumes: Method<ListVolumesParams, { volumes: Volume[] }>;
  /** ModifyVolume. Errors: xVolumeIDDoesNotExist, xVolumeShrinkProhibited; xSliceNotRegistered soon after creation. */
  modifyVolume: Method<ModifyVolumeParams, { volume?: Volume | undefined }>;
  /**
   * DeleteVolume: marks it; the cluster purges it eight hours later. Cuts its iSCSI sessions at once, keeps its snapshots.
   * Errors: xVolumeIDDoesNotExist.
   */
  deleteVolume: Method<{ volumeID: number }, unknown>;
  /** RestoreDeletedVolume: takes DeleteVolume back, until the purge. */
  restoreDeletedVolume: Method<{ volumeID: number }, unknown>;
  /** PurgeDeletedVolume: what nothing brings back. Only of a volume that is `deleted`. */
  purgeDeletedVolume: Method<{ volumeID: number }, unknown>;

  /**
   * CloneVolume. Asynchronous and not idempotent: every call makes a volume, which is usable at status `active`.
   * Errors: xVolumeIDDoesNotExist, xSnapshotIDDoesNotExist, xMaxClonesPerVolumeExceeded, xMaxClonesPerNodeExceeded,
   * xExceededLimit.
   */
  cloneVolume: Method<CloneVolumeParams, { asyncHandle: number; cloneID: number; volumeID: number }>;
  /** CloneMultipleVolumes: the same of a group. There is no cloneID for a single member. */
  cloneMultipleVolumes: Method<
    CloneMultipleVolumesParams,
    { asyncHandle: number; groupCloneID: number; members: { srcVolumeID: number; volumeID: number }[] }
  >;
  /**
   * CopyVolume: overwrites the data of an existing volume of the same size, which keeps its ID, IQN, QoS, account and
   * access groups. Runs and ends as a clone does.
   */
  copyVolume: Method<
    { volumeID: number; dstVolumeID: number; snapshotID?: number },
    { asyncHandle: number; cloneID: number }
  >;
  /** CancelClone: stops it, and removes its asyncHandle. An error when it has ended. */
  cancelClone: Method<{ cloneID: number }, unknown>;
  /** CancelGroupClone. */
  cancelGroupClone: Method<{ groupCloneID: number }, unknown>;

  /**
   * CreateSnapshot. Not idempotent: every call makes a snapshot. Errors: xNotPrimary (try again),
   * xMaxSnapshotsPerVolumeExceeded, xVolumeIDDoesNotExist.
   */
  createSnapshot: Method<CreateSnapshotParams, { snapshotID: number }>;
  /** ListSnapshots: of one volume, or of all. */
  listSnapshots: Method<{ volumeID?: number; snapshotID?: number }, { snapshots: Snapshot[] }>;
  /** ModifySnapshot. An expirationTime of null keeps it for ever. */
  modifySnapshot: Method<{ snapshotID: number; expirationTime?: string | null; name?: string }, unknown>;
  /** DeleteSnapshot. Errors: xSnapshotIDDoesNotExist. */
  deleteSnapshot: Method<{ snapshotID: number }, unknown>;
  /** RollbackToSnapshot: what the volume holds now is lost unless `saveCurrentState` makes a snapshot of it. */
  rollbackToSnapshot: Method<
    { volumeID: number; snapshotID: number; saveCurrentState: boolean; name?: string },
    unknown
  >;
  /** CreateGroupSnapshot: of all volumes at the same moment. Not idempotent. */
  createGroupSnapshot: Method<
    CreateGroupSnapshotParams,
    { groupSnapshotID: number; members: { volumeID: number; snapshotID: number }[] }
  >;
  /** ListGroupSnapshots: all, or those of the given volumes. */
  listGroupSnapshots: Method<{ volumes?: number[]; groupSnapshotID?: number }, { groupSnapshots: GroupSnapshot[] }>;
  /** DeleteGroupSnapshot. `saveMembers` keeps the snapshots and dissolves the group. */
  deleteGroupSnapshot: Method<{ groupSnapshotID: number; saveMembers: boolean }, unknown>;

  /**
   * GetAsyncResult. A finished result is removed by the first read unless `keepResult` is true; afterwards
   * xDBNoSuchPath. The job's own failure is `error` inside the result.
   */
  getAsyncResult: Method<{ asyncHandle: number; keepResult: boolean }, jobs.AsyncResult>;
  /** ListAsyncResults: running and finished ones. Never removes one. */
  listAsyncResults: Method<{ asyncResultTypes?: string[] }, { asyncHandles: jobs.AsyncHandle[] }>;
  /** ListSyncJobs, its clone jobs: the running ones; a finished one is simply gone. Times are seconds. */
  listSyncJobs: Method<NoParams, { cloneJobs: jobs.CloneJob[] }>;

  /** ListVolumeAccessGroups: all, or those with the given IDs. Names are not unique. */
  listVolumeAccessGroups: Method<
    { volumeAccessGroups?: number[] },
    { volumeAccessGroups: cluster.VolumeAccessGroup[] }
  >;
  /** AddVolumesToVolumeAccessGroup. Errors: xAlreadyInVolumeAccessGroup (done), xVolumeAccessGroupIDDoesNotExist. */
  addVolumesToVolumeAccessGroup: Method<AccessGroupMembers, unknown>;
  /** RemoveVolumesFromVolumeAccessGroup. Errors: xNotInVolumeAccessGroup (done). */
  removeVolumesFromVolumeAccessGroup: Method<AccessGroupMembers, unknown>;
  /** GetAccountByID, without the CHAP secrets. Errors: xUnknownAccount, xAccountIDDoesNotExist. */
  getAccountByID: Method<{ accountID: number }, { account: cluster.Account }>;
  /** ListAccounts, without the CHAP secrets. */
  listAccounts: Method<{ startAccountID?: number; limit?: number }, { accounts: cluster.Account[] }>;
  /** ListQoSPolicies, since 10.0. */
  listQoSPolicies: Method<NoParams, { qosPolicies: cluster.QoSPolicy[] }>;
  /** GetQoSPolicy, since 10.0. Errors: xQoSPolicyDoesNotExist. */
  getQoSPolicy: Method<{ qosPolicyID: number }, { qosPolicy: cluster.QoSPolicy }>;
  /** ListISCSISessions: who is connected to which volume. */
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
