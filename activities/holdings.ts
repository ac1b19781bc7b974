import { readTag, removalNote, type OwnershipTag } from '../contracts/tag.ts';
import type { AsyncHandle, CloneJob, ElementClient, GroupSnapshot, Snapshot, Volume } from '../element/index.ts';

/** A volume with our tag, deleted ones included. */
export interface OwnVolume {
  volume: Volume;
  tag: OwnershipTag;
  /** It was finished: see the ownership tag's `volumeID`. */
  stamped: boolean;
  /** When it was deleted as an orphan (ISO 8601). */
  removedAt: string | undefined;
}

/** A snapshot with our tag, or a group snapshot. */
export interface OwnSnapshot {
  kind: 'snapshot' | 'groupSnapshot';
  /** snapshotID or groupSnapshotID. */
  id: number;
  name: string;
  bytes: number;
  /** ISO 8601. */
  createTime: string;
  expirationTime: string | null;
  /** The snapshot itself, or those that the group consists of. */
  members: readonly Snapshot[];
  tag: OwnershipTag;
}

/** What of a cluster has to do with objects of ours. */
export interface Holdings {
  volumes: OwnVolume[];
  snapshots: OwnSnapshot[];
  /** All clone jobs and the async results of all clones: whose they are shows by their volume. */
  jobs: CloneJob[];
  results: AsyncHandle[];
  groupNames: ReadonlyMap<number, string>;
  /** The workflow that made a volume, by volumeID. */
  makers: ReadonlyMap<number, string>;
  /** The initiator that is connected to a volume, by volumeID. */
  hosts: ReadonlyMap<number, string>;
}

/**
 * The volume as one of ours. Not a copy that somebody made of our clone: it has inherited the tag, but the stamp on it
 * is another volume's ID, or the job that fills it reads from another volume than the tag's source.
 */
export function ownVolume(volume: Volume, jobs: readonly CloneJob[]): OwnVolume | undefined {
  const tag = readTag(volume.attributes);
  if (tag?.step !== 'clone' || tag.sourceVolumeID === volume.volumeID) return undefined;
  if (tag.volumeID !== undefined && tag.volumeID !== volume.volumeID) return undefined;
  const stamped = tag.volumeID !== undefined;
  const job = jobs.find((j) => j.dstVolumeID === volume.volumeID);
  if (!stamped && job !== undefined && job.srcVolumeID !== tag.sourceVolumeID) return undefined;
  return { volume, tag, stamped, removedAt: removalNote(volume.attributes) };
}

/** The snapshot as one of ours: its tag names the volume that it is of. */
export function ownSnapshot(snapshot: Snapshot): OwnSnapshot | undefined {
  const tag = readTag(snapshot.attributes);
  if (tag?.step !== 'snapshot' || tag.sourceVolumeID !== snapshot.volumeID) return undefined;
  const { snapshotID: id, name, totalSize: bytes, createTime, expirationTime } = snapshot;
  return { kind: 'snapshot', id, name, bytes, createTime, expirationTime, members: [snapshot], tag };
}

/** The same for a group snapshot. Whether its members inherit the tag is not documented: it may be on either. */
export function ownGroupSnapshot({ groupSnapshotID: id, members, ...group }: GroupSnapshot): OwnSnapshot | undefined {
  const tag = [group, ...members].map(({ attributes }) => readTag(attributes)).find((t) => t?.step === 'groupSnapshot');
  if (tag === undefined || !members.some((m) => m.volumeID === tag.sourceVolumeID)) return undefined;
  return {
    ...{ kind: 'groupSnapshot', id, name: group.name, createTime: group.createTime, members, tag },
    bytes: members.reduce((sum, m) => sum + m.totalSize, 0),
    expirationTime: members[0]?.expirationTime ?? null,
  };
}

/** Everything of ours on the cluster, in seven calls. */
export async function listHoldings(api: ElementClient): Promise<Holdings> {
  const [{ volumes }, snapshots, { cloneJobs: jobs }, { asyncHandles }, { volumeAccessGroups }, { sessions }] =
    await Promise.all([
      api.listVolumes({ includeVirtualVolumes: false }),
      listOwnSnapshots(api),
      api.listSyncJobs({}),
      api.listAsyncResults({ asyncResultTypes: ['Clone'] }),
      api.listVolumeAccessGroups({}),
      api.listISCSISessions({}),
    ]);
  const own = volumes.flatMap((v) => ownVolume(v, jobs) ?? []);
  return {
    volumes: own,
    snapshots,
    jobs,
    results: asyncHandles,
    groupNames: new Map(volumeAccessGroups.map((g) => [g.volumeAccessGroupID, g.name])),
    makers: new Map(own.map((o) => [o.volume.volumeID, o.tag.workflowID])),
    hosts: new Map(
      sessions.flatMap((s) =>
        s.volumeID === null || s.volumeID === undefined
          ? []
          : [[s.volumeID, s.initiatorName || s.initiatorIP || 'a host'] as const],
      ),
    ),
  };
}

/** Snapshots and group snapshots of ours. */
export async function listOwnSnapshots(api: ElementClient): Promise<OwnSnapshot[]> {
  const [{ snapshots }, { groupSnapshots }] = await Promise.all([api.listSnapshots({}), api.listGroupSnapshots({})]);
  return [
    ...snapshots.flatMap((s) => ownSnapshot(s) ?? []),
    ...groupSnapshots.flatMap((g) => ownGroupSnapshot(g) ?? []),
  ];
}
