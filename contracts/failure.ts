import type { StepState } from './runbook/types.ts';

/** One thing that is still on the cluster. */
export interface LeftBehind {
  kind: 'volume' | 'snapshot' | 'groupSnapshot' | 'accessGroupMembership' | 'cloneJob' | 'asyncResult' | 'content';
  /** volumeID (of `content` too: what the volume holds), snapshotID, groupSnapshotID, … or asyncHandle; `null` when it never became known. */
  id: number | null;
  /** Why it is still there, and what to do. */
  reason: string;
}

/** What every `CloneFailed` failure says in `details[0]`. */
export interface FailureDetails {
  cluster: string;
  /** The activity that failed: `startClone`, `awaitClone`, … */
  step: string;
  /** Element API method and error name, when the cluster said no. */
  method?: string;
  apiName?: string;
  /** When the cluster did not let its user make the call: one of these access types would. */
  accessTypes?: string[];
  /** Tries of the failed step, and when the first began (ISO 8601). */
  attempts?: number;
  since?: string;
  cancelled: boolean;
  /** What was removed again, in words. */
  undone: string[];
  leftBehind: LeftBehind[];
}

/** `details[0]` of a `CloneFailed` failure of `cloneVolume`. */
export interface CloneFailureDetails extends FailureDetails {
  sourceVolumeID: number;
  name: string;
}

/** The same of `cloneGroup`. */
export interface GroupFailureDetails extends FailureDetails {
  sourceVolumeIDs: number[];
}

/** The same of `cloneFanOut`. Clones that are ready stay, and are named in `leftBehind`. */
export interface FanOutFailureDetails extends FailureDetails {
  sourceVolumeID: number;
  /** Clones that were not made, in the order of the request. */
  failed: { name: string; workflowID: string; error: string }[];
}

/** The same of `refreshClone`. The generation that was in service before is in service again, or `leftBehind` says what is not. */
export interface RefreshFailureDetails extends FailureDetails {
  series: string;
  /** The one that was to come; missing when the run failed before it had a number. */
  generation?: number;
}

/** The same of `copyVolume` and `undoCopy`. */
export interface CopyFailureDetails extends FailureDetails {
  /** Missing in what `undoCopy` says. */
  sourceVolumeID?: number;
  dstVolumeID: number;
}

/** `details[0]` of a `RunbookFailed` failure of `runbook`. */
export interface RunbookFailureDetails {
  runbook: string;
  /** ID of the first step that failed. When none did (none of `steps` has that ID and failed) `timeout`, `outputs` or `cancelled`. */
  step: string;
  cancelled: boolean;
  /** What was taken back, in words. */
  undone: string[];
  /** What could not be, or was made by a step without `undo`. */
  leftBehind: LeftBehind[];
  steps: StepState[];
}

/** What a failure is about: the part of its details that was known from the start. */
export type FailureSubject =
  | About<CloneFailureDetails>
  | About<GroupFailureDetails>
  | About<FanOutFailureDetails>
  | About<CopyFailureDetails>
  | About<RefreshFailureDetails>;
type About<D extends FailureDetails> = Omit<D, Exclude<keyof FailureDetails, 'cluster'>>;

/** `details[0]` of a failure thrown by an activity. No secrets: it is kept in the history. */
export interface StepFailureDetails {
  step: string;
  cluster: string;
  method?: string;
  apiName?: string;
  accessTypes?: string[];
  attempts: number;
  since: string;
  /** A creating call may have acted without an answer. Missing in what older versions wrote. */
  inDoubt?: boolean;
}
