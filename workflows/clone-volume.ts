import { CancellationScope, CancelledFailure, isCancellation, log, workflowInfo } from '@temporalio/workflow';
import type { ClonePlan, MadeSnapshot, Owner, StartedClone } from '../activities/types.ts';
import type { CloneVolumeResult } from '../contracts/clone-result.ts';
import type { CloneVolumeRequest } from '../contracts/clone-volume.ts';
import type { LeftBehind } from '../contracts/failure.ts';
import { DEFAULT_PRIORITY } from '../contracts/names.ts';
import { isRequestID, workflowIDForRequest } from '../contracts/workflow-id.ts';
import { changes, creates, looks, reads } from './activities.ts';
import { Compensation } from './compensation.ts';
import { timeLeft } from './deadline.ts';
import { cloneFailed, invalidRequest, mayHaveMade, reasonOf, sentence } from './failure.ts';
import { joinOrRun } from './join.ts';
import { cloneLabel, label } from './label.ts';
import { publish } from './search-attributes.ts';
import { Story } from './story.ts';
import { Turn } from './turn.ts';

/**
 * Clones one volume: preflight → snapshot → clone → await → modify → grant → verify → clean up.
 *
 * Whatever fails or is cancelled is undone in reverse order, unless `onFailure: "keep"`.
 * @throws ApplicationFailure `InvalidRequest` (nothing was created) or `CloneFailed` (`details[0]`: CloneFailureDetails)
 */
export async function cloneVolume(request: CloneVolumeRequest): Promise<CloneVolumeResult> {
  const key = request?.requestId;
  // The ID of the workflow is the lock on the key: whoever comes under another name waits for the holder's result.
  // A key that cannot be one is refused by preflight, with everything else that is wrong.
  if (isRequestID(key) && workflowInfo().workflowId !== workflowIDForRequest(key)) return joinOrRun(key, request);

  const clone = new CloneRun(request);
  try {
    return await clone.run();
  } catch (err) {
    throw await CancellationScope.nonCancellable(() => clone.fail(err));
  }
}

class CloneRun {
  private readonly request: CloneVolumeRequest;
  private readonly owner: Owner;
  private readonly story: Story;
  private readonly compensation = new Compensation();
  private readonly startedAt = workflowInfo().startTime.toISOString();
  private readonly turn = new Turn();
  private step = 'preflight';
  private apiCalls = 0;

  constructor(request: CloneVolumeRequest) {
    this.request = request;
    const { workflowId, runId, firstExecutionRunId } = workflowInfo();
    this.owner = {
      workflowID: workflowId,
      request: request?.requestId ?? firstExecutionRunId,
      ...(typeof request?.requestedBy === 'string' ? { requestedBy: request.requestedBy } : {}),
      mayHaveRunBefore: runId !== firstExecutionRunId || typeof request?.requestId === 'string',
    };
    this.story = new Story(cloneLabel(request));
  }

