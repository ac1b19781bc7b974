import type { ClonedVolume } from './clone-result.ts';

/** What `copyVolume` returns. */
export interface CopyVolumeResult {
  cluster: string;
  sourceVolumeID: number;
  /** The volume that was overwritten. */
  dstVolumeID: number;
  /** Of the copy whose end was seen. */
  cloneID: number;
  /** The snapshot of the source that was copied. */
  snapshotID: number;
  snapshotDeleted: boolean;
  /** `null` when the answer of CopyVolume was lost and the cluster did not show it. */
  asyncHandle: number | null;
  /** The way back: `undoCopy`, or RollbackToSnapshot by hand. `null` when somebody has deleted it meanwhile. */
  undo: {
    /** Of the destination, from just before it was overwritten. */
    snapshotID: number;
    /** When the cluster removes it (ISO 8601). */
    expiresAt: string;
  } | null;
  /** The destination as it is now. */
  volume: ClonedVolume;
  /** What was not as before the copy and was set back, or was changed by somebody meanwhile and stays, in words. */
  changes: string[];
  /** ISO 8601, UTC. */
  startedAt: string;
  finishedAt: string;
  /** Bytes that were copied. */
  bytes: number;
  /** Element API calls made for this copy. */
  apiCalls?: number;
}

/** What `undoCopy` returns. */
export interface UndoCopyResult {
  cluster: string;
  dstVolumeID: number;
  /** The snapshot whose content the volume has again. It stays until it expires. */
  snapshotID: number;
  /** The copy that was undone. */
  workflowID: string;
  /** ISO 8601, UTC. */
  startedAt: string;
  finishedAt: string;
  apiCalls?: number;
}
