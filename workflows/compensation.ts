import { log, patched, rootCause } from '@temporalio/workflow';
import type {
  ClonePlan,
  GroupHandles,
  GroupPlan,
  Kept,
  Owner,
  SnapshotPlan,
  StartedClone,
  UndoResult,
} from '../activities/types.ts';
import type { LeftBehind } from '../contracts/failure.ts';
import { GROUP_ATTEMPT, undo } from './activities.ts';
import { withdrawLease } from './start-lease.ts';

export interface Entry {
  /** Undone also when everything is to be kept. */
  always?: true;
  /** `refused`: the step that was to make it failed, and nothing can have come of its calls. */
  undo: (refused: boolean) => Promise<UndoResult>;
  /** What to name when it stays: by wish, or because undoing failed. */
  leave: (reason: string, refused: boolean) => LeftBehind[];
  /** What to look for when it is kept; `undefined` when all of it is known. */
  uncertain?: (refused: boolean) => { kept: Kept; owner: Owner; inDoubt: boolean } | undefined;
}

/** Before, what was kept and never answered for was named by its kind alone. */
const FIND_KEPT = 'find-kept';

/** Sharpens what is to be undone, once its IDs are known. `inDoubt`: a call without an answer may still make another. */
interface Undoing<M> {
  /** Another is about to be made; the one before, if any, is gone. */
  begin(): void;
  learn(made: M, inDoubt: boolean): void;
}

const mayExist = (kind: LeftBehind['kind'], reason: string, what = 'may exist'): LeftBehind => ({
  kind,
  id: null,
  reason: `${what}, look for its tag: ${reason}`,
});

/** Of a copy into a volume that may exist. */
const RESULT_OF_IT: LeftBehind = {
  kind: 'asyncResult',
  id: null,
  reason:
    'may be kept, if that volume exists: ListAsyncResults shows it, read it once with GetAsyncResult to remove it',
};

type Handles = Pick<StartedClone, 'volumeID' | 'cloneID' | 'asyncHandle'>;

const asyncResult = (asyncHandle: number | null): LeftBehind[] =>
  asyncHandle === null
    ? []
    : [{ kind: 'asyncResult', id: asyncHandle, reason: 'may be kept; read it once with GetAsyncResult to remove it' }];

/**
 * What has been made, in order, and how to undo it. Registered before the creating call, since its answer may be
 * lost; sharpened with IDs once they are known.
 */
export class Compensation {
  protected readonly entries: Entry[] = [];
  private readonly undoings = new Map<LeftBehind['kind'], Undoing<never>>();
  private isCopied = false;
  /** Groups that clones may have been added to. */
  private groups = new Map<number, string>();