  async run(): Promise<CloneVolumeResult> {
    const plan = await this.preflight();
    const snapshot = plan.snapshot === null ? null : await this.createSnapshot(plan);
    const snapshotID = snapshot?.snapshotID ?? plan.request.snapshotID!;
    const clone = await this.startClone(plan, snapshotID);
    const { bytes } = await this.awaitClone(plan, clone);
    await this.modify(plan, clone.volumeID);
    await this.grant(plan, clone.volumeID);
    const volume = await this.verify(plan, clone);
    const snapshotDeleted = await this.cleanUp(plan, snapshot, clone);
    // A cancellation that came while the last step was finished would else go unheard.
    if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('cancelled');

    this.story.end('done', `Done: volume ${clone.volumeID} is ready.`);
    publish({ phase: 'done' });
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
    };
  }

  /** Undoes what was made and returns what to throw. Runs in a scope that no cancellation reaches. */
  async fail(err: unknown): Promise<unknown> {
    const refused = this.step === 'preflight' ? invalidRequest(err) : undefined;
    const cancelled = isCancellation(err);
    const kept = this.request?.onFailure === 'keep' && refused === undefined;
    if (!refused) {
      const what = cancelled ? 'Cancelled.' : `Failed in step ${this.step}: ${sentence(reasonOf(err))}`;
      this.story.say(kept ? what : `${what} Undoing what was made.`);
    }
    const { undone, leftBehind } = kept ? this.compensation.leave(mayHaveMade(err)) : await this.compensation.run();
    publish({ phase: cancelled ? 'cancelled' : 'failed' });
    const failure = refused ?? this.failure(err, undone, leftBehind, kept);
    this.story.end(cancelled ? 'cancelled' : 'failed', failure.message);
    return cancelled && leftBehind.length === 0 ? err : failure;
  }

  private failure(err: unknown, undone: string[], leftBehind: LeftBehind[], kept: boolean) {
    return cloneFailed(err, {
      cluster: label(this.request?.cluster),
      sourceVolumeID: Number(label(this.request?.volumeID)),
      name: label(this.request?.name),
      step: this.step,
      undone,
      leftBehind,
      kept,
    });
  }

  private async preflight(): Promise<ClonePlan> {
    const { request, owner, story } = this;
    this.step = 'preflight';
    publish({
      phase: 'waiting',
      ...(typeof request?.cluster === 'string' ? { cluster: label(request.cluster) } : {}),
      ...(Number.isSafeInteger(request?.volumeID) ? { sourceVolumeID: request.volumeID } : {}),
    });
    story.begin('preflight', 'Checking the request against the cluster.');
    const { apiCalls, ...plan } = await reads.preflight.executeWithOptions(
      {
        summary: `Check volume ${label(request?.volumeID)} → ${label(request?.name)}`,
        scheduleToCloseTimeout: timeLeft(request?.deadline),
      },
      [{ request, owner }],
    );
    this.apiCalls += apiCalls;
    if (plan.snapshot === null) story.skip('snapshot');
    if (plan.volumeAccessGroups.length === 0) story.skip('grant');
    return plan;
  }

  private async createSnapshot(plan: ClonePlan): Promise<MadeSnapshot> {
    this.begin('createSnapshot');
    this.story.begin('snapshot', `Taking a snapshot of volume ${plan.source.volumeID}.`, 'snapshotting');
    // Before the call: its answer may be lost, and what it made must be found by its tag all the same.
    const undoing = this.compensation.snapshot(plan, this.owner);
    const made = await creates.createSnapshot.executeWithOptions(
      { summary: `CreateSnapshot of volume ${plan.source.volumeID}`, scheduleToCloseTimeout: this.timeLeft() },
      [{ plan, owner: this.owner }],
    );
    undoing.learn(made.snapshotID, made.inDoubtSince !== null);
    this.apiCalls += made.apiCalls;
    this.story.learn(`snapshot ${made.snapshotID}`);
    return made;
  }

  private async startClone(plan: ClonePlan, snapshotID: number): Promise<StartedClone> {
    this.begin('startClone');
    this.story.begin(
      'clone',
      'Asking for the clone. While the cluster has no free clone slot it waits in line: for its place see Pending Activities, Last Failure.',
      'waiting',
    );
    const undoing = this.compensation.clone(plan, this.owner);
    const clone = await this.cloneInTurn(plan, snapshotID);
    undoing.learn(clone);
    this.story.learn(`volume ${clone.volumeID}${clone.adopted ? ' (found again after a lost answer)' : ''}`);
    if (clone.cloneID !== null) this.story.learn(`cloneID ${clone.cloneID}, asyncHandle ${clone.asyncHandle}`);
    publish({ phase: 'cloning', cloneVolumeID: clone.volumeID });
    return clone;
  }

  /** CloneVolume, as soon as a clone slot is ours. */
  private async cloneInTurn(plan: ClonePlan, snapshotID: number): Promise<StartedClone> {
    const line = { priority: plan.request.priority ?? DEFAULT_PRIORITY, inDoubtSince: null as string | null };
    for (;;) {
      const outcome = await creates.startClone.executeWithOptions(
        {
          summary: `CloneVolume ${plan.source.volumeID} → ${plan.request.name}`,
          scheduleToCloseTimeout: this.timeLeft(),
        },
        [{ plan, owner: this.owner, snapshotID, line }],
      );
      this.apiCalls += outcome.apiCalls;
      if (!('inLine' in outcome)) return outcome;
      line.inDoubtSince = outcome.inDoubtSince;
      this.apiCalls += await this.turn.wait(plan.request.cluster, this.timeLeft());
    }
  }

  private async awaitClone(plan: ClonePlan, clone: StartedClone): Promise<{ bytes: number }> {
    this.begin('awaitClone');
    this.story.begin(
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
    this.apiCalls += done.apiCalls;
    return done;
  }

  private async modify(plan: ClonePlan, volumeID: number): Promise<void> {
    this.begin('modifyVolume');
    this.story.begin('modify', `Setting what was asked for on volume ${volumeID}.`, 'modifying');
    const done = await changes.modifyVolume.executeWithOptions(
      { summary: `ModifyVolume ${volumeID}`, scheduleToCloseTimeout: this.timeLeft() },
      [{ plan, owner: this.owner, volumeID }],
    );
    this.apiCalls += done.apiCalls;
  }

  private async grant(plan: ClonePlan, volumeID: number): Promise<void> {
    if (plan.volumeAccessGroups.length === 0) return;
    this.begin('grantAccess');
    const names = plan.volumeAccessGroups.map((g) => g.name).join(', ');
    this.story.begin('grant', `Granting access to ${names}.`, 'granting');
    const done = await changes.grantAccess.executeWithOptions(
      { summary: `Add volume ${volumeID} to ${names}`.slice(0, 200), scheduleToCloseTimeout: this.timeLeft() },
      [{ cluster: plan.request.cluster, volumeID, volumeAccessGroups: plan.volumeAccessGroups }],
    );
    this.apiCalls += done.apiCalls;
  }

  private async verify(plan: ClonePlan, clone: StartedClone) {
    this.begin('verifyClone');
    this.story.begin('verify', `Comparing volume ${clone.volumeID} with the request.`);
    const { volume, strangersRemoved, apiCalls } = await changes.verifyClone.executeWithOptions(
      { summary: `Verify volume ${clone.volumeID}`, scheduleToCloseTimeout: this.timeLeft() },
      [{ plan, owner: this.owner, volumeID: clone.volumeID, inDoubtSince: clone.inDoubtSince }],
    );
    this.apiCalls += apiCalls;
    for (const id of strangersRemoved) this.story.learn(`removed volume ${id}, made by a call whose answer was lost`);
    return volume;
  }

  private async cleanUp(plan: ClonePlan, snapshot: MadeSnapshot | null, clone: StartedClone): Promise<boolean> {
    this.begin('cleanUp');
    const leftovers = [
      ...(plan.snapshot?.retention === 'delete' ? [`snapshot ${snapshot?.snapshotID}`] : []),
      `async result ${clone.asyncHandle ?? ''}`.trim(),
    ];
    this.story.begin('clean up', `Removing ${leftovers.join(' and ')}.`);
    try {
      const { snapshotDeleted, apiCalls } = await changes.cleanUp.executeWithOptions(
        {
          summary: `Remove ${leftovers.join(' and ')}`,
          scheduleToCloseTimeout: this.timeLeft(),
        },
        [
          {
            plan,
            owner: this.owner,
            snapshot: snapshot && { snapshotID: snapshot.snapshotID, inDoubtSince: snapshot.inDoubtSince },
            asyncHandle: clone.asyncHandle,
          },
        ],
      );
      this.apiCalls += apiCalls;
      return snapshotDeleted;
    } catch (err) {
      if (isCancellation(err)) throw err;
      // A good clone is not thrown away over its snapshot: that one expires by itself, and the result says it is there.
      log.warn('The snapshot could not be removed; it expires by itself', {
        snapshotID: snapshot?.snapshotID,
        error: String(err),
      });
      this.story.learn(`snapshot ${snapshot?.snapshotID} could not be removed; it expires by itself`);
      return false;
    }
  }

  private begin(step: string): void {
    this.step = step;
  }

  private timeLeft(): number {
    return timeLeft(this.request.deadline);
  }
}
