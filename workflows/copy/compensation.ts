import { rootCause } from '@temporalio/workflow';
import type { CopyHandles, CopyPlan, Owner } from '../../activities/types.ts';
import type { LeftBehind } from '../../contracts/failure.ts';
import { undo } from '../activities.ts';
import { Compensation } from '../compensation.ts';

/** What is known of the content of a destination while a copy is on its way. */
interface Overwriting {
  /** A call is about to go out. */
  begin(): void;
  /** In line. Without a doubt nothing has come of the call. */
  waits(inDoubt: boolean): void;
  learn(copy: CopyHandles, inDoubt: boolean): void;
  /** The copy is whole. */
  copied(): void;
}

/** The same of the snapshot from before. */
interface WayBack extends Pick<Overwriting, 'begin' | 'waits'> {
  learn(snapshotID: number, inDoubt: boolean): void;
}

/** How to give a destination its content back, beside what a clone would have to undo. */
export class CopyCompensation extends Compensation {
  /** The content could not be given back: the snapshot from before is what a person needs. */
  private isNeeded = false;
  private expected: { id: number | null; inDoubt: boolean } = { id: null, inDoubt: true };
  private registered = false;

  /** The snapshot of the destination; to be registered before the copy, so that it goes after the copy is undone. */
  wayBack(plan: CopyPlan, owner: Owner): WayBack {
    const { dstVolumeID } = plan.request;
    if (!this.registered) {
      this.registered = true;
      this.entries.unshift({
        undo: async (refused) => {
          if (this.isNeeded) return { undone: [], leftBehind: this.snapshots(dstVolumeID), apiCalls: 0 };
          const { id, inDoubt } = this.expected;
          return undo.undoWayBack.executeWithOptions(
            {
              summary:
                id === null ? `Remove what CreateSnapshot of ${dstVolumeID} may have made` : `Remove snapshot ${id}`,
            },
            [{ plan, owner, inDoubt: inDoubt && !(refused && id === null) }],
          );
        },
        leave: (reason, refused) => (refused && this.expected.id === null ? [] : this.snapshots(dstVolumeID, reason)),
      });
    }
    return {
      begin: () => {
        this.expected.inDoubt = true;
      },
      waits: (inDoubt) => {
        this.expected.inDoubt = inDoubt;
      },
      learn: (id, inDoubt) => {
        this.expected = { id, inDoubt };
      },
    };
  }

  overwriting(plan: CopyPlan, owner: Owner, snapshotID: () => number | null): Overwriting {
    const { volumeID, dstVolumeID } = plan.request;
    let copy: CopyHandles | null = null;
    let inDoubt = true;
    let isCopied = false;
    const mayHaveBegun = (refused: boolean) => copy !== null || (inDoubt && !refused);
    this.entries.unshift({
      undo: async (refused) => {
        try {
          const result = await undo.undoStartedCopy.executeWithOptions(
            { summary: `Give volume ${dstVolumeID} its content back` },
            [
              {
                plan,
                owner,
                snapshotID: snapshotID(),
                undoSnapshotID: this.expected.id,
                copy,
                inDoubt: inDoubt && !(refused && copy === null),
              },
            ],
          );
          this.isNeeded = result.leftBehind.some((l) => l.kind === 'content');
          return result;
        } catch (err) {
          this.isNeeded = mayHaveBegun(refused);
          if (!this.isNeeded) return { undone: [], leftBehind: [], apiCalls: 0 };
          const why = `may be a mixture of old and new, and could not be rolled back: ${rootCause(err) ?? String(err)}`;
          return { undone: [], leftBehind: [this.content(dstVolumeID, why), ...jobs(copy, isCopied)], apiCalls: 0 };
        }
      },
      leave: (reason, refused) => {
        if (!mayHaveBegun(refused)) return [];
        const what = isCopied ? `is that of volume ${volumeID}` : 'may be a mixture of old and new';
        return [this.content(dstVolumeID, `${what}, ${reason}`), ...jobs(copy, isCopied)];
      },
    });
    return {
      begin() {
        inDoubt = true;
        isCopied = false;
      },
      waits(doubt) {
        inDoubt = doubt;
      },
      learn(handles, doubt) {
        copy = handles;
        inDoubt = doubt;
      },
      copied() {
        isCopied = true;
      },
    };
  }

  private content(dstVolumeID: number, what: string): LeftBehind {
    const { id } = this.expected;
    const by = id === null ? 'the snapshot from before' : `snapshot ${id}`;
    return {
      kind: 'content',
      id: dstVolumeID,
      reason: `${what}; RollbackToSnapshot to ${by} gives back what it held before`,
    };
  }

  private snapshots(dstVolumeID: number, why = 'needed to give back what the volume held'): LeftBehind[] {
    const { id } = this.expected;
    const what = `the way back of volume ${dstVolumeID}, ${why}`;
    return id === null
      ? [{ kind: 'snapshot', id, reason: `may exist, look for its tag: ${what}; it expires by itself` }]
      : [{ kind: 'snapshot', id, reason: `${what}; it expires by itself` }];
  }
}

const jobs = (copy: CopyHandles | null, isCopied: boolean): LeftBehind[] =>
  copy === null
    ? []
    : [
        ...(isCopied
          ? []
          : [{ kind: 'cloneJob', id: copy.cloneID, reason: 'may be running; CancelClone stops it' } as const]),
        ...(copy.asyncHandle === null
          ? []
          : [
              {
                kind: 'asyncResult',
                id: copy.asyncHandle,
                reason: 'may be kept; read it once with GetAsyncResult to remove it',
              } as const,
            ]),
      ];
