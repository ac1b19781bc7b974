import type { CopyPlan, MadeWayBack, StartedCopy } from '../activities/types.ts';
import type { CopyVolumeResult } from '../contracts/copy-result.ts';
import type { CopyVolumeRequest } from '../contracts/copy-volume.ts';
import { copyLabel, label } from '../contracts/label.ts';
import { WORKFLOW } from '../contracts/names.ts';
import { changes, creates, looks, reads } from './activities.ts';
import { CopyCompensation } from './copy/compensation.ts';
import { isCopyOutcomeUnknown } from './failure.ts';
import { serve, type Subject } from './run.ts';
import { publish } from './search-attributes.ts';
import { SnapshotRun } from './snapshot-run.ts';
import { COPY_STEPS } from './story.ts';

/**
 * Overwrites a volume with another one, in place: preflight → snapshot → way back → copy → await → verify → clean up.
 *
 * What fails or is cancelled once the destination is being overwritten is rolled back, unless `onFailure: "keep"`.
 * @throws ApplicationFailure `InvalidRequest` (nothing was changed) or `CloneFailed` (`details[0]`: CopyFailureDetails)
 */
export async function copyVolume(request: CopyVolumeRequest): Promise<CopyVolumeResult> {
  return serve(WORKFLOW.copyVolume, request, copyLabel(request), () => new CopyRun(request));
}

/** Of the same snapshot, when nothing tells how the one before has ended. */
const COPIES_MAX = 3;

class CopyRun extends SnapshotRun<CopyVolumeRequest, CopyVolumeResult> {
  protected override readonly compensation = new CopyCompensation();
  private snapshotID: number | null = null;
  private wayBack: MadeWayBack | undefined;
  /** When the way back expires unless cleaning up lets it go earlier, in milliseconds. */
  private wayBackEnds = 0;

  constructor(request: CopyVolumeRequest) {
    super(request, copyLabel(request), COPY_STEPS);
  }

  async run(): Promise<CopyVolumeResult> {
    const plan = await this.preflight();
    const cutShort = this.wasCutShort(plan);
    if (cutShort && plan.snapshot !== null) this.compensation.snapshot(plan, this.owner);
    const keeping = cutShort ? this.compensation.wayBack(plan, this.owner) : undefined;
    let overwriting = cutShort ? this.overwriting(plan) : undefined;

    const { snapshot, snapshotID, started } = await this.fromSnapshot(plan, async (id) => {
      this.snapshotID = id;
      this.wayBack ??= await this.createWayBack(plan, keeping);
      overwriting ??= this.overwriting(plan);
      return this.copyWhole(plan, id, this.wayBack, overwriting);
    });
    const { copy, bytes, verified } = started;
    const wayBack = this.wayBack!;
    const { snapshotDeleted, undo } = await this.cleanUp(plan, snapshot, wayBack, copy);
    this.finish(`Done: volume ${plan.request.dstVolumeID} holds what volume ${plan.request.volumeID} held.`, bytes);
    return {
      cluster: plan.request.cluster,
      sourceVolumeID: plan.request.volumeID,
      dstVolumeID: plan.request.dstVolumeID,
      cloneID: copy.cloneID,
      snapshotID,
      snapshotDeleted,
      asyncHandle: copy.asyncHandle,
      undo,
      volume: verified.volume,
      changes: verified.changes,
      startedAt: this.startedAt,
      finishedAt: new Date().toISOString(),
      bytes,
      apiCalls: this.apiCalls,
    };
  }

  protected subject(): Subject {
    const cluster = label(this.request?.cluster);
    const sourceVolumeID = Number(label(this.request?.volumeID));
    const dstVolumeID = Number(label(this.request?.dstVolumeID));
    return {
      what: `Copying volume ${sourceVolumeID} of cluster ${cluster} onto volume ${dstVolumeID}`,
      details: { cluster, sourceVolumeID, dstVolumeID },
    };
  }

