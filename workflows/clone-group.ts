import { rootCause } from '@temporalio/workflow';
import type { GivenUp, GroupPlan, MadeGroupSnapshot, StartedGroup, StartedMember } from '../activities/types.ts';
import type { CloneGroupResult, FailedMember, GroupMember } from '../contracts/clone-group-result.ts';
import type { CloneGroupRequest } from '../contracts/clone-group.ts';
import type { LeftBehind } from '../contracts/failure.ts';
import { WORKFLOW } from '../contracts/names.ts';
import { changes, creates, GROUP_ATTEMPT, looks, reads, undo } from './activities.ts';
import { wasCancelled } from './failure.ts';
import { groupLabel, label, volumesLabel } from '../contracts/label.ts';
import { markdownTable } from './markdown.ts';
import { Run, serve, type Subject } from './run.ts';
import { publish } from './search-attributes.ts';

/**
 * Clones several volumes of one moment: preflight → group snapshot → clone → await → modify → grant → verify → clean up.
 *
 * Whatever fails or is cancelled is undone in reverse order, unless `onFailure: "keep"`. When one member fails all do,
 * unless `onMemberFailure: "keep"`.
 * @throws ApplicationFailure `InvalidRequest` (nothing was created) or `CloneFailed` (`details[0]`: GroupFailureDetails)
 */
export async function cloneGroup(request: CloneGroupRequest): Promise<CloneGroupResult> {
  return serve(WORKFLOW.cloneGroup, request, groupLabel(request), () => new GroupRun(request, groupLabel(request)));
}

class GroupRun extends Run<CloneGroupRequest, CloneGroupResult> {
  /** Those that have not been given up. */
  private members: StartedMember[] = [];
  private readonly failed: FailedMember[] = [];

  async run(): Promise<CloneGroupResult> {
    const plan = await this.preflight();
    if (this.wasCutShort(plan)) {
      if (plan.snapshot !== null) this.compensation.groupSnapshot(plan, this.owner);
      this.compensation.group(plan, this.owner);
    }
    const snapshot = plan.snapshot === null ? null : await this.createSnapshot(plan);
    const groupSnapshotID = snapshot?.groupSnapshotID ?? plan.groupSnapshotID!;
    const group = await this.startGroup(plan, groupSnapshotID);
    await this.awaitGroup(plan, group);
    await this.modify(plan);
    await this.grant(plan);
    const ready = await this.verify(plan, group);
    await this.undoFailed(plan, group);
    const groupSnapshotDeleted = await this.cleanUp(plan, snapshot, group);
    const members = await this.startLeases(plan, ready);
    const more = this.failed.length === 0 ? '' : `, ${this.failed.length} failed`;
    const bytes = ready.reduce((sum, { volume }) => sum + volume.totalSize, 0);
    this.finish(`Done: ${ready.length} volumes are ready${more}.`, bytes);
    return {
      cluster: plan.cluster,
      groupSnapshotID,
      groupSnapshotDeleted,
      groupCloneID: group.groupCloneID,
      asyncHandle: group.asyncHandle,
      members,
      ...(this.failed.length === 0 ? {} : { failed: this.failed }),
      startedAt: this.startedAt,
      finishedAt: new Date().toISOString(),
      bytes,
      apiCalls: this.apiCalls,
    };
  }

  protected subject(): Subject {
    const cluster = label(this.request?.cluster);
    const volumes: unknown = this.request?.volumes;
    const sourceVolumeIDs = Array.isArray(volumes) ? this.request.volumes.map((v) => Number(label(v?.volumeID))) : [];
    return { what: `Cloning ${volumesLabel(volumes)} of cluster ${cluster}`, details: { cluster, sourceVolumeIDs } };
  }

  private async preflight(): Promise<GroupPlan> {
    const { request, owner, story } = this;
    const first: unknown = Array.isArray(request?.volumes) ? request.volumes[0]?.volumeID : undefined;
    publish({
      phase: 'waiting',
      ...(typeof request?.cluster === 'string' ? { cluster: label(request.cluster) } : {}),
      ...(Number.isSafeInteger(first) ? { sourceVolumeID: first as number } : {}),
    });
    this.begin('preflightGroup', 'preflight', 'Checking the request against the cluster.');
    const { apiCalls, ...plan } = await reads.preflightGroup.executeWithOptions(
      { summary: `Check ${volumesLabel(request?.volumes)}`, scheduleToCloseTimeout: this.timeLeft() },
      [{ request, owner }],
    );
    this.count({ apiCalls });
    if (plan.snapshot === null) story.skip('snapshot');
    if (!hasGrants(plan)) story.skip('grant');
    this.showMembers(plan);
    return plan;
  }

