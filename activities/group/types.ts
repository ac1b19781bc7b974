import type { GroupMember } from '../../contracts/clone-group-result.ts';
import type { ClonePlan, Doubt, InLine, LinePass, Owner, StepResult, UndoResult } from '../types.ts';

/** What preflight found out about a group: everything later steps need. */
export interface GroupPlan {
  cluster: string;
  /** Each member as if it were a clone by itself, in the order of the request. */
  members: ClonePlan[];
  enableSnapMirrorReplication?: boolean;
  /** The group snapshot to clone; `null` when one is to be taken. */
  groupSnapshotID: number | null;
  snapshot: ClonePlan['snapshot'];
  earlierRunEndedAt: string | null;
  /** True when the other clones are kept if one fails. */
  keepOthers: boolean;
}

/** One of the snapshots of a group snapshot. */
export interface MemberSnapshot {
  volumeID: number;
  snapshotID: number;
}

export interface MadeGroupSnapshot extends StepResult, Doubt {
  groupSnapshotID: number;
  /** Of each volume, by which it can be copied alone. */
  snapshots?: MemberSnapshot[];
}

/** A clone that runs, or has run. */
export interface StartedMember {
  sourceVolumeID: number;
  volumeID: number;
}

export interface GroupHandles {
  groupCloneID: number | null;
  asyncHandle: number | null;
  members: StartedMember[];
}

export interface StartedGroup extends StepResult, Doubt, GroupHandles {
  /** True when volumes made by an earlier attempt were found and taken. */
  adopted: boolean;
}

/** A member that a step has given up; the others go on. */
export interface GivenUp extends StartedMember {
  reason: string;
}

/** What each step for the members says of them. */
export interface MembersResult extends StepResult {
  /** Only when the others are to be kept. */
  givenUp: GivenUp[];
}

/** What the steps for the members work on: those that have not failed yet. */
interface MembersInput {
  plan: GroupPlan;
  owner: Owner;
  members: StartedMember[];
}

/** The steps of `cloneGroup`. Each does for all members what the step of `cloneVolume` does for one. */
export interface GroupActivities {
  /** Checks the request and everything that can be known to fail, all at once. Creates nothing. */
  preflightGroup(input: { request: unknown; owner: Owner }): Promise<GroupPlan & StepResult>;
  /** CreateGroupSnapshot, or the one that this request made before. */
  createGroupSnapshot(input: { plan: GroupPlan; owner: Owner }): Promise<MadeGroupSnapshot>;
  /** CloneMultipleVolumes, or the clones that this request made before; takes all the clone slots first. */
  startGroup(input: {
    plan: GroupPlan;
    owner: Owner;
    groupSnapshotID: number;
    line: LinePass;
  }): Promise<StartedGroup | InLine>;
  /** One look per attempt; fails with a benign failure until all copies have ended. */
  awaitGroup(input: { plan: GroupPlan; group: GroupHandles }): Promise<MembersResult>;
  /** ModifyVolume of each: what was asked for, and the stamp on the tag. */
  modifyMembers(input: MembersInput): Promise<MembersResult>;
  /** AddVolumesToVolumeAccessGroup, once for each group. */
  grantMembers(input: MembersInput): Promise<MembersResult>;
  /** Compares the volumes with what was asked for and removes those that the request made beside them. */
  verifyMembers(
    input: MembersInput & {
      /** All that were started, those that were given up included. */
      started: StartedMember[];
      inDoubtSince: string | null;
    },
  ): Promise<MembersResult & { ready: GroupMember[]; strangersRemoved: number[] }>;
  /** Deletes our group snapshot (unless it is to be kept) and releases the kept async result. */
  cleanUpGroup(input: {
    plan: GroupPlan;
    owner: Owner;
    snapshot: (Doubt & { groupSnapshotID: number }) | null;
    asyncHandle: number | null;
    /** The clones. */
    volumeIDs?: number[];
  }): Promise<StepResult & { groupSnapshotDeleted: boolean }>;

  /** Removes the volumes of members that were given up, if they are ours still. */
  undoMembers(input: MembersInput): Promise<UndoResult>;
  /** Removes whatever volumes this request made: cancels the copies, revokes access, deletes. Found by tag. */
  undoGroup(input: {
    plan: GroupPlan;
    owner: Owner;
    group: GroupHandles | null;
    inDoubt: boolean;
  }): Promise<UndoResult>;
  /** Deletes whatever group snapshot this request made. Found by tag. */
  undoGroupSnapshot(input: { plan: GroupPlan; owner: Owner; inDoubt: boolean }): Promise<UndoResult>;
}