  private async preflight(): Promise<CopyPlan> {
    const { request, owner, story } = this;
    this.announce();
    this.begin('preflightCopy', 'preflight', 'Checking the request against the cluster.');
    const { apiCalls, ...plan } = await reads.preflightCopy.executeWithOptions(
      {
        summary: `Check volume ${label(request?.volumeID)} → volume ${label(request?.dstVolumeID)}`,
        scheduleToCloseTimeout: this.timeLeft(),
      },
      [{ request, owner }],
    );
    this.count({ apiCalls });
    if (plan.snapshot === null) story.skip('snapshot');
    return plan;
  }

  private overwriting(plan: CopyPlan) {
    return this.compensation.overwriting(plan, this.owner, () => this.snapshotID);
  }

  /** Once it is our turn, so that nothing is missing in it that hosts have written while the copy waited. */
  private async createWayBack(
    plan: CopyPlan,
    keeping = this.compensation.wayBack(plan, this.owner),
  ): Promise<MadeWayBack> {
    const { dstVolumeID } = plan.request;
    this.begin(
      'createWayBack',
      'way back',
      `Taking a snapshot of volume ${dstVolumeID}, the way back. While the cluster has no free clone slot it waits in line: for its place see Pending Activities, Last Failure.`,
      'waiting',
    );
    const made = await this.inTurn<MadeWayBack>(async (line) => {
      keeping.begin();
      const outcome = await creates.createWayBack.executeWithOptions(
        { summary: `CreateSnapshot of volume ${dstVolumeID}, the way back`, scheduleToCloseTimeout: this.timeLeft() },
        [{ plan, owner: this.owner, line }],
      );
      if ('inLine' in outcome) keeping.waits(outcome.inDoubtSince !== null);
      return outcome;
    });
    this.wayBackEnds = Date.now() + plan.undo.keepMs;
    keeping.learn(made.snapshotID, made.inDoubtSince !== null);
    this.story.learn(`snapshot ${made.snapshotID} of volume ${dstVolumeID}`);
    return made;
  }

  /** Until a copy is known to be whole. The content is that of the snapshot, however often it is copied. */
  private async copyWhole(
    plan: CopyPlan,
    snapshotID: number,
    wayBack: MadeWayBack,
    overwriting: ReturnType<CopyRun['overwriting']>,
  ) {
    let doubt: string | null = null;
    for (let copies = 1; ; copies += 1) {
      const copy: StartedCopy = await this.startCopy(plan, snapshotID, wayBack, overwriting, { doubt, copies });
      try {
        const { bytes } = await this.awaitCopy(plan, copy);
        overwriting.copied();
        const verified = await this.verify(plan, snapshotID, wayBack, copy);
        return { copy, bytes, verified };
      } catch (err) {
        if (copies >= COPIES_MAX || !isCopyOutcomeUnknown(err)) throw err;
        doubt = copy.inDoubtSince;
        this.story.learn(`nothing tells how clone job ${copy.cloneID} ended: copying the same once more`);
      }
    }
  }

  private async startCopy(
    plan: CopyPlan,
    snapshotID: number,
    wayBack: MadeWayBack,
    overwriting: ReturnType<CopyRun['overwriting']>,
    /** `doubt`: that of the copy before. */
    { doubt, copies }: { doubt: string | null; copies: number },
  ): Promise<StartedCopy> {
    const { volumeID, dstVolumeID } = plan.request;
    this.begin(
      'startCopy',
      'copy',
      'Asking for the copy. While the cluster has no free clone slot it waits in line: for its place see Pending Activities, Last Failure.',
    );
    const copy = await this.inTurn<StartedCopy>(
      async (line) => {
        overwriting.begin();
        const outcome = await creates.startCopy.executeWithOptions(
          { summary: `CopyVolume ${volumeID} → ${dstVolumeID}`, scheduleToCloseTimeout: this.timeLeft() },
          [{ plan, owner: this.owner, snapshotID, undoSnapshotID: wayBack.snapshotID, line }],
        );
        if ('inLine' in outcome) overwriting.waits(outcome.inDoubtSince !== null);
        return outcome;
      },
      copies === 1 && wayBack.granted ? true : undefined,
    );
    const { cloneID, asyncHandle } = copy;
    const inDoubtSince = copy.inDoubtSince ?? doubt;
    overwriting.learn({ cloneID, asyncHandle }, inDoubtSince !== null);
    this.story.learn(
      `cloneID ${cloneID}, asyncHandle ${asyncHandle ?? 'unknown'}${copy.adopted ? ' (found again after a lost answer)' : ''}`,
    );
    publish({ phase: 'cloning', cloneVolumeID: dstVolumeID });
    return { ...copy, inDoubtSince };
  }

