import type { CloneVolumeResult } from './clone-result.ts';

/**
 * A clone of a fan-out that is ready. Its `snapshotID` is that of the fan-out, or of an earlier fan-out with the same
 * requestId that had made this clone before it failed.
 */
export type FanOutMember = { name: string; workflowID: string } & Omit<
  CloneVolumeResult,
  'cluster' | 'sourceVolumeID' | 'snapshotDeleted'
>;

/** A clone of a fan-out that could not be made. Nothing of it is left, or `error` names what is. */
export interface FailedFanOutMember {
  name: string;
  workflowID: string;
  /** The text that its own workflow failed with. */
  error: string;
}

/** What `cloneFanOut` returns. */
export interface CloneFanOutResult {
  cluster: string;
  sourceVolumeID: number;
  /** The snapshot that all clones share. */
  snapshotID: number;
  snapshotDeleted: boolean;
  /** In the order of the request. */
  succeeded: FanOutMember[];
  failed: FailedFanOutMember[];
  /** ISO 8601, UTC. */
  startedAt: string;
  finishedAt: string;
  /** Size of all clones together, in bytes. */
  bytes: number;
  /** Element API calls made for the fan-out; calls shared by several clones count once. */
  apiCalls: number;
}

/** Query `fanOutProgress`. */
export interface FanOutProgress {
  /** Clones asked for. */
  total: number;
  succeeded: number;
  failed: number;
  /** Workflow IDs of those under way. */
  running: string[];
}

export const FAN_OUT_PROGRESS = 'fanOutProgress';
