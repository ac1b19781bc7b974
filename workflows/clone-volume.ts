import type { ClonePlan, MadeSnapshot, StartedClone } from '../activities/types.ts';
import type { CloneVolumeResult } from '../contracts/clone-result.ts';
import type { CloneVolumeRequest } from '../contracts/clone-volume.ts';
import { WORKFLOW } from '../contracts/names.ts';
import { changes, creates, looks, reads } from './activities.ts';
import { cloneLabel, label } from '../contracts/label.ts';
import { serve, type Subject } from './run.ts';
import { publish } from './search-attributes.ts';
import { SnapshotRun } from './snapshot-run.ts';

/**
 * Clones one volume: preflight → snapshot → clone → await → modify → grant → verify → clean up.
 *
 * Whatever fails or is cancelled is undone in reverse order, unless `onFailure: "keep"`.
 * @throws ApplicationFailure `InvalidRequest` (nothing was created) or `CloneFailed` (`details[0]`: CloneFailureDetails)
 */
export async function cloneVolume(request: CloneVolumeRequest): Promise<CloneVolumeResult> {
  return serve(WORKFLOW.cloneVolume, request, cloneLabel(request), () => new CloneRun(request, cloneLabel(request)));
}

class CloneRun extends SnapshotRun<CloneVolumeRequest, CloneVolumeResult> {
  async run(): Promise<CloneVolumeResult> {
    const plan = await this.preflight();
    if (this.wasCutShort(plan)) {
      if (plan.snapshot !== null) this.compensation.snapshot(plan, this.owner);
      this.compensation.clone(plan, this.owner);
    }
    const { snapshot, snapshotID, started: clone } = await this.fromSnapshot(plan, (id) => this.startClone(plan, id));
    const { bytes } = await this.awaitClone(plan, clone);
    await this.modify(plan, clone.volumeID);
    await this.grant(plan, clone.volumeID);
    const volume = await this.verify(plan, clone);
    const snapshotDeleted = await this.cleanUp(plan, snapshot, clone);
    const lease =
      plan.request.lease === undefined
        ? undefined
        : await this.startLease(plan, { volumeID: clone.volumeID, name: volume.name });
    this.finish(`Done: volume ${clone.volumeID} is ready.`, bytes);
    return {
      cluster: plan.request.cluster,
      sourceVolumeID: plan.request.volumeID,
      volumeID: clone.volumeID,
      cloneID: clone.cloneID,
      snapshotID,
      snapshotDeleted,
      asyncHandle: clone.asyncHandle,
      volume,
      startedAt: this.startedAt,
      finishedAt: new Date().toISOString(),
      bytes,
      apiCalls: this.apiCalls,
      ...(lease === undefined ? {} : { lease }),
    };
  }

  protected subject(): Subject {
    const cluster = label(this.request?.cluster);
    const sourceVolumeID = Number(label(this.request?.volumeID));
    const name = label(this.request?.name);
    return {
      what: `Cloning volume ${sourceVolumeID} of cluster ${cluster} to "${name}"`,
      details: { cluster, sourceVolumeID, name },
    };
  }

  private async preflight(): Promise<ClonePlan> {
    const { request, owner, story } = this;
    this.announce();
    this.begin('preflight', 'preflight', 'Checking the request against the cluster.');
    const { apiCalls, ...plan } = await reads.preflight.executeWithOptions(
      {
        summary: `Check volume ${label(request?.volumeID)} → ${label(request?.name)}`,
        scheduleToCloseTimeout: this.timeLeft(),
      },
      [{ request, owner }],
    );
    this.count({ apiCalls });
    if (plan.snapshot === null) story.skip('snapshot');
    if (plan.volumeAccessGroups.length === 0) story.skip('grant');
    return plan;
  }

  private async startClone(plan: ClonePlan, snapshotID: number): Promise<StartedClone> {
    this.begin(
      'startClone',
      'clone',
      'Asking for the clone. While the cluster has no free clone slot it waits in line: for its place see Pending Activities, Last Failure.',
      // Since revision 1 only a clone that waits is said to: each upsert costs the server as much as an activity.
      plan.revision === undefined ? 'waiting' : undefined,
    );
    const undoing = this.compensation.clone(plan, this.owner);
    const clone = await this.inTurn<StartedClone>((line) =>
      creates.startClone.executeWithOptions(
        {
          summary: `CloneVolume ${plan.source.volumeID} → ${plan.request.name}`,
          scheduleToCloseTimeout: this.timeLeft(),
        },
        [{ plan, owner: this.owner, snapshotID, line }],
      ),
    );
    const { volumeID, cloneID, asyncHandle } = clone;
    undoing.learn({ volumeID, cloneID, asyncHandle }, clone.inDoubtSince !== null);
    this.story.learn(`volume ${clone.volumeID}${clone.adopted ? ' (found again after a lost answer)' : ''}`);
    if (clone.cloneID !== null) this.story.learn(`cloneID ${clone.cloneID}, asyncHandle ${clone.asyncHandle}`);
    publish({ phase: 'cloning', cloneVolumeID: clone.volumeID });
    return clone;
  }

