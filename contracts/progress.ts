import type { Phase } from './names.ts';
import type { OrphanRemoval } from './orphans.ts';
import type { Generation } from './refresh-clone-result.ts';

/** What the last look at the cluster saw of a copy that is waited for. */
export interface CopyProgress {
  asyncHandle: number | null;
  /** 0–100. */
  percent: number;
  currentBytes: number;
  totalBytes: number;
  bytesPerSecond: number;
  /** Seconds, by the cluster's estimate; `null` when it has none. */
  remainingTime: number | null;
  /** ListSyncJobs: metadata, data, whole; or `queued`, `finishing` when there is no job to see. */
  stage: string;
  /** When this look was taken (ISO 8601). */
  lookedAt: string;
  /** Since when no byte has moved (ISO 8601). */
  stalledSince?: string;
  /** True when that is longer than the cluster's `stallSeconds`: reported once, by log and metric. */
  stalled?: true;
  looks: number;
}

/** Heartbeat details of a waiting clone. */
export interface CloneProgress extends CopyProgress {
  volumeID: number;
  cloneID: number | null;
}

/** One clone of a group, as the last look saw it. */
export interface MemberProgress {
  sourceVolumeID: number;
  volumeID: number;
  /** `waiting`: the copy has not begun, or cannot be seen. */
  state: 'waiting' | 'copying' | 'done' | 'failed';
  /** 0–100. */
  percent: number;
}

/** Heartbeat details of a waiting group: the figures are those of all its copies together. */
export interface GroupProgress extends CopyProgress {
  groupCloneID: number | null;
  members: MemberProgress[];
}

export const isGroupProgress = (p: CloneProgress | GroupProgress): p is GroupProgress => 'members' in p;

/** `3 of 12 volumes done`, and how many failed. */
export function membersText({ members }: GroupProgress): string {
  const count = (state: MemberProgress['state']) => members.filter((m) => m.state === state).length;
  const failed = count('failed');
  return `${count('done')} of ${members.length} volumes done${failed === 0 ? '' : `, ${failed} failed`}`;
}

/** How far a step that does the same to each member of a group is with one of them. */
export interface MemberTask {
  done?: boolean;
  /** Why it will not be done, and which call the cluster refused by which name. */
  failed?: string;
  method?: string;
  apiName?: string;
  suspects?: number;
}

/** What a step remembers from one attempt to the next; rides on heartbeat details, so it survives worker crashes. */
export interface StepMemory {
  /** Element API calls of all attempts. */
  apiCalls: number;
  /** Consecutive errors that are only believed after a few tries. */
  suspects: number;
  /** Consecutive faults that are retried. */
  faults?: number;
  /** Since when the cluster has refused the credentials and nothing else was heard from it (ISO 8601). */
  refusedSince?: string;
  /** When the creating call was last issued or, without a clear answer, ended (ISO 8601). */
  issuedAt?: string;
  /** True once a creating call ended without a clear answer. */
  inDoubt?: boolean;
  /** True in what an attempt says while it runs: whoever finds it follows one that died without a word. */
  unfinished?: boolean;
  /** Which attempt has ended in order. Whoever is not the next follows one that died before it said anything. */
  ended?: number;
  /** Volumes that this step has begun to remove. */
  removing?: number[];
  /** Those that it has removed for certain. */
  removed?: number[];
  progress?: CloneProgress | GroupProgress;
  /** By volume ID. */
  tasks?: Record<string, MemberTask>;
  /** Place in line for a clone slot; 1 is next. */
  line?: { place: number; of: number };
  /** When the first CopyVolume of this step went out, by the cluster's clock (ISO 8601). */
  askedAt?: string;
  /** A second copy onto the same volume, begun by a call whose answer was lost. */
  secondCloneID?: number;
  /** Of a copy: looks in a row that saw neither its job nor its result. */
  unseen?: number;
  /** Clone jobs that were stopped, and the snapshot that the volume was rolled back to. */
  stopped?: number[];
  rolledBackTo?: number;
  /** What is set back on the destination of a copy, in words. */
  changes?: string[];
  /** Why the last attempt has to be repeated, for a failure at the deadline while another one is under way. */
  lastAnswer?: string;
  /** Volume access groups that a volume which is being deleted was taken out of. */
  revoked?: number[];
  /** What undoing has done so far, in words. */
  notes?: string[];
  /** Generations that have been laid hands on. */
  retired?: Generation[];
  /** What a removal of orphans has done so far, in how many rounds, and the objects it has laid hands on. */
  removal?: Pick<OrphanRemoval, 'removed' | 'skipped' | 'failed'> & { rounds: number; begun: string[] };
}

/** Progress as a client shows it. */
export interface ProgressView {
  workflowId: string;
  phase: Phase;
  /** One line for a person: what is happening, or what is being waited for. */
  message: string;
  /** 0–100. Between looks it is extrapolated from the last rate. */
  percent: number;
  extrapolated: boolean;
  currentBytes?: number;
  totalBytes?: number;
  bytesPerSecond?: number;
  /** Seconds until the copy ends, by estimate. */
  remainingTime?: number;
  stage?: string;
  volumeID?: number;
  cloneID?: number;
  /** Of a group: its clones one by one. */
  groupCloneID?: number;
  members?: MemberProgress[];
  asyncHandle?: number;
  /** Of a clone that waits for a clone slot: its place in line; 1 is next. */
  line?: { place: number; of: number };
  /** When the cluster was last asked (ISO 8601). */
  lookedAt?: string;
  /** Attempt of the step that is pending; above 1 with `lastFailure` means that it is being retried. */
  attempt?: number;
  lastFailure?: string;
  stalledSince?: string;
}
