import { isoDate, type SimulatorClock } from './clock.ts';
import type { Context } from './context.ts';
import { progressOf, type Progress } from './progress.ts';
import type { CloneJobRecord } from './records.ts';
import * as render from './render.ts';

type ApiObject = Record<string, unknown>;

/** A clone job, running or over. Times are ISO dates of the cluster's clock. */
export interface CloneJobView extends Omit<Progress, 'stage'> {
  cloneID: number;
  groupCloneID: number | null;
  kind: 'clone' | 'copy';
  asyncHandle: number;
  srcVolumeID: number;
  dstVolumeID: number;
  snapshotID: number | null;
  nodeID: number;
  status: CloneJobRecord['status'];
  stage: Progress['stage'];
  startMs: number;
  /** When it ended, or will; null while it is stalled. */
  endMs: number | null;
}

/** Whole state of the cluster as `GET /state` gives it: API objects, with what the API does not show beside them. */
export interface StateView {
  clock: { nowMs: number; now: string; speed: number };
  /** `content` stands for the data: equal if and only if the bytes are. */
  volumes: (ApiObject & { volumeID: number; name: string; status: string; content: string })[];
  snapshots: (ApiObject & { snapshotID: number; volumeID: number; name: string; content: string })[];
  groupSnapshots: (ApiObject & { groupSnapshotID: number; name: string })[];
  accessGroups: (ApiObject & { volumeAccessGroupID: number; name: string; volumes: number[] })[];
  accounts: ApiObject[];
  qosPolicies: ApiObject[];
  cloneJobs: CloneJobView[];
  asyncResults: { asyncHandle: number; completed: boolean; cloneIDs: number[]; groupCloneID: number | null }[];
  sessions: ApiObject[];
  slots: {
    running: number;
    /** Most clone jobs that ever ran at once: in all, by source volume, by node. */
    peak: { running: number; byVolume: Record<string, number>; byNode: Record<string, number> };
  };
}

const jobView = (job: CloneJobRecord, nowMs: number): CloneJobView => ({
  cloneID: job.cloneID,
  groupCloneID: job.groupCloneID,
  kind: job.kind,
  asyncHandle: job.asyncHandle,
  srcVolumeID: job.srcVolumeID,
  dstVolumeID: job.dstVolumeID,
  snapshotID: job.snapshotID,
  nodeID: job.nodeID,
  status: job.status,
  startMs: job.startMs,
  endMs: Number.isFinite(job.endMs) ? job.endMs : null,
  ...progressOf(job, nowMs),
});

const list = <R, V>(map: ReadonlyMap<number, R>, view: (record: R) => V): V[] => [...map.values()].map(view);

export const stateView = (context: Context, clock: SimulatorClock): StateView => {
  const { state, nowMs } = context;
  const view = {
    clock: { nowMs, now: isoDate(nowMs), speed: clock.speed() },
    volumes: list(state.volumes, (v) => ({ ...render.renderVolume(context, v), content: v.content })),
    snapshots: list(state.snapshots, (s) => ({ ...render.renderSnapshot(context, s), content: s.content })),
    groupSnapshots: list(state.groupSnapshots, (g) => render.renderGroupSnapshot(context, g)),
    accessGroups: list(state.accessGroups, (g) => render.renderAccessGroup(context, g)),
    accounts: list(state.accounts, (a) => render.renderAccount(context, a)),
    qosPolicies: list(state.qosPolicies, (p) => render.renderQoSPolicy(context, p)),
    cloneJobs: list(state.cloneJobs, (job) => jobView(job, nowMs)),
    asyncResults: list(state.asyncResults, (r) => ({
      asyncHandle: r.asyncHandle,
      completed: r.outcome !== null,
      cloneIDs: r.cloneIDs,
      groupCloneID: r.groupCloneID,
    })),
    sessions: state.sessions.map((s) => ({ ...s })),
    slots: {
      running: state.running.size,
      peak: {
        running: state.peak.running,
        byVolume: Object.fromEntries(state.peak.byVolume),
        byNode: Object.fromEntries(state.peak.byNode),
      },
    },
  };
  return structuredClone(view) as unknown as StateView;
};
