import type { ClonedVolume } from './clone-result.ts';
import type { LeftBehind } from './failure.ts';
import type { LeaseOfClone } from './lease.ts';

/** A clone that is ready. */
export interface GroupMember {
  sourceVolumeID: number;
  /** The NEW volume's. */
  volumeID: number;
  volume: ClonedVolume;
  /** When the request asked for one. */
  lease?: LeaseOfClone;
}

/** A member without a clone, when the request says that the others are to be kept. */
export interface FailedMember {
  sourceVolumeID: number;
  name: string;
  /** The activity in which it failed. */
  step: string;
  reason: string;
  /** What of it could not be removed again. */
  leftBehind: LeftBehind[];
}

/** What `cloneGroup` returns. */
export interface CloneGroupResult {
  cluster: string;
  groupSnapshotID: number;
  groupSnapshotDeleted: boolean;
  /** `null` when the answer of CloneMultipleVolumes was lost and the jobs had ended before they could be asked for. */
  groupCloneID: number | null;
  /** `null` as for groupCloneID. */
  asyncHandle: number | null;
  /** In the order of the request. */
  members: GroupMember[];
  /** Only with `onMemberFailure: "keep"`. */
  failed?: FailedMember[];
  /** ISO 8601, UTC. */
  startedAt: string;
  finishedAt: string;
  /** Size of all clones together, in bytes. */
  bytes: number;
  /** Element API calls made for this group; calls shared with other clones count once, for the one that made them. */
  apiCalls: number;
}
