import type { Phase } from './names.ts';
import type { OrphanRemoval } from './orphans.ts';

/** Heartbeat details of a waiting clone: what the last look at the cluster saw. */
export interface CloneProgress {
  volumeID: number;
  cloneID: number | null;
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
  looks: number;
}

/** What a step remembers from one attempt to the next; rides on heartbeat details, so it survives worker crashes. */
export interface StepMemory {
  /** Element API calls of all attempts. */
  apiCalls: number;
  /** Consecutive errors that are only believed after a few tries. */
  suspects: number;
  /** When the creating call was last issued or, without a clear answer, ended (ISO 8601). */
  issuedAt?: string;
  /** True once a creating call ended without a clear answer. */
  inDoubt?: boolean;
  /** True in what an attempt says while it runs: whoever finds it follows one that died without a word. */
  unfinished?: boolean;
  /** Which attempt has ended in order. Whoever is not the next follows one that died before it said anything. */
  ended?: number;
  /** Volumes beside the clone that verify has begun to remove. */
  strangers?: number[];
  progress?: CloneProgress;
  /** Place in line for a clone slot; 1 is next. */
  line?: { place: number; of: number };
  /** What undoing has removed so far, in words. */
  undone?: string[];
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
  asyncHandle?: number;
  /** When the cluster was last asked (ISO 8601). */
  lookedAt?: string;
  /** Attempt of the step that is pending; above 1 with `lastFailure` means that it is being retried. */
  attempt?: number;
  lastFailure?: string;
  stalledSince?: string;
}