  private async createSnapshot(plan: GroupPlan): Promise<MadeGroupSnapshot> {
    const what = `a group snapshot of ${plan.members.length} volumes`;
    this.begin('createGroupSnapshot', 'snapshot', `Taking ${what}.`, 'snapshotting');
    // Before the call: its answer may be lost, and what it made must be found by its tag all the same.
    const undoing = this.compensation.groupSnapshot(plan, this.owner);
    const made = await creates.createGroupSnapshot.executeWithOptions(
      {
        summary: `CreateGroupSnapshot of ${volumesLabel(this.request.volumes)}`,
        scheduleToCloseTimeout: this.timeLeft(),
      },
      [{ plan, owner: this.owner }],
    );
    undoing.learn(made.groupSnapshotID, made.inDoubtSince !== null);
    this.story.learn(`group snapshot ${made.groupSnapshotID}`);
    return this.count(made);
  }

  private async startGroup(plan: GroupPlan, groupSnapshotID: number): Promise<StartedGroup> {
    this.begin(
      'startGroup',
      'clone',
      `Asking for the clones. Until the cluster has ${plan.members.length} free clone slots the group waits in line: for its place see Pending Activities, Last Failure.`,
      'waiting',
    );
    const undoing = this.compensation.group(plan, this.owner);
    const group = await this.inTurn<StartedGroup>((line) =>
      creates.startGroup.executeWithOptions(
        {
          summary: `CloneMultipleVolumes of ${volumesLabel(this.request.volumes)}`,
          scheduleToCloseTimeout: this.timeLeft(),
        },
        [{ plan, owner: this.owner, groupSnapshotID, line }],
      ),
    );
    const { groupCloneID, asyncHandle, members } = group;
    undoing.learn({ groupCloneID, asyncHandle, members }, group.inDoubtSince !== null);
    this.members = members;
    if (groupCloneID !== null) this.story.learn(`groupCloneID ${groupCloneID}, asyncHandle ${asyncHandle}`);
    if (group.adopted) this.story.learn('found again after a lost answer');
    this.showMembers(plan);
    publish({ phase: 'cloning', ...(members[0] ? { cloneVolumeID: members[0].volumeID } : {}) });
    return group;
  }

  private async awaitGroup(plan: GroupPlan, { groupCloneID, asyncHandle, members }: StartedGroup): Promise<void> {
    this.begin(
      'awaitGroup',
      'await',
      'Copying. For percent, rate and remaining time of all copies together see Pending Activities, Last Failure: each look at running copies shows there.',
    );
    const done = await looks.awaitGroup.executeWithOptions(
      { summary: `Copies of ${members.length} volumes`, scheduleToCloseTimeout: this.timeLeft() },
      [{ plan, group: { groupCloneID, asyncHandle, members } }],
    );
    this.giveUp(plan, this.count(done).givenUp);
  }

  private async modify(plan: GroupPlan): Promise<void> {
    this.begin('modifyMembers', 'modify', 'Setting what was asked for.', 'modifying');
    const done = await changes.modifyMembers.executeWithOptions(
      { summary: `ModifyVolume of ${this.members.length} volumes`, ...this.attempt() },
      [{ plan, owner: this.owner, members: this.members }],
    );
    this.giveUp(plan, this.count(done).givenUp);
  }

  private async grant(plan: GroupPlan): Promise<void> {
    if (!hasGrants(plan)) return;
    const names = [...new Set(plan.members.flatMap((m) => m.volumeAccessGroups.map((g) => g.name)))].join(', ');
    for (const member of plan.members) this.compensation.granting(member.volumeAccessGroups);
    this.begin('grantMembers', 'grant', `Granting access to ${names}.`, 'granting');
    const done = await changes.grantMembers.executeWithOptions(
      { summary: `Add ${this.members.length} volumes to ${names}`.slice(0, 200), ...this.attempt() },
      [{ plan, owner: this.owner, members: this.members }],
    );
    this.giveUp(plan, this.count(done).givenUp);
  }

  private async verify(plan: GroupPlan, group: StartedGroup): Promise<GroupMember[]> {
    this.begin('verifyMembers', 'verify', 'Comparing the volumes with the request.');
    const verified = await changes.verifyMembers.executeWithOptions(
      { summary: `Verify ${this.members.length} volumes`, ...this.attempt() },
      [
        {
          plan,
          owner: this.owner,
          members: this.members,
          started: group.members,
          inDoubtSince: group.inDoubtSince,
        },
      ],
    );
    const { givenUp, ready, strangersRemoved } = this.count(verified);
    for (const id of strangersRemoved) this.story.learn(`removed volume ${id}, made by a call whose answer was lost`);
    this.giveUp(plan, givenUp);
    return ready;
  }

