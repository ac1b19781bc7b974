import type { Behaviour, CopyRule } from './behaviour.ts';
import type { Context } from './context.ts';
import { ElementError } from './errors.ts';
import { globMatches } from './glob.ts';
import type { AsyncResultRecord, CloneJobRecord, VolumeRecord } from './records.ts';
import { newContent, nextID, type ClusterState } from './state.ts';
import { expireSnapshot, removeVolume } from './volumes.ts';

/** What a copy reads: a volume as it is now, or one of its snapshots. */
export interface CopySource {
  volume: VolumeRecord;
  snapshotID: number | null;
  content: string;
  totalSize: number;
}

const count = (state: ClusterState, test: (job: CloneJobRecord) => boolean): number =>
  [...state.running].filter(test).length;

/** Refuses as GetLimits says when a volume, or every node, already runs as many clone jobs as it may. */
export const reserveNodes = (context: Context, sources: readonly VolumeRecord[]): number[] => {
  const { state, limits, behaviour, identity } = context;
  const perVolume = new Map<number, number>();
  for (const { volumeID } of sources) {
    const already = perVolume.get(volumeID) ?? count(state, (job) => job.srcVolumeID === volumeID);
    if (already >= limits.cloneJobsPerVolumeMax) {
      throw new ElementError(
        'xMaxClonesPerVolumeExceeded',
        `Volume ${volumeID} already has the maximum of ${limits.cloneJobsPerVolumeMax} clone jobs running.`,
      );
    }
    perVolume.set(volumeID, already + 1);
  }
  const load = Array.from({ length: identity.nodes }, (_, i) => count(state, (job) => job.nodeID === i + 1));
  return sources.map(({ volumeID }) => {
    const index =
      behaviour.cloneNode === 'sourceVolume' ? (volumeID - 1) % identity.nodes : load.indexOf(Math.min(...load));
    if (load[index]! >= limits.cloneJobsPerNodeMax) {
      throw new ElementError(
        'xMaxClonesPerNodeExceeded',
        `Node ${index + 1} already runs the maximum of ${limits.cloneJobsPerNodeMax} clone jobs.`,
      );
    }
    load[index]! += 1;
    return index + 1;
  });
};

const applies = (rule: CopyRule, srcVolumeID: number, name: string): boolean =>
  (rule.volumeID === undefined || rule.volumeID === srcVolumeID) &&
  (rule.name === undefined || globMatches(rule.name, name));

/** How long a copy takes, in simulated milliseconds. */
const durations = (context: Context, source: CopySource, name: string): { metadataMs: number; dataMs: number } => {
  const { behaviour, random } = context;
  const rule = behaviour.copyRules.find((r) => applies(r, source.volume.volumeID, name));
  const exact = rule?.cloneSeconds ?? (rule?.bytesPerSecond === undefined ? behaviour.cloneSeconds : null);
  if (exact !== null) return { metadataMs: exact * 100, dataMs: exact * 900 };
  const jitter = behaviour.rateJitter === 0 ? 0 : (random.next() * 2 - 1) * behaviour.rateJitter;
  const rate = (rule?.bytesPerSecond ?? behaviour.bytesPerSecond) * (1 + jitter);
  return { metadataMs: behaviour.metadataSeconds * 1000, dataMs: (source.totalSize / rate) * 1000 };
};

/** A new entry of ListAsyncResults, for one clone or for all of a group. */
export const openAsyncResult = (context: Context, groupCloneID: number | null): AsyncResultRecord => {
  const record: AsyncResultRecord = {
    asyncHandle: nextID(context.state, 'async'),
    resultType: 'Clone',
    createMs: context.nowMs,
    lastUpdateMs: context.nowMs,
    cloneIDs: [],
    groupCloneID,
    outcome: null,
    lost: context.jobFaults.some((f) => f.kind === 'loseAsyncResult'),
  };
  context.state.asyncResults.set(record.asyncHandle, record);
  return record;
};

export interface NewJob {
  kind: 'clone' | 'copy';
  source: CopySource;
  destination: VolumeRecord;
  nodeID: number;
  async: AsyncResultRecord;
}