  snapshot(plan: SnapshotPlan, owner: Owner): Undoing<number> {
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
      kept: () => ({ kept: { kind: 'snapshot', plan }, owner }),
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
      leave: (clone, reason) => [
        { kind: 'volume', id: clone.volumeID, reason },
        ...this.whatHangsOn(clone.cloneID, `volume ${clone.volumeID}`),
        ...asyncResult(clone.asyncHandle),
      ],
      kept: (made) => ({ kept: { kind: 'clone', plan, made }, owner }),
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
      kept: () => ({ kept: { kind: 'groupSnapshot', plan }, owner }),
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
        ...this.whatHangsOn(null, 'volumes of the group'),
        ...asyncResult(group.asyncHandle),
      ],
      kept: (made) => ({ kept: { kind: 'group', plan, made }, owner }),
    });
  }

  /** First of all, so that the lease does not take our own removal of the volume for somebody else's. */
  lease(leaseID: string): void {
    this.entries.unshift({
      undo: async () => {
        // It may have ended by itself, and it ends by itself when its volume is gone.
        await withdrawLease(leaseID).catch(() => {});
        return { undone: [], leftBehind: [], apiCalls: 0 };
      },
      leave: () => [],
    });
  }

  /** One of a kind: asked for again, the same. */
  private add<M>(entry: {
    kind: LeftBehind['kind'];
    undo: (made: M | null, inDoubt: boolean) => Promise<UndoResult>;
    leave: (made: M, reason: string) => LeftBehind[];
    kept: (made: M | null) => { kept: Kept; owner: Owner };
  }): Undoing<M> {
    const before = this.undoings.get(entry.kind);
    if (before) return before;
    let made: M | null = null;
    let inDoubt = true;
    this.entries.unshift({
      undo: (refused) => entry.undo(made, inDoubt && !(refused && made === null)),
      leave: (reason, refused) => {
        if (made === null) {
          return refused ? [] : [mayExist(entry.kind, reason), ...(entry.kind === 'volume' ? [RESULT_OF_IT] : [])];
        }
        const second = inDoubt ? [mayExist(entry.kind, reason, 'a second one may exist')] : [];
        return [...entry.leave(made, reason), ...second];
      },
      uncertain: (refused) => {
        const doubt = inDoubt && !(refused && made === null);
        const { kept, owner } = entry.kept(made);
        const resultUnknown = 'made' in kept && kept.made !== null && kept.made.asyncHandle === null;
        return doubt || resultUnknown ? { kept, owner, inDoubt: doubt } : undefined;
      },
    });
    const undoing: Undoing<M> = {
      begin() {
        made = null;
        inDoubt = true;
      },
      learn(it, doubt) {
        made = it;
        inDoubt = doubt;
      },
    };
    this.undoings.set(entry.kind, undoing);
    return undoing;
  }

  /** What stays on purpose, whatever happens, and is to be named. */
  keeping(list: () => LeftBehind[]): void {
    this.entries.unshift({
      undo: () => Promise.resolve({ undone: [], leftBehind: list(), apiCalls: 0 }),
      leave: list,
    });
  }

  /**
   * Something that is put right again however the failure is to be dealt with: as it was before, or what is there that
   * should not be. `work` says what it did.
   */
  always(
    work: () => Promise<Pick<UndoResult, 'undone' | 'leftBehind'>>,
    leave: (reason: string) => LeftBehind[],
  ): void {
    this.entries.unshift({ always: true, undo: async () => ({ ...(await work()), apiCalls: 0 }), leave });
  }

  /** What is undone by `work`, and named by `leave` when it stays. */
  undoing(
    work: () => Promise<Pick<UndoResult, 'undone' | 'leftBehind'>>,
    leave: (reason: string) => LeftBehind[],
  ): void {
    this.entries.unshift({ undo: async () => ({ ...(await work()), apiCalls: 0 }), leave });
  }

  /** From here on nothing is undone. */
  settle(): void {
    this.entries.length = 0;
  }

  /** Rolling a volume back a second time changes nothing, and half of it does not exist: there is nothing to undo. */
  rollingBack(volumeID: number, snapshotID: number): void {
    const list = (refused: boolean): LeftBehind[] =>
      refused
        ? []
        : [
            {
              kind: 'content',
              id: volumeID,
              reason: `may have been rolled back to snapshot ${snapshotID}, or still be that of the copy`,
            },
          ];
    this.entries.unshift({
      undo: (refused) => Promise.resolve({ undone: [], leftBehind: list(refused), apiCalls: 0 }),
      leave: (_reason, refused) => list(refused),
    });
  }

  /** The clone jobs have ended. */
  copied(): void {
    this.isCopied = true;
  }

  /** The clones are about to be added to these. */
  granting(groups: ClonePlan['volumeAccessGroups']): void {
    for (const { volumeAccessGroupID, name } of groups) this.groups.set(volumeAccessGroupID, name);
  }

  private whatHangsOn(cloneID: number | null, volumes: string): LeftBehind[] {
    const memberships = [...this.groups].map(([id, name]): LeftBehind => {
      return { kind: 'accessGroupMembership', id, reason: `may be there; ${name} then has access to ${volumes}` };
    });
    if (this.isCopied || cloneID === null) return memberships;
    return [...memberships, { kind: 'cloneJob', id: cloneID, reason: 'may be running; CancelClone stops it' }];
  }

  /**
   * Undoes everything, newest first. A failure of one does not stop the others, nor hide the first error. `refused`: the
   * step that failed has certainly made nothing.
   */
  async run(refused: boolean): Promise<{ undone: string[]; leftBehind: LeftBehind[] }> {
    const undone: string[] = [];
    const leftBehind: LeftBehind[] = [];
    for (const entry of this.entries) await this.undo(entry, refused, undone, leftBehind);
    return { undone, leftBehind };
  }

  private async undo(entry: Entry, refused: boolean, undone: string[], leftBehind: LeftBehind[]): Promise<void> {
    try {
      const result = await entry.undo(refused);
      undone.push(...result.undone);
      leftBehind.push(...result.leftBehind);
    } catch (err) {
      const why = `could not be removed: ${rootCause(err) ?? String(err)}; remove it by hand`;
      leftBehind.push(...entry.leave(why, refused));
    }
  }

  /** Names everything that stays because the request said `onFailure: "keep"`. */
  async leave(refused: boolean): Promise<{ undone: string[]; leftBehind: LeftBehind[] }> {
    const undone: string[] = [];
    const leftBehind: LeftBehind[] = [];
    for (const entry of this.entries) {
      if (entry.always) await this.undo(entry, refused, undone, leftBehind);
      else leftBehind.push(...(await this.name(entry, refused)));
    }
    return { undone, leftBehind };
  }

  /** By ID, also what no answer has told of, as far as the cluster can be asked. */
  private async name(entry: Entry, refused: boolean): Promise<LeftBehind[]> {
    const leave = () => entry.leave('kept, as onFailure says', refused);
    const uncertain = entry.uncertain?.(refused);
    if (uncertain === undefined || !patched(FIND_KEPT)) return leave();
    try {
      const { leftBehind } = await undo.findKept.executeWithOptions({ summary: 'Look for what is kept' }, [uncertain]);
      const isNamed = (l: LeftBehind) => leftBehind.some((m) => m.kind === l.kind && m.id === l.id);
      // A call that was to let the clone into a group may still act.
      const memberships = leave().filter((l) => l.kind === 'accessGroupMembership' && !isNamed(l));
      return [...leftBehind, ...memberships];
    } catch (err) {
      log.warn('What is kept could not be looked for', { error: rootCause(err) ?? String(err) });
      return leave();
    }
  }
}