  /** Removes what members that were given up have made. A good group is not thrown away over what stays of them. */
  private async undoFailed(plan: GroupPlan, group: StartedGroup): Promise<void> {
    const members = group.members.filter((m) => this.failed.some((f) => f.sourceVolumeID === m.sourceVolumeID));
    if (members.length === 0) return;
    const note = (leftBehind: LeftBehind[]) => {
      for (const failed of this.failed) {
        const member = members.find((m) => m.sourceVolumeID === failed.sourceVolumeID);
        failed.leftBehind.push(...leftBehind.filter((l) => l.kind === 'volume' && l.id === member?.volumeID));
      }
    };
    const all = (reason: string) => members.map((m): LeftBehind => ({ kind: 'volume', id: m.volumeID, reason }));
    if (this.request.onFailure === 'keep') return note(all('kept, as onFailure says'));
    this.begin('undoMembers', 'verify', `Removing the clones of ${members.length} members that failed.`);
    try {
      const done = await undo.undoMembers.executeWithOptions(
        { summary: `Remove ${members.length} failed clones`, ...this.attempt() },
        [{ plan, owner: this.owner, members }],
      );
      note(this.count(done).leftBehind);
    } catch (err) {
      if (wasCancelled(err)) throw err;
      note(all(`could not be removed: ${rootCause(err) ?? String(err)}; remove it by hand`));
    }
  }

  private async cleanUp(plan: GroupPlan, snapshot: MadeGroupSnapshot | null, group: StartedGroup): Promise<boolean> {
    const leftovers = [
      ...(plan.snapshot?.retention === 'delete' ? [`group snapshot ${snapshot?.groupSnapshotID}`] : []),
      `async result ${group.asyncHandle ?? ''}`.trim(),
    ];
    this.begin('cleanUpGroup', 'clean up', `Removing ${leftovers.join(' and ')}.`);
    return this.removeSnapshot(`group snapshot ${snapshot?.groupSnapshotID}`, async () => {
      const done = await changes.cleanUpGroup.executeWithOptions(
        { summary: `Remove ${leftovers.join(' and ')}`, scheduleToCloseTimeout: this.timeLeft() },
        [
          {
            plan,
            owner: this.owner,
            snapshot: snapshot && { groupSnapshotID: snapshot.groupSnapshotID, inDoubtSince: snapshot.inDoubtSince },
            asyncHandle: group.asyncHandle,
            volumeIDs: group.members.map((m) => m.volumeID),
          },
        ],
      );
      return this.count(done).groupSnapshotDeleted;
    });
  }

  private async startLeases(plan: GroupPlan, ready: readonly GroupMember[]): Promise<GroupMember[]> {
    const outcomes = await Promise.allSettled(
      ready.map(async (member) => {
        const planned = plan.members.find((m) => m.source.volumeID === member.sourceVolumeID)!;
        if (planned.request.lease === undefined) return member;
        const { volumeID, volume } = member;
        return { ...member, lease: await this.startLease(planned, { volumeID, name: volume.name }) };
      }),
    );
    // All of them have ended, so that undoing knows every lease that was started.
    return outcomes.map((outcome) => {
      if (outcome.status === 'rejected') throw outcome.reason;
      return outcome.value;
    });
  }

  /** The members that a step could not serve take no part in the next ones. */
  private giveUp(plan: GroupPlan, givenUp: readonly GivenUp[]): void {
    for (const { sourceVolumeID, reason } of givenUp) {
      const name = plan.members.find((m) => m.source.volumeID === sourceVolumeID)?.request.name ?? '';
      this.failed.push({ sourceVolumeID, name, step: this.step, reason, leftBehind: [] });
      this.story.learn(`the clone of volume ${sourceVolumeID} failed: ${reason}`);
    }
    this.members = this.members.filter((m) => !givenUp.some((g) => g.volumeID === m.volumeID));
    if (givenUp.length > 0) this.showMembers(plan);
  }

  private showMembers(plan: GroupPlan): void {
    const rows = plan.members.map(({ source, request }) => {
      const failed = this.failed.some((f) => f.sourceVolumeID === source.volumeID);
      const member = this.members.find((m) => m.sourceVolumeID === source.volumeID);
      return [source.volumeID, source.name, request.name, failed ? 'failed' : (member?.volumeID ?? '')];
    });
    this.story.tabulate(markdownTable(['source', 'name', 'clone', 'volume'], rows));
  }

  private attempt() {
    return { startToCloseTimeout: GROUP_ATTEMPT, scheduleToCloseTimeout: this.timeLeft() } as const;
  }
}

const hasGrants = (plan: GroupPlan) => plan.members.some((m) => m.volumeAccessGroups.length > 0);