/** Starts a copy. The caller has checked everything and reserved the node. */
export const startJob = (context: Context, { kind, source, destination, nodeID, async }: NewJob): CloneJobRecord => {
  const { state, nowMs, jobFaults } = context;
  const { metadataMs, dataMs } = durations(context, source, destination.name);
  const job: CloneJobRecord = {
    cloneID: nextID(state, 'clone'),
    groupCloneID: async.groupCloneID,
    kind,
    asyncHandle: async.asyncHandle,
    srcVolumeID: source.volume.volumeID,
    dstVolumeID: destination.volumeID,
    snapshotID: source.snapshotID,
    nodeID,
    status: 'running',
    totalBytes: source.totalSize,
    startMs: nowMs,
    metadataMs,
    dataMs,
    endMs: nowMs + metadataMs + dataMs,
    stallAtPercent: null,
    stallMs: 0,
    failure: null,
    hidden: false,
    content: source.content,
    overwrites: kind === 'copy' ? { content: destination.content, attributes: { ...source.volume.attributes } } : null,
  };
  // Block by block: until it is whole it is neither the one nor the other.
  if (kind === 'copy') destination.content = newContent(state);
  for (const fault of jobFaults) {
    if ('sourceVolumeID' in fault && (fault.sourceVolumeID ?? job.srcVolumeID) !== job.srcVolumeID) continue;
    if (fault.kind === 'cloneFails') {
      job.failure = { name: fault.name ?? 'xCloneFailed', message: fault.message ?? 'Clone failed.' };
      job.endMs = nowMs + metadataMs + dataMs * ((fault.atPercent ?? 50) / 100) + job.stallMs;
    } else if (fault.kind === 'cloneStalls') {
      job.stallAtPercent = fault.atPercent ?? 50;
      job.stallMs = (fault.forSeconds ?? Infinity) * 1_000;
      job.endMs += job.stallMs;
    } else if (fault.kind === 'loseSyncJob') {
      job.hidden = true;
    }
  }
  state.cloneJobs.set(job.cloneID, job);
  state.running.add(job);
  async.cloneIDs.push(job.cloneID);
  notePeak(state, job);
  state.due.add(job.endMs, (at) => {
    if (job.status === 'running' && job.endMs === at) {
      endJob(context, job, at, job.failure === null ? 'complete' : 'failed');
    }
  });
  return job;
};

const raise = (map: Map<number, number>, id: number, now: number): void => {
  map.set(id, Math.max(map.get(id) ?? 0, now));
};

const notePeak = ({ running, peak }: ClusterState, job: CloneJobRecord): void => {
  const jobs = [...running];
  peak.running = Math.max(peak.running, jobs.length);
  raise(peak.byVolume, job.srcVolumeID, jobs.filter((j) => j.srcVolumeID === job.srcVolumeID).length);
  raise(peak.byNode, job.nodeID, jobs.filter((j) => j.nodeID === job.nodeID).length);
};

/** Ends a job in any way, and its asynchronous result with the last job of it. */
export const endJob = (
  context: Pick<Context, 'state' | 'behaviour'>,
  job: CloneJobRecord,
  at: number,
  status: 'complete' | 'failed' | 'cancelled',
): void => {
  const { state, behaviour } = context;
  job.status = status;
  job.endMs = at;
  state.running.delete(job);
  const destination = state.volumes.get(job.dstVolumeID);
  if (status === 'complete') {
    if (destination !== undefined) {
      destination.content = job.content;
      if (destination.status === 'init') destination.status = 'active';
      if (job.overwrites !== null && behaviour.copyAttributes === 'copied') {
        destination.attributes = job.overwrites.attributes;
      }
    }
  } else if (job.overwrites !== null) {
    if (destination !== undefined && behaviour.abortedCopy === 'unchanged') {
      destination.content = job.overwrites.content;
    }
  } else if (destination?.status === 'init') {
    const left = status === 'cancelled' ? behaviour.cancelledClone : behaviour.failedClone;
    if (left === 'removed') removeVolume(state, destination.volumeID);
  }
  endAsyncResult(context, job, at, status);
  if (job.snapshotID !== null) expireSnapshot(state, job.snapshotID, at);
};

const endAsyncResult = (
  { state, behaviour }: Pick<Context, 'state' | 'behaviour'>,
  job: CloneJobRecord,
  at: number,
  status: string,
): void => {
  const async = state.asyncResults.get(job.asyncHandle);
  if (async === undefined) return;
  // "When you cancel a group clone operation, the system completes and removes the operation's associated asyncHandle."
  if (status === 'cancelled') {
    state.asyncResults.delete(async.asyncHandle);
    return;
  }
  const jobs = async.cloneIDs.flatMap((id) => state.cloneJobs.get(id) ?? []);
  if (jobs.some((j) => j.status === 'running')) return;
  async.lastUpdateMs = at;
  if (async.lost) {
    state.asyncResults.delete(async.asyncHandle);
    return;
  }
  const failed = jobs.find((j) => j.failure !== null && j.status === 'failed');
  const about =
    async.groupCloneID === null
      ? { cloneID: job.cloneID, volumeID: job.dstVolumeID }
      : {
          groupCloneID: async.groupCloneID,
          ...membersOf(behaviour, jobs),
        };
  async.outcome =
    failed?.failure == null
      ? { result: { ...about, message: 'Clone complete.' } }
      : { error: { ...about, ...failed.failure } };
};

/** The members of a group, as far as its result names them. */
export const membersOf = (behaviour: Behaviour, jobs: readonly CloneJobRecord[]) =>
  behaviour.groupResult === 'members'
    ? { members: jobs.map((j) => ({ srcVolumeID: j.srcVolumeID, volumeID: j.dstVolumeID })) }
    : {};

/** Fails the running jobs that read from a volume, because it is going away. */
export const failJobsFrom = (context: Pick<Context, 'state' | 'behaviour'>, volumeID: number, at: number): void => {
  for (const job of [...context.state.running].filter((j) => j.srcVolumeID === volumeID)) {
    job.failure = { name: 'xVolumeIDDoesNotExist', message: `VolumeID ${volumeID} does not exist.` };
    endJob(context, job, at, 'failed');
  }
};
