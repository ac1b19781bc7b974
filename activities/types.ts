import type { ClonedVolume } from '../contracts/clone-result.ts';
import type { CloneVolumeRequest } from '../contracts/clone-volume.ts';
import type { LeftBehind } from '../contracts/failure.ts';
import type { SlotsNow } from '../contracts/dry-run.ts';
import type { Place, SlotsSeen } from '../contracts/slots.ts';
import type { InventoryItem } from '../contracts/inventory.ts';
import type { GroupHandles, GroupPlan } from './group/types.ts';
import type { Includable, Orphan, OrphanRef, OrphanRemoval, OrphanVerdict } from '../contracts/orphans.ts';

/** Who makes something: what the ownership tag is built from. The same over retries, restarts and resets. */
export interface Owner {
  workflowID: string;
  /** requestId, or the ID of the first run. */
  request: string;
  requestedBy?: string;
  /**
   * True when an earlier execution may have made the object already (a reset, a retried run, a repeated requestId),
   * so that even a first attempt must look before it creates.
   */
  mayHaveRunBefore: boolean;
  /** True after a reset: an activity of the run that it ended may still have a creating call under way. */
  wasReset?: true;
}

/** What preflight found out: everything later steps need, so that they ask the cluster nothing twice. */
export interface ClonePlan {
  /** Which revision of the workflow the run began with; a later one keeps to what it began with. None in the first. */
  revision?: number;
  request: CloneVolumeRequest;
  source: { volumeID: number; name: string; totalSize: number; accountID: number };
  /** Bytes of the clone when all is done. */
  totalSize: number;
  /** Attributes given to CloneVolume, without the tag. */
  cloneAttributes: Record<string, unknown>;
  /** Attributes of the finished clone, without the tag. */
  attributes: Record<string, unknown>;
  /** What verify compares. Only what was asked for. */
  expected: {
    totalSize: number;
    accountID: number;
    access?: string;
    enable512e?: boolean;
    qos?: { minIOPS?: number; maxIOPS?: number; burstIOPS?: number };
    qosPolicyID?: number;
  };
  volumeAccessGroups: { volumeAccessGroupID: number; name: string }[];
  /** When the request asks for a lease. */
  lease?: {
    /** How far an extension may reach: a duration. */
    max: string;
    /** Part of its workflow ID. From here and not from the workflow, which does not know it when it is replayed elsewhere. */
    taskQueue: string;
  };
  snapshot: { name: string; retention: 'keep' | 'delete'; /** HH:mm:ss */ expiry: string } | null;
  /**
   * When an earlier run of the same workflow, ended from outside, may have made its last call (ISO 8601). Missing in
   * plans of older versions.
   */
  earlierRunEndedAt?: string | null;
}

/** What the snapshot of a source is taken by. */
export type SnapshotPlan = Pick<ClonePlan, 'source' | 'snapshot' | 'earlierRunEndedAt'> & {
  request: { cluster: string };
};

/** What is kept, and what is known of it. */
export type Kept =
  | { kind: 'snapshot'; plan: SnapshotPlan }
  | { kind: 'groupSnapshot'; plan: GroupPlan }
  | { kind: 'clone'; plan: ClonePlan; made: Pick<StartedClone, 'volumeID' | 'cloneID' | 'asyncHandle'> | null }
  | { kind: 'group'; plan: GroupPlan; made: GroupHandles | null };

/** What every result of a step carries. */
export interface StepResult {
  /** Element API calls made, over all attempts. */
  apiCalls: number;
}

/** A create step's answer to "might a second object still appear?". */
export interface Doubt {
  /** When the last creating call without a clear answer ended (ISO 8601); `null` when every call was answered. */
  inDoubtSince: string | null;
}

export interface MadeSnapshot extends StepResult, Doubt {
  snapshotID: number;
}

export interface StartedClone extends StepResult, Doubt {
  volumeID: number;
  cloneID: number | null;
  asyncHandle: number | null;
  /** True when an object made by an earlier attempt was found and taken. */
  adopted: boolean;
}

/** How a creating step stands with the line for clone slots. */
export interface LinePass {
  /** 1 (first) to 5. */
  priority: number;
  /** As an earlier call of this step left it. */
  inDoubtSince: string | null;
  /** True when the line has just said that the slots are ours, so that a first attempt need not ask it again. */
  granted?: boolean;
}

/** No clone slot is free: the workflow is in line for one, and nothing has been created. */
export interface InLine extends StepResult, Doubt {
  inLine: Place;
}

export interface UndoResult extends StepResult {
  /** What was removed, in words. */
  undone: string[];
  leftBehind: LeftBehind[];
}

