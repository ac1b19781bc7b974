import type { ClonedVolume } from '../../contracts/clone-result.ts';
import type { CopyVolumeRequest, UndoCopyRequest } from '../../contracts/copy-volume.ts';
import type { Doubt, InLine, LinePass, MadeSnapshot, Owner, SnapshotPlan, StepResult, UndoResult } from '../types.ts';

/** What of a volume CopyVolume leaves as it is; the attributes with any tag of ours. */
export type VolumeIdentity = Omit<
  ClonedVolume,
  'volumeID' | 'status' | 'createTime' | 'scsiNAADeviceID' | 'scsiEUIDeviceID'
>;

/** What preflight found out about a copy. */
export interface CopyPlan extends SnapshotPlan {
  request: CopyVolumeRequest;
  /** Bytes. */
  totalSize: number;
  /** The destination as it was, and the source: what of it a copy could bring along. */
  before: VolumeIdentity;
  sourceIdentity: Pick<VolumeIdentity, 'access' | 'qos' | 'qosPolicyID' | 'attributes'>;
  /** The way back: for how long it is kept after the end, and how long at least from when it is taken. */
  undo: { name: string; expiresInMs: number; keepMs: number };
}

export interface StartedCopy extends StepResult, Doubt {
  cloneID: number;
  asyncHandle: number | null;
  /** True when a copy begun by an earlier attempt was found and taken. */
  adopted: boolean;
}

/** The snapshot of the destination. */
export interface MadeWayBack extends MadeSnapshot {
  /** True when the clone slot was taken with it. */
  granted: boolean;
}

export type CopyHandles = Pick<StartedCopy, 'cloneID' | 'asyncHandle'>;

/** Steps of a copy. Those that read or snapshot the source are the ones of a clone. */
export interface CopyActivities {
  /** Checks the request and everything that can be known to fail, all at once. Changes nothing. */
  preflightCopy(input: { request: unknown; owner: Owner }): Promise<CopyPlan & StepResult>;
  /**
   * Takes a clone slot, or a place in line for one; then CreateSnapshot of the destination, or the one that this request
   * made before: the oldest, since a later one may hold what an earlier run had half copied.
   */
  createWayBack(input: { plan: CopyPlan; owner: Owner; line: LinePass }): Promise<MadeWayBack | InLine>;
  /**
   * Looks once more whether the destination may be overwritten, and calls CopyVolume; or finds the copy that an earlier
   * attempt began. Fails with `SnapshotGone` as `startClone` does.
   */
  startCopy(input: {
    plan: CopyPlan;
    owner: Owner;
    snapshotID: number;
    undoSnapshotID: number;
    line: LinePass;
  }): Promise<StartedCopy | InLine>;
  /**
   * One look per attempt. Fails with `CopyOutcomeUnknown` when the job is gone and so is its result: the destination then
   * holds the copy or a mixture.
   */
  awaitCopy(input: {
    cluster: string;
    dstVolumeID: number;
    copy: CopyHandles;
    totalSize: number;
  }): Promise<StepResult & { bytes: number }>;
  /** Waits for a second copy of the same snapshot that a lost call may still begin, and compares the identity. */
  verifyCopy(input: {
    plan: CopyPlan;
    owner: Owner;
    snapshotID: number;
    undoSnapshotID: number;
    copy: CopyHandles;
    inDoubtSince: string | null;
  }): Promise<StepResult & { volume: ClonedVolume; changes: string[] }>;
  /** Releases the result, deletes our snapshot of the source, and lets the way back expire when it was asked to. */
  cleanUpCopy(input: {
    plan: CopyPlan;
    owner: Owner;
    snapshot: (Doubt & { snapshotID: number }) | null;
    wayBack: Doubt & { snapshotID: number };
    copy: CopyHandles & Doubt;
  }): Promise<StepResult & { snapshotDeleted: boolean; undo: { snapshotID: number; expiresAt: string } | null }>;

  /** Stops the copy, and gives the destination the content back that it had. */
  undoStartedCopy(input: {
    plan: CopyPlan;
    owner: Owner;
    snapshotID: number | null;
    /** `null`: it never became known; without one to be found no copy has begun. */
    undoSnapshotID: number | null;
    copy: CopyHandles | null;
    /** With neither a copy nor a doubt none can have begun, and there is nothing to roll back. */
    inDoubt: boolean;
  }): Promise<UndoResult>;
  /** Deletes the way back, which nobody needs any more. */
  undoWayBack(input: { plan: CopyPlan; owner: Owner; inDoubt: boolean }): Promise<UndoResult>;

  /** Finds the way back of a copy that is over, and whether it may be taken. Changes nothing. Errors: InvalidRequest. */
  preflightUndoCopy(input: { request: unknown }): Promise<StepResult & { snapshotID: number }>;
  /** Looks once more whether the volume may be rolled back, and calls RollbackToSnapshot. */
  rollBackCopy(input: { request: UndoCopyRequest; snapshotID: number }): Promise<StepResult>;
}