  private async awaitClone(plan: ClonePlan, clone: StartedClone): Promise<{ bytes: number }> {
    this.begin(
      'awaitClone',
      'await',
      'Copying. For percent, rate and remaining time see Pending Activities, Last Failure: each look at a running copy shows there.',
    );
    const done = await looks.awaitClone.executeWithOptions(
      {
        summary: `Copy of volume ${plan.source.volumeID} → volume ${clone.volumeID}`,
        scheduleToCloseTimeout: this.timeLeft(),
      },
      [
        {
          cluster: plan.request.cluster,
          clone: { volumeID: clone.volumeID, cloneID: clone.cloneID, asyncHandle: clone.asyncHandle },
          totalSize: plan.totalSize,
        },
      ],
    );
    this.compensation.copied();
    return this.count(done);
  }

  private async modify(plan: ClonePlan, volumeID: number): Promise<void> {
    this.begin('modifyVolume', 'modify', `Setting what was asked for on volume ${volumeID}.`, 'modifying');
    const done = await changes.modifyVolume.executeWithOptions(
      { summary: `ModifyVolume ${volumeID}`, scheduleToCloseTimeout: this.timeLeft() },
      [{ plan, owner: this.owner, volumeID }],
    );
    this.count(done);
  }

  private async grant(plan: ClonePlan, volumeID: number): Promise<void> {
    if (plan.volumeAccessGroups.length === 0) return;
    const names = plan.volumeAccessGroups.map((g) => g.name).join(', ');
    this.compensation.granting(plan.volumeAccessGroups);
    this.begin('grantAccess', 'grant', `Granting access to ${names}.`, 'granting');
    const done = await changes.grantAccess.executeWithOptions(
      { summary: `Add volume ${volumeID} to ${names}`.slice(0, 200), scheduleToCloseTimeout: this.timeLeft() },
      [{ cluster: plan.request.cluster, volumeID, volumeAccessGroups: plan.volumeAccessGroups }],
    );
    this.count(done);
  }

  private async verify(plan: ClonePlan, clone: StartedClone) {
    this.begin('verifyClone', 'verify', `Comparing volume ${clone.volumeID} with the request.`);
    const verified = await changes.verifyClone.executeWithOptions(
      { summary: `Verify volume ${clone.volumeID}`, scheduleToCloseTimeout: this.timeLeft() },
      [{ plan, owner: this.owner, volumeID: clone.volumeID, inDoubtSince: clone.inDoubtSince }],
    );
    const { volume, strangersRemoved } = this.count(verified);
    for (const id of strangersRemoved) this.story.learn(`removed volume ${id}, made by a call whose answer was lost`);
    return volume;
  }

  private async cleanUp(plan: ClonePlan, snapshot: MadeSnapshot | null, clone: StartedClone): Promise<boolean> {
    const leftovers = [
      ...(plan.snapshot?.retention === 'delete' ? [`snapshot ${snapshot?.snapshotID}`] : []),
      `async result ${clone.asyncHandle ?? ''}`.trim(),
    ];
    this.begin('cleanUp', 'clean up', `Removing ${leftovers.join(' and ')}.`);
    return this.removeSnapshot(`snapshot ${snapshot?.snapshotID}`, async () => {
      const done = await changes.cleanUp.executeWithOptions(
        { summary: `Remove ${leftovers.join(' and ')}`, scheduleToCloseTimeout: this.timeLeft() },
        [
          {
            plan,
            owner: this.owner,
            snapshot: snapshot && { snapshotID: snapshot.snapshotID, inDoubtSince: snapshot.inDoubtSince },
            asyncHandle: clone.asyncHandle,
            volumeID: clone.volumeID,
          },
        ],
      );
      return this.count(done).snapshotDeleted;
    });
  }
}