/** One retryable step each; the only code that talks to a cluster for a workflow. */
export interface CloneActivities {
  /** Checks the request and everything that can be known to fail, all at once. Creates nothing. */
  preflight(input: { request: unknown; owner: Owner }): Promise<ClonePlan & StepResult>;
  /** CreateSnapshot, or the one that this request made before. */
  createSnapshot(input: { plan: SnapshotPlan; owner: Owner }): Promise<MadeSnapshot>;
  /**
   * CloneVolume, or the clone that this request made before. With `line` it takes a clone slot first, or a place in line
   * for one; without, or when nobody keeps the line, it waits by retry while the cluster has no free slot. Fails with
   * `SnapshotGone` when the snapshot did not outlive the wait; no call is then in doubt.
   */
  startClone(input: {
    plan: ClonePlan;
    owner: Owner;
    snapshotID: number;
    line?: LinePass;
  }): Promise<StartedClone | InLine>;
  /** One look at the place in line per attempt. Returns when there is no place any more: ask for the slot again. */
  waitForSlot(input: { cluster: string }): Promise<StepResult>;
  /**
   * Watches what a line for clone slots cannot know by itself: jobs of others that end (destination volumes `foreign`)
   * and holders that are over. Returns at the first change, when `pausedMs` have passed, and after a minute anyway.
   */
  watchSlots(input: {
    cluster: string;
    foreign: number[];
    holders: string[];
    pausedMs: number;
  }): Promise<StepResult & SlotsSeen>;
  /** One look per attempt; fails with a benign failure until the copy is done. */
  awaitClone(input: {
    cluster: string;
    clone: Pick<StartedClone, 'volumeID' | 'cloneID' | 'asyncHandle'>;
    totalSize: number;
  }): Promise<StepResult & { bytes: number }>;
  /** ModifyVolume: what was asked for, and the stamp on the tag. */
  modifyVolume(input: { plan: ClonePlan; owner: Owner; volumeID: number }): Promise<StepResult>;
  /** AddVolumesToVolumeAccessGroup for each group; membership that is there already is fine. */
  grantAccess(input: {
    cluster: string;
    volumeID: number;
    volumeAccessGroups: ClonePlan['volumeAccessGroups'];
  }): Promise<StepResult>;
  /** Compares the volume with what was asked for and removes a second object of the same request. */
  verifyClone(input: {
    plan: ClonePlan;
    owner: Owner;
    volumeID: number;
    inDoubtSince: string | null;
  }): Promise<StepResult & { volume: ClonedVolume; strangersRemoved: number[] }>;
  /** Deletes our snapshot (unless it is to be kept) and releases the kept async result. */
  cleanUp(input: {
    plan: ClonePlan;
    owner: Owner;
    snapshot: (Doubt & { snapshotID: number }) | null;
    asyncHandle: number | null;
    /** The clone. */
    volumeID?: number;
  }): Promise<StepResult & { snapshotDeleted: boolean }>;

  /** Removes whatever volume this request made: cancels its clone job, revokes access, deletes. Found by tag. */
  undoClone(input: {
    plan: ClonePlan;
    owner: Owner;
    clone: Pick<StartedClone, 'volumeID' | 'cloneID' | 'asyncHandle'> | null;
    inDoubt: boolean;
  }): Promise<UndoResult>;
  /** Deletes whatever snapshot this request made. Found by tag. */
  undoSnapshot(input: {
    plan: SnapshotPlan;
    owner: Owner;
    snapshotID: number | null;
    inDoubt: boolean;
  }): Promise<UndoResult>;

  /** Names what this request has made and keeps, `onFailure: "keep"`: also what no answer has told of. Found by tag. */
  findKept(input: { kept: Kept; owner: Owner; inDoubt: boolean }): Promise<StepResult & { leftBehind: LeftBehind[] }>;

  /** Waits for the workflow that already serves a requestId, and returns its result or fails as it failed. */
  joinRequest(input: {
    workflowID: string;
    /** Of the workflow that waits, and has to be of the other. */
    type: string;
    request: { requestId?: string | undefined };
    /** True when a clone of another snapshot serves as well: a fan-out that is repeated has taken a new one. */
    anySnapshot?: boolean;
    /** True when the key alone says that it is the same, as that of a scheduled run does. */
    anyRequest?: boolean;
    /** True when a copy that was taken back since is of no use. Errors: CopyTakenBack. */
    unlessTakenBack?: boolean;
  }): Promise<unknown>;
}

/** A housekeeping request, checked. */
export interface HousekeepingPlan {
  /** The clusters to look at, in order. */
  clusters: string[];
  olderThanMs: number | null;
}

/** What one look at a cluster found. */
export interface OrphanLook extends StepResult {
  cluster: string;
  volumes: number;
  snapshots: number;
  orphans: Orphan[];
  counts: Record<OrphanVerdict, number>;
  leftOut: number;
  settlesAt: string | null;
}

/** What finds, and takes away, what is left of clones. */
export interface HousekeepingActivities {
  /** Checks the request and names the clusters. Errors: InvalidRequest. */
  planHousekeeping(input: { what: 'orphans' | 'removal' | 'inventory'; request: unknown }): Promise<HousekeepingPlan>;
  /** Looks at everything with our tag and asks Temporal about it. Changes nothing. */
  lookForOrphans(input: { cluster: string; olderThanMs: number | null; maxBytes: number }): Promise<OrphanLook>;
  /** Removes these objects, each looked at again just before. What cannot be removed is in the result. */
  removeOrphanBatch(input: {
    cluster: string;
    objects: OrphanRef[];
    olderThanMs: number | null;
    include: Includable[];
    /** When the removal began (ISO 8601). */
    removedAt: string;
  }): Promise<StepResult & Pick<OrphanRemoval, 'removed' | 'skipped' | 'failed'>>;
  /** Finished clones with this volumeID or a higher one, until the page is full. */
  listClones(input: {
    cluster: string;
    startVolumeID: number;
    maxBytes: number;
  }): Promise<StepResult & { items: InventoryItem[]; next: number | null }>;
}
/** What a dry run looks at besides. */
export interface PlanActivities {
  /** Clone slots, and how fast copies are, just now. */
  lookAtSlots(input: { cluster: string }): Promise<StepResult & SlotsNow>;
}

/** Steps of a fan-out; the clones themselves are workflows of their own. */
export interface FanOutActivities {
  /** Checks the request and every clone of it, all at once. Creates nothing. The plan is that of the shared snapshot. */
  preflightFanOut(input: { request: unknown; owner: Owner }): Promise<ClonePlan & StepResult>;
}

export type * from './group/types.ts';
export type * from './lease/types.ts';
export type * from './refresh/types.ts';
export type * from './copy/types.ts';
export type * from './runbook/types.ts';
