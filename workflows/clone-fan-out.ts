import { CancellationScope, CancelledFailure, defineQuery, isCancellation, setHandler } from '@temporalio/workflow';
import type { ClonePlan, MadeSnapshot } from '../activities/types.ts';
import {
  FAN_OUT_PROGRESS,
  type CloneFanOutResult,
  type FailedFanOutMember,
  type FanOutMember,
  type FanOutProgress,
} from '../contracts/clone-fan-out-result.ts';
import type { CloneFanOutRequest } from '../contracts/clone-fan-out.ts';
import type { CloneVolumeResult } from '../contracts/clone-result.ts';
import { fanOutMember } from '../contracts/fan-out-member.ts';
import { cloneLabel, fanOutLabel, fanOutWhat, label } from '../contracts/label.ts';
import { WORKFLOW } from '../contracts/names.ts';
import { workflowIDForRequest } from '../contracts/workflow-id.ts';
import { changes, creates, reads } from './activities.ts';
import { reasonOf } from './failure.ts';
import { joinOrRun } from './join.ts';
import { markdownTable } from './markdown.ts';
import { Run, serve, type Subject } from './run.ts';
import { publish } from './search-attributes.ts';

/** Rows of each table that people see; hundreds of clones may be under way. */
const ROWS = 20;

/**
 * Clones one volume many times, all of one snapshot: preflight of every clone → snapshot → each clone a workflow of its
 * own, in line for the cluster's clone slots → the snapshot is removed when the last is done.
 *
 * A clone that fails is reported in `failed`, unless `onMemberFailure: "stop"` or none succeeds.
 * @throws ApplicationFailure `InvalidRequest` (nothing was created) or `CloneFailed` (`details[0]`: FanOutFailureDetails)
 */
export async function cloneFanOut(request: CloneFanOutRequest): Promise<CloneFanOutResult> {
  const title = fanOutLabel(request);
  return serve(WORKFLOW.cloneFanOut, request, title, () => new FanOutRun(request, title));
}

class FanOutRun extends Run<CloneFanOutRequest, CloneFanOutResult> {
  /** By their place in the request. */
  private readonly succeeded = new Map<number, FanOutMember>();
  private readonly failed = new Map<number, FailedFanOutMember>();
  private readonly running = new Map<number, string>();

  async run(): Promise<CloneFanOutResult> {
    setHandler(defineQuery<FanOutProgress>(FAN_OUT_PROGRESS), () => this.progress());
    const plan = await this.preflight();
    if (this.wasCutShort(plan) && plan.snapshot !== null) this.compensation.snapshot(plan, this.owner);
    const snapshot = plan.snapshot === null ? null : await this.createSnapshot(plan);
    const snapshotID = snapshot?.snapshotID ?? this.request.snapshotID!;
    await this.cloneAll(snapshotID);
    const snapshotDeleted = await this.cleanUp(plan, snapshot);
    const [succeeded, failed] = [inOrder(this.succeeded), inOrder(this.failed)];
    this.finish(`Done: ${succeeded.length} clones are ready${failed.length === 0 ? '' : `, ${failed.length} failed`}.`);
    return {
      cluster: this.request.cluster,
      sourceVolumeID: this.request.volumeID,
      snapshotID,
      snapshotDeleted,
      succeeded,
      failed,
      startedAt: this.startedAt,
      finishedAt: new Date().toISOString(),
      bytes: succeeded.reduce((sum, { bytes }) => sum + bytes, 0),
      apiCalls: this.apiCalls,
    };
  }

  protected subject(): Subject {
    return {
      what: `Fanning out ${fanOutWhat(this.request)}`,
      details: {
        cluster: label(this.request?.cluster),
        sourceVolumeID: Number(label(this.request?.volumeID)),
        failed: inOrder(this.failed),
      },
    };
  }

  private async preflight(): Promise<ClonePlan> {
    const { request, owner, story } = this;
    publish({
      phase: 'waiting',
      ...(typeof request?.cluster === 'string' ? { cluster: label(request.cluster) } : {}),
      ...(Number.isSafeInteger(request?.volumeID) ? { sourceVolumeID: request.volumeID } : {}),
    });
    for (const step of ['await', 'modify', 'grant', 'verify'] as const) story.skip(step);
    this.begin('preflightFanOut', 'preflight', 'Checking every clone against the cluster.');
    const { apiCalls, ...plan } = await reads.preflightFanOut.executeWithOptions(
      { summary: `Check ${fanOutWhat(request)}`, scheduleToCloseTimeout: this.timeLeft() },
      [{ request, owner }],
    );
    this.count({ apiCalls });
    if (plan.snapshot === null) story.skip('snapshot');
    return plan;
  }

