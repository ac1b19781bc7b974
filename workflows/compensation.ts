import { rootCause } from '@temporalio/workflow';
import type { ClonePlan, GroupHandles, GroupPlan, Owner, StartedClone, UndoResult } from '../activities/types.ts';
import type { LeftBehind } from '../contracts/failure.ts';
import { GROUP_ATTEMPT, undo } from './activities.ts';

interface Entry {
  undo: () => Promise<UndoResult>;
  /** What to name when it stays: by wish, or because undoing failed. */
  leave: (reason: string) => LeftBehind[];
}

/** Sharpens what is to be undone, once its IDs are known. `inDoubt`: a call without an answer may still make another. */
interface Undoing<M> {
  learn(made: M, inDoubt: boolean): void;
}

const mayExist = (kind: LeftBehind['kind'], reason: string): LeftBehind => ({
  kind,
  id: null,
  reason: `may exist, look for its tag: ${reason}`,
});

type Handles = Pick<StartedClone, 'volumeID' | 'cloneID' | 'asyncHandle'>;

const asyncResult = (asyncHandle: number | null): LeftBehind[] =>
  asyncHandle === null
    ? []
    : [{ kind: 'asyncResult', id: asyncHandle, reason: 'read it once with GetAsyncResult to remove it' }];

/**
 * What has been made, in order, and how to undo it. Registered before the creating call, since its answer may be
 * lost; sharpened with IDs once they are known.
 */
export class Compensation {
  private readonly entries: Entry[] = [];

  snapshot(plan: ClonePlan, owner: Owner): Undoing<number> {
    const { volumeID } = plan.source;
    return this.add<number>({
      kind: 'snapshot',
      undo: (snapshotID, inDoubt) =>
        undo.undoSnapshot.executeWithOptions(
          {
            summary:
              snapshotID === null
                ? `Remove what CreateSnapshot of ${volumeID} may have made`
                : `Remove snapshot ${snapshotID} of volume ${volumeID}`,
          },
          [{ plan, owner, snapshotID, inDoubt }],
        ),
      leave: (id, reason) => [{ kind: 'snapshot', id, reason }],
    });
  }

  clone(plan: ClonePlan, owner: Owner): Undoing<Handles> {
    const { volumeID } = plan.source;
    return this.add<Handles>({
      kind: 'volume',
      undo: (clone, inDoubt) =>
        undo.undoClone.executeWithOptions(
          {
            summary:
              clone === null
                ? `Remove what CloneVolume ${volumeID} may have made`
                : `Remove volume ${clone.volumeID}, the clone of ${volumeID}`,
          },
          [{ plan, owner, clone, inDoubt }],
        ),
      leave: (clone, reason) => [{ kind: 'volume', id: clone.volumeID, reason }, ...asyncResult(clone.asyncHandle)],
    });
  }

  groupSnapshot(plan: GroupPlan, owner: Owner): Undoing<number> {
    return this.add<number>({
      kind: 'groupSnapshot',
      undo: (groupSnapshotID, inDoubt) =>
        undo.undoGroupSnapshot.executeWithOptions(
          {
            summary:
              groupSnapshotID === null
                ? 'Remove what CreateGroupSnapshot may have made'
                : `Remove group snapshot ${groupSnapshotID}`,
          },
          [{ plan, owner, inDoubt }],
        ),
      leave: (id, reason) => [{ kind: 'groupSnapshot', id, reason }],
    });
  }

  group(plan: GroupPlan, owner: Owner): Undoing<GroupHandles> {
    return this.add<GroupHandles>({
      kind: 'volume',
      undo: (group, inDoubt) =>
        undo.undoGroup.executeWithOptions(
          {
            summary:
              group === null
                ? 'Remove what CloneMultipleVolumes may have made'
                : `Remove the volumes ${group.members.map((m) => m.volumeID).join(', ')}`.slice(0, 200),
            startToCloseTimeout: GROUP_ATTEMPT,
          },
          [{ plan, owner, group, inDoubt }],
        ),
      leave: (group, reason) => [
        ...group.members.map((m): LeftBehind => ({ kind: 'volume', id: m.volumeID, reason })),
        ...asyncResult(group.asyncHandle),
      ],
    });
  }

  private add<M>(entry: {
    kind: LeftBehind['kind'];
    undo: (made: M | null, inDoubt: boolean) => Promise<UndoResult>;
    leave: (made: M, reason: string) => LeftBehind[];
  }): Undoing<M> {
    let made: M | null = null;
    let inDoubt = true;
    this.entries.unshift({
      undo: () => entry.undo(made, inDoubt),
      leave: (reason) => (made === null ? [mayExist(entry.kind, reason)] : entry.leave(made, reason)),
    });
    return {
      learn(it, doubt) {
        made = it;
        inDoubt = doubt;
      },
    };
  }

  /** What stays on purpose, whatever happens, and is to be named. */
  keeping(list: () => LeftBehind[]): void {
    this.entries.unshift({
      undo: () => Promise.resolve({ undone: [], leftBehind: list(), apiCalls: 0 }),
      leave: list,
    });
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