  private async awaitCopy(plan: CopyPlan, { cloneID, asyncHandle }: StartedCopy): Promise<{ bytes: number }> {
    const { cluster, volumeID, dstVolumeID } = plan.request;
    this.begin(
      'awaitCopy',
      'await',
      'Copying. For percent, rate and remaining time see Pending Activities, Last Failure: each look at a running copy shows there.',
    );
    const done = await looks.awaitCopy.executeWithOptions(
      { summary: `Copy of volume ${volumeID} → volume ${dstVolumeID}`, scheduleToCloseTimeout: this.timeLeft() },
      [{ cluster, dstVolumeID, copy: { cloneID, asyncHandle }, totalSize: plan.totalSize }],
    );
    return this.count(done);
  }

  private async verify(plan: CopyPlan, snapshotID: number, wayBack: MadeWayBack, copy: StartedCopy) {
    const { dstVolumeID } = plan.request;
    this.begin('verifyCopy', 'verify', `Comparing volume ${dstVolumeID} with what it was before.`);
    const { cloneID, asyncHandle, inDoubtSince } = copy;
    const verified = await changes.verifyCopy.executeWithOptions(
      { summary: `Verify volume ${dstVolumeID}`, scheduleToCloseTimeout: this.timeLeft() },
      [
        {
          plan,
          owner: this.owner,
          snapshotID,
          undoSnapshotID: wayBack.snapshotID,
          copy: { cloneID, asyncHandle },
          inDoubtSince,
        },
      ],
    );
    this.count(verified);
    for (const change of verified.changes) this.story.learn(change);
    return verified;
  }

  private async cleanUp(
    plan: CopyPlan,
    snapshot: { snapshotID: number; inDoubtSince: string | null } | null,
    wayBack: MadeWayBack,
    copy: StartedCopy,
  ): Promise<Pick<CopyVolumeResult, 'snapshotDeleted' | 'undo'>> {
    const leftovers = [
      ...(plan.snapshot?.retention === 'delete' ? [`snapshot ${snapshot?.snapshotID}`] : []),
      `async result ${copy.asyncHandle ?? ''}`.trim(),
    ];
    this.begin('cleanUpCopy', 'clean up', `Removing ${leftovers.join(' and ')}.`);
    let undo: CopyVolumeResult['undo'] = {
      snapshotID: wayBack.snapshotID,
      expiresAt: new Date(this.wayBackEnds).toISOString(),
    };
    const snapshotDeleted = await this.removeSnapshot(`snapshot ${snapshot?.snapshotID}`, async () => {
      const done = await changes.cleanUpCopy.executeWithOptions(
        { summary: `Remove ${leftovers.join(' and ')}`, scheduleToCloseTimeout: this.timeLeft() },
        [
          {
            plan,
            owner: this.owner,
            snapshot: snapshot && { snapshotID: snapshot.snapshotID, inDoubtSince: snapshot.inDoubtSince },
            wayBack: { snapshotID: wayBack.snapshotID, inDoubtSince: wayBack.inDoubtSince },
            copy: { cloneID: copy.cloneID, asyncHandle: copy.asyncHandle, inDoubtSince: copy.inDoubtSince },
          },
        ],
      );
      undo = this.count(done).undo;
      return done.snapshotDeleted;
    });
    return { snapshotDeleted, undo };
  }
}