  private async createSnapshot(plan: ClonePlan): Promise<MadeSnapshot> {
    this.begin('createSnapshot', 'snapshot', 'Taking the snapshot that all clones share.', 'snapshotting');
    // Before the call: its answer may be lost, and what it made must be found by its tag all the same.
    const undoing = this.compensation.snapshot(plan, this.owner);
    const made = await creates.createSnapshot.executeWithOptions(
      { summary: `CreateSnapshot of volume ${plan.source.volumeID}`, scheduleToCloseTimeout: this.timeLeft() },
      [{ plan, owner: this.owner }],
    );
    undoing.learn(made.snapshotID, made.inDoubtSince !== null);
    this.story.learn(`snapshot ${made.snapshotID}`);
    return this.count(made);
  }

  /** All at once: the line for clone slots decides who is next. */
  private async cloneAll(snapshotID: number): Promise<void> {
    this.begin('cloneFanOut', 'clone', 'Cloning: each clone is a workflow of its own, see Relationships.', 'cloning');
    this.compensation.keeping(() =>
      inOrder(this.succeeded).map(({ name, volumeID }) => ({
        kind: 'volume',
        id: volumeID,
        reason: `the clone "${name}" is ready and stays`,
      })),
    );
    const members = new CancellationScope();
    const outcomes = await members.run(() =>
      Promise.allSettled(this.request.clones.map((_, i) => this.cloneOne(i, snapshotID, members))),
    );
    const withdrawn = outcomes.find((o) => o.status === 'rejected');
    if (withdrawn) throw withdrawn.reason;
    if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('cancelled');
    const [first] = inOrder(this.failed).filter((m) => m.error !== STOPPED);
    if (first === undefined) return;
    if (this.request.onMemberFailure === 'stop') {
      throw new Error(`"${first.name}" failed, and with it the others were to stop: ${first.error}`);
    }
    if (this.succeeded.size === 0) throw new Error(`every clone failed, as "${first.name}" did: ${first.error}`);
  }

  private async cloneOne(index: number, snapshotID: number, all: CancellationScope): Promise<void> {
    const request = fanOutMember(this.request, index, { key: this.owner.request, snapshotID });
    const workflowID = workflowIDForRequest(request.requestId!);
    const { name } = request;
    const stop = this.request.onMemberFailure === 'stop';
    this.running.set(index, workflowID);
    try {
      const result = await joinOrRun<CloneVolumeResult>(
        WORKFLOW.cloneVolume,
        request.requestId!,
        request,
        cloneLabel(request),
        // Of a fan-out that is repeated after a failure, the clones that are ready stay as they are.
        { anySnapshot: true },
      );
      const { cluster: _c, sourceVolumeID: _v, snapshotDeleted: _d, ...made } = result;
      this.apiCalls += made.apiCalls ?? 0;
      this.succeeded.set(index, { name, workflowID, ...made });
    } catch (err) {
      if (all.consideredCancelled && !(stop && this.failed.size > 0)) throw err;
      const error = !isCancellation(err) ? reasonOf(err) : all.consideredCancelled ? STOPPED : 'it was cancelled';
      this.failed.set(index, { name, workflowID, error });
      if (stop) all.cancel();
    } finally {
      this.running.delete(index);
      this.showMembers();
    }
  }

  private async cleanUp(plan: ClonePlan, snapshot: MadeSnapshot | null): Promise<boolean> {
    if (snapshot === null) return false;
    const what = `snapshot ${snapshot.snapshotID}`;
    this.begin('cleanUp', 'clean up', `Removing ${what}.`);
    return this.removeSnapshot(what, async () => {
      const done = await changes.cleanUp.executeWithOptions(
        { summary: `Remove ${what}`, scheduleToCloseTimeout: this.timeLeft() },
        [
          {
            plan,
            owner: this.owner,
            snapshot: { snapshotID: snapshot.snapshotID, inDoubtSince: snapshot.inDoubtSince },
            asyncHandle: null,
          },
        ],
      );
      return this.count(done).snapshotDeleted;
    });
  }

  private progress(): FanOutProgress {
    return {
      total: this.request.clones.length,
      succeeded: this.succeeded.size,
      failed: this.failed.size,
      running: [...this.running.values()],
    };
  }

  private showMembers(): void {
    const { total, succeeded, failed, running } = this.progress();
    const rows = [
      ...inOrder(this.failed).map((m) => [m.name, 'failed', m.error.slice(0, 200)]),
      ...inOrder(this.succeeded).map((m) => [m.name, 'ready', `volume ${m.volumeID}`]),
    ];
    const more = rows.length > ROWS ? `\n\n… and ${rows.length - ROWS} more` : '';
    this.story.tabulate(
      `${succeeded} of ${total} ready, ${failed} failed, ${running.length} under way.\n\n${markdownTable(['clone', 'state', ''], rows.slice(0, ROWS))}${more}`,
    );
  }
}

const STOPPED = 'it was stopped, since another one failed';

const inOrder = <T>(members: ReadonlyMap<number, T>): T[] =>
  [...members].toSorted(([a], [b]) => a - b).map(([, member]) => member);
