import type { MadeSnapshot, SnapshotPlan } from '../activities/types.ts';
import { label } from '../contracts/label.ts';
import { creates } from './activities.ts';
import { isSnapshotGone } from './failure.ts';
import { Run, type Order } from './run.ts';
import { publish } from './search-attributes.ts';

/** Enough for a person who deletes the wrong one, and for an expiry that is too short to be named as the reason. */
const SNAPSHOT_TRIES = 3;

/** A request that reads one volume by a snapshot of it: one that is given, or one that is taken. */
export abstract class SnapshotRun<
  R extends Order & { volumeID: number; snapshotID?: number | undefined },
  T,
> extends Run<R, T> {
  /** What can be searched for from the start, whatever the request holds. */
  protected announce(): void {
    const { request } = this;
    publish({
      phase: 'waiting',
      ...(typeof request?.cluster === 'string' ? { cluster: label(request.cluster) } : {}),
      ...(Number.isSafeInteger(request?.volumeID) ? { sourceVolumeID: request.volumeID } : {}),
    });
  }

  /** A snapshot of ours that did not outlive the wait for a clone slot is taken anew, but not for ever. */
  protected async fromSnapshot<S>(plan: SnapshotPlan, start: (snapshotID: number) => Promise<S>) {
    let doubt: string | null = null;
    for (let tries = 1; ; tries += 1) {
      const made: MadeSnapshot | null = plan.snapshot === null ? null : await this.createSnapshot(plan);
      // A call in doubt may have made a second one, whichever snapshot it was for.
      doubt = made?.inDoubtSince ?? doubt;
      const snapshotID = made?.snapshotID ?? this.request.snapshotID!;
      try {
        const started = await start(snapshotID);
        return { snapshot: made && { ...made, inDoubtSince: doubt }, snapshotID, started };
      } catch (err) {
        if (made === null || tries >= SNAPSHOT_TRIES || !isSnapshotGone(err)) throw err;
        this.story.learn(`snapshot ${snapshotID} was gone before the cluster accepted the call: taking another`);
      }
    }
  }

  private async createSnapshot(plan: SnapshotPlan): Promise<MadeSnapshot> {
    this.begin('createSnapshot', 'snapshot', `Taking a snapshot of volume ${plan.source.volumeID}.`, 'snapshotting');
    // Before the call: its answer may be lost, and what it made must be found by its tag all the same.
    const undoing = this.compensation.snapshot(plan, this.owner);
    undoing.begin();
    const made = await creates.createSnapshot.executeWithOptions(
      { summary: `CreateSnapshot of volume ${plan.source.volumeID}`, scheduleToCloseTimeout: this.timeLeft() },
      [{ plan, owner: this.owner }],
    );
    undoing.learn(made.snapshotID, made.inDoubtSince !== null);
    this.count(made);
    this.story.learn(`snapshot ${made.snapshotID}`);
    return made;
  }
}
