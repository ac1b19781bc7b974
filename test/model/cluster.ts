import { ElementApiError } from '../../element/index.ts';
import type { AsyncHandle, CloneJob, Snapshot, Volume } from '../../element/index.ts';

/** IDs below are there from the start and belong to others. Ours count up from here, all kinds together. */
export const FIRST_ID = 1_001;
export const SOURCE = 42;
export const FOREIGN_SNAPSHOT = 60;
/** What somebody makes of our clone. */
export const COPY = 70;

interface ModelVolume {
  volumeID: number;
  name: string;
  attributes: Record<string, unknown>;
  status: 'init' | 'active' | 'deleted';
  groups: number[];
}

interface ModelJob {
  cloneID: number;
  asyncHandle: number;
  volumeID: number;
  /** Milliseconds since the epoch. */
  endsAt: number;
  fails: boolean;
}

/** A call whose caller is gone and which has not acted yet. It acts before `until`, or at any time while that is null. */
export interface LateCall {
  method: string;
  params: unknown;
  until: number | null;
  /** Made by an attempt that Temporal has not given up yet: `until` is not known before it does. */
  orphan?: true;
}

/** As much of a cluster as the protocol sees, as plain data: a state of the search. */
export interface ClusterState {
  nextID: number;
  volumes: ModelVolume[];
  snapshots: { snapshotID: number; attributes: Record<string, unknown> }[];
  jobs: ModelJob[];
  results: { asyncHandle: number; cloneID: number; volumeID: number; completed: boolean; failed: boolean }[];
  late: LateCall[];
  /** Creating calls that were sent out. */
  issued: number;
  /** A call that finds or removes async results was refused for good: one that stays is named as well as may be. */
  keepsResults: boolean;
  /** What must never happen, and did. */
  violation?: string;
}

/** How long the copies take, and whether the next one ends with an error. */
export interface CopyRules {
  copyMs: number;
  fails?: boolean;
}

export function newCluster(foreign: Pick<ModelVolume, 'volumeID' | 'name' | 'attributes'>[]): ClusterState {
  const volume = (v: Pick<ModelVolume, 'volumeID' | 'name' | 'attributes'>): ModelVolume => ({
    ...v,
    status: 'active',
    groups: [],
  });
  return {
    nextID: FIRST_ID,
    volumes: [volume({ volumeID: SOURCE, name: 'db', attributes: {} }), ...foreign.map(volume)],
    snapshots: [{ snapshotID: FOREIGN_SNAPSHOT, attributes: {} }],
    jobs: [],
    results: [],
    late: [],
    issued: 0,
    keepsResults: false,
  };
}

/** Volumes are the only objects that a call changes; those of others are shared. */
export const cloneCluster = (s: ClusterState): ClusterState => ({
  ...s,
  volumes: s.volumes.map((v) => (isForeign(v.volumeID) ? v : { ...v })),
  snapshots: [...s.snapshots],
  jobs: [...s.jobs],
  results: s.results.map((r) => ({ ...r })),
  late: s.late.map((l) => ({ ...l })),
});

const refuse = (method: string, name: string): never => {
  throw new ElementApiError(method, { name, message: 'as the reference says', code: 500 });
};

function live(state: ClusterState, volumeID: number, method: string): ModelVolume {
  const volume = state.volumes.find((v) => v.volumeID === volumeID && v.status !== 'deleted');
  return volume ?? refuse(method, 'xVolumeIDDoesNotExist');
}

const isForeign = (id: number) => id < FIRST_ID;

/** Lets the jobs end whose time has come. */
export function tick(state: ClusterState, now: number): void {
  for (const job of state.jobs.filter((j) => j.endsAt <= now)) {
    const volume = state.volumes.find((v) => v.volumeID === job.volumeID);
    const result = state.results.find((r) => r.asyncHandle === job.asyncHandle);
    const failed = job.fails || volume?.status !== 'init';
    if (volume && !failed) volume.status = 'active';
    if (result) Object.assign(result, { completed: true, failed });
  }
  state.jobs = state.jobs.filter((j) => j.endsAt > now);
}

/** Carries out one call at once, as the cluster does when it gets round to it. */
export function act(state: ClusterState, method: string, params: unknown, now: number, rules: CopyRules): unknown {
  tick(state, now);
  const call = calls[method];
  if (call === undefined) throw new Error(`the model knows no ${method}`);
  return call(state, params as never, now, rules);
}

type Call = (state: ClusterState, params: never, now: number, rules: CopyRules) => unknown;

