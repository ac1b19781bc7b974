import { rootCause } from '@temporalio/workflow';
import type { ClonePlan, Owner, StartedClone, UndoResult } from '../activities/types.ts';
import type { LeftBehind } from '../contracts/failure.ts';
import { undo } from './activities.ts';

interface Entry {
  undo: () => Promise<UndoResult>;
  /** What to name when it stays: by wish, or because undoing failed. */
  leave: (reason: string) => LeftBehind[];
}

const mayExist = (kind: LeftBehind['kind'], reason: string): LeftBehind => ({
  kind,
  id: null,
  reason: `may exist, look for its tag: ${reason}`,
});

/**
 * What has been made, in order, and how to undo it. Registered before the creating call, since its answer may be
 * lost; sharpened with IDs once they are known.
 */
export class Compensation {
  private readonly entries: Entry[] = [];

  snapshot(plan: ClonePlan, owner: Owner) {
    let snapshotID: number | null = null;
    let inDoubt = true;
    this.entries.unshift({
      undo: () =>
        undo.undoSnapshot.executeWithOptions(
          {
            summary:
              snapshotID === null
                ? `Remove what CreateSnapshot of ${plan.source.volumeID} may have made`
                : `Remove snapshot ${snapshotID} of volume ${plan.source.volumeID}`,
          },
          [{ plan, owner, snapshotID, inDoubt }],
        ),
      leave: (reason) =>
        snapshotID === null ? [mayExist('snapshot', reason)] : [{ kind: 'snapshot', id: snapshotID, reason }],
    });
    return {
      learn(id: number, doubt: boolean) {
        snapshotID = id;
        inDoubt = doubt;
      },
    };
  }

  clone(plan: ClonePlan, owner: Owner) {
    let clone: Pick<StartedClone, 'volumeID' | 'cloneID' | 'asyncHandle'> | null = null;
    let inDoubt = true;
    this.entries.unshift({
      undo: () =>
        undo.undoClone.executeWithOptions(
          {
            summary:
              clone === null
                ? `Remove what CloneVolume ${plan.source.volumeID} may have made`
                : `Remove volume ${clone.volumeID}, the clone of ${plan.source.volumeID}`,
          },
          [{ plan, owner, clone, inDoubt }],
        ),
      leave: (reason) =>
        clone === null
          ? [mayExist('volume', reason)]
          : [
              { kind: 'volume', id: clone.volumeID, reason },
              ...(clone.asyncHandle === null
                ? []
                : [
                    {
                      kind: 'asyncResult' as const,
                      id: clone.asyncHandle,
                      reason: 'read it once with GetAsyncResult to remove it',
                    },
                  ]),
            ],
    });
    return {
      learn(made: StartedClone) {
        clone = { volumeID: made.volumeID, cloneID: made.cloneID, asyncHandle: made.asyncHandle };
        inDoubt = made.inDoubtSince !== null;
      },
    };
  }

  /** Undoes everything, newest first. A failure of one does not stop the others, nor hide the first error. */
  async run(): Promise<{ undone: string[]; leftBehind: LeftBehind[] }> {
    const undone: string[] = [];
    const leftBehind: LeftBehind[] = [];
    for (const entry of this.entries) {
      try {
        const result = await entry.undo();
        undone.push(...result.undone);
        leftBehind.push(...result.leftBehind);
      } catch (err) {
        const why = `could not be removed: ${rootCause(err) ?? String(err)}; remove it by hand`;
        leftBehind.push(...entry.leave(why));
      }
    }
    return { undone, leftBehind };
  }

  /**
   * Names everything that stays because the request said `onFailure: "keep"`; with `inDoubt`, also what the step that
   * failed may have made.
   */
  leave(inDoubt: boolean): { undone: string[]; leftBehind: LeftBehind[] } {
    const all = this.entries.flatMap((e) => e.leave('kept, as onFailure says'));
    return { undone: [], leftBehind: all.filter((l) => l.id !== null || inDoubt) };
  }
}