const calls: Record<string, Call> = {
  listVolumes: (state, { volumeIDs, volumeName }: { volumeIDs?: number[]; volumeName?: string }) => ({
    volumes: state.volumes
      .filter((v) => volumeName === undefined || v.name === volumeName)
      .filter((v) => volumeIDs === undefined || volumeIDs.includes(v.volumeID))
      .map(asVolume),
  }),

  cloneVolume(state, p: { volumeID: number; name: string; snapshotID: number; attributes: object }, now, rules) {
    if (!state.snapshots.some((s) => s.snapshotID === p.snapshotID)) refuse('CloneVolume', 'xSnapshotIDDoesNotExist');
    const [volumeID, cloneID, asyncHandle] = [state.nextID++, state.nextID++, state.nextID++];
    state.volumes.push({ volumeID, name: p.name, attributes: { ...p.attributes }, status: 'init', groups: [] });
    state.jobs.push({ cloneID, asyncHandle, volumeID, endsAt: now + rules.copyMs, fails: rules.fails ?? false });
    state.results.push({ asyncHandle, cloneID, volumeID, completed: false, failed: false });
    tick(state, now);
    return { volumeID, cloneID, asyncHandle };
  },

  createSnapshot(state, p: { volumeID: number; attributes: object }) {
    const snapshotID = state.nextID++;
    state.snapshots.push({ snapshotID, attributes: { ...p.attributes } });
    return { snapshotID };
  },

  listSnapshots: (state) => ({ snapshots: state.snapshots.map(asSnapshot) }),

  deleteSnapshot(state, { snapshotID }: { snapshotID: number }) {
    if (isForeign(snapshotID)) state.violation ??= `deleted snapshot ${snapshotID}, which is not ours`;
    if (!state.snapshots.some((s) => s.snapshotID === snapshotID)) refuse('DeleteSnapshot', 'xSnapshotIDDoesNotExist');
    state.snapshots = state.snapshots.filter((s) => s.snapshotID !== snapshotID);
    return {};
  },

  deleteVolume(state, { volumeID }: { volumeID: number }) {
    if (isForeign(volumeID)) state.violation ??= `deleted volume ${volumeID}, which is not ours`;
    live(state, volumeID, 'DeleteVolume').status = 'deleted';
    return {};
  },

  modifyVolume(state, { volumeID, attributes }: { volumeID: number; attributes: Record<string, unknown> }) {
    if (isForeign(volumeID)) state.violation ??= `modified volume ${volumeID}, which is not ours`;
    const volume = live(state, volumeID, 'ModifyVolume');
    volume.attributes = { ...attributes };
    return { volume: asVolume(volume) };
  },

  addVolumesToVolumeAccessGroup: (state, p: { volumeAccessGroupID: number; volumes: number[] }) =>
    changeGroups(state, p, 'xAlreadyInVolumeAccessGroup'),
  removeVolumesFromVolumeAccessGroup: (state, p: { volumeAccessGroupID: number; volumes: number[] }) =>
    changeGroups(state, p, 'xNotInVolumeAccessGroup'),

  cancelClone(state, { cloneID }: { cloneID: number }) {
    const job = state.jobs.find((j) => j.cloneID === cloneID);
    if (job === undefined) return refuse('CancelClone', 'xDBNoSuchPath');
    state.jobs = state.jobs.filter((j) => j !== job);
    state.results = state.results.filter((r) => r.asyncHandle !== job.asyncHandle);
    state.volumes = state.volumes.filter((v) => v.volumeID !== job.volumeID);
    return {};
  },

  getAsyncResult(state, p: { asyncHandle: number; keepResult: boolean }) {
    const result = state.results.find((r) => r.asyncHandle === p.asyncHandle);
    if (result === undefined) return refuse('GetAsyncResult', 'xDBNoSuchPath');
    if (!result.completed) return { status: 'running' };
    if (!p.keepResult) state.results = state.results.filter((r) => r !== result);
    if (result.failed) return { status: 'complete', error: { name: 'xCloneFailed', message: 'as told' } };
    return { status: 'complete', result: { cloneID: result.cloneID, volumeID: result.volumeID } };
  },

  listAsyncResults: (state) => ({
    asyncHandles: state.results.map((r): AsyncHandle => ({
      asyncResultID: r.asyncHandle,
      completed: r.completed,
      resultType: 'Clone',
      data: { cloneID: r.cloneID, volumeID: r.volumeID, groupCloneID: undefined },
    })),
  }),

  listSyncJobs: (state, _params, now) => ({
    cloneJobs: state.jobs.map((j): CloneJob => ({
      type: 'clone',
      cloneID: j.cloneID,
      groupCloneID: undefined,
      srcVolumeID: SOURCE,
      dstVolumeID: j.volumeID,
      snapshotID: undefined,
      nodeID: undefined,
      stage: 'data',
      percentComplete: 50,
      bytesPerSecond: 100,
      currentBytes: 500,
      totalBytes: 1_000,
      elapsedTime: 5,
      remainingTime: (j.endsAt - now) / 1_000,
    })),
  }),
};

function changeGroups(
  state: ClusterState,
  { volumeAccessGroupID: group, volumes: [volumeID] }: { volumeAccessGroupID: number; volumes: number[] },
  already: 'xAlreadyInVolumeAccessGroup' | 'xNotInVolumeAccessGroup',
): unknown {
  if (isForeign(volumeID!)) state.violation ??= `changed access to volume ${volumeID}, which is not ours`;
  const volume = live(state, volumeID!, 'ModifyVolumeAccessGroup');
  const adding = already === 'xAlreadyInVolumeAccessGroup';
  if (volume.groups.includes(group) === adding) return refuse('ModifyVolumeAccessGroup', already);
  volume.groups = adding ? [...volume.groups, group] : volume.groups.filter((g) => g !== group);
  return {};
}

const asVolume = (v: ModelVolume): Volume => ({
  volumeID: v.volumeID,
  name: v.name,
  accountID: 1,
  status: v.status,
  access: 'readWrite',
  enable512e: false,
  totalSize: 1_000,
  iqn: '',
  qos: { minIOPS: 50, maxIOPS: 100, burstIOPS: 200 },
  attributes: { ...v.attributes },
  volumeAccessGroups: [...v.groups],
  createTime: '2026-01-01T00:00:00Z',
  deleteTime: null,
  purgeTime: null,
});

const asSnapshot = (s: ClusterState['snapshots'][number]): Snapshot => ({
  snapshotID: s.snapshotID,
  volumeID: SOURCE,
  name: 'before-clone',
  status: 'done',
  totalSize: 1_000,
  attributes: { ...s.attributes },
  createTime: '2026-01-01T00:00:00Z',
  expirationTime: null,
  groupID: 0,
});
