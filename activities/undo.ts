import type { LeftBehind } from '../contracts/failure.ts';
import { isOwn, readTag } from '../contracts/tag.ts';
import type { Snapshot, Volume } from '../element/index.ts';
import type { ActivityDeps } from './deps.ts';
import { settling } from './doubt.ts';
import { findOwnSnapshots, findOwnVolumesEver, findVolume, tagOf } from './find.ts';
import { deleteOwnSnapshot } from './release.ts';
import { removeByHand, removeOwnVolumes, unlessRefused } from './remove.ts';
import { ownWorkflowID, type SlotLines } from './slots.ts';
import { runStep, UNAWARE_MS, type NotYet, type StepContext } from './step.ts';
import type { CloneActivities, UndoResult } from './types.ts';

/**
 * Compensation. Both find what to remove by its tag, tolerate that nothing is there, and come back until a creating
 * call whose answer was lost can no longer have an effect.
 */
export const createUndoActivities = (
  deps: ActivityDeps,
  lines: SlotLines,
): Pick<CloneActivities, 'undoClone' | 'undoSnapshot'> => ({
  undoClone: ({ plan, owner, clone, inDoubt }) =>
    runStep(deps, plan.request.cluster, async (ctx) => {
      // Nothing runs yet: out of the line at once.
      if (clone === null) lines(ctx.alias).released(ownWorkflowID());
      const tag = tagOf(owner, plan, 'clone');
      const notYet = settlingUndo(ctx, inDoubt, 'CloneVolume');
      const { live: found, deleted } = await findOwnVolumesEver(ctx.api, plan.request.name, tag);
      const isKnown = (id: number) => found.some((v) => v.volumeID === id) || ctx.memory.removed?.includes(id);
      if (clone && !isKnown(clone.volumeID)) {
        // Renamed, perhaps. Without our tag it is no longer ours to delete.
        const volume = await findVolume(ctx.api, clone.volumeID);
        if (volume && isOwn(readTag(volume.attributes), tag, volume.volumeID)) found.push(volume);
      }
      // What an earlier run has finished, and this one has not taken over, is in somebody's hands.
      const isInUse = (v: Volume) => v.volumeID !== clone?.volumeID && readTag(v.attributes)?.volumeID !== undefined;
      const inUse = found.filter(isInUse);
      const { removed, leftBehind } = await removeOwnVolumes(
        ctx,
        found.filter((v) => !isInUse(v)),
        { ...clone, deleted: [...deleted, ...inUse] },
      );
      leftBehind.push(...inUse.map((v) => leftInUse(v.volumeID)));
      if (clone !== null) lines(ctx.alias).released(ownWorkflowID());
      if (notYet) throw notYet;
      return { undone: removed.map(deletedText), leftBehind };
    }),

  undoSnapshot: ({ plan, owner, inDoubt }) =>
    runStep(deps, plan.request.cluster, async (ctx) => {
      const notYet = settlingUndo(ctx, inDoubt, 'CreateSnapshot');
      const found = await findOwnSnapshots(ctx.api, tagOf(owner, plan, 'snapshot'));
      const result = await removeOwnSnapshots(ctx, found);
      if (notYet) throw notYet;
      return result;
    }),
});

/** Deletes these snapshots of ours, of single volumes. */
export const removeOwnSnapshots = (ctx: StepContext, found: readonly Snapshot[]) =>
  removeSnapshots(
    ctx,
    found.map((s) => s.snapshotID),
    {
      ...{ kind: 'snapshot', name: 'snapshot', method: 'DeleteSnapshot' },
      remove: (snapshotID) => deleteOwnSnapshot(ctx.api, snapshotID),
    },
  );

/** Deletes these snapshots of ours, those that can be, and says which are gone, over all attempts. */
export async function removeSnapshots(
  ctx: StepContext,
  ids: readonly number[],
  by: { kind: LeftBehind['kind']; name: string; method: string; remove: (id: number) => Promise<void> },
): Promise<Pick<UndoResult, 'undone' | 'leftBehind'>> {
  const removing = (ctx.memory.removing ??= []);
  const leftBehind: LeftBehind[] = [];
  for (const id of ids) {
    // Before it is done: an attempt that deletes and gets no answer finds nothing to delete the next time.
    if (!removing.includes(id)) removing.push(id);
    ctx.save();
    const reason = await unlessRefused(ctx, by.method, () => by.remove(id));
    if (reason !== undefined) leftBehind.push({ kind: by.kind, id, reason: removeByHand(reason) });
  }
  const gone = removing.filter((id) => !leftBehind.some((l) => l.id === id));
  return { undone: gone.map((id) => `${by.name} ${id} deleted`), leftBehind };
}

export const leftInUse = (volumeID: number): LeftBehind => ({
  kind: 'volume',
  id: volumeID,
  reason: 'finished by an earlier run of this request, and perhaps in use; delete it if it is not',
});

export const deletedText = (volumeID: number) => `volume ${volumeID} deleted`;

/**
 * What to throw at the end of an attempt as long as a creating call whose answer was lost can still have an effect. To
 * be known before the look-up: what acts after it must be found by another one.
 */
export function settlingUndo(ctx: StepContext, inDoubt: boolean, method: string): NotYet | undefined {
  if (!inDoubt) return undefined;
  // The attempt that was cut short may not have heard of it yet.
  ctx.memory.issuedAt ??= new Date(ctx.now() + UNAWARE_MS).toISOString();
  const what = `waiting to see whether a ${method} whose answer was lost still takes effect`;
  return settling(ctx, ctx.memory.issuedAt, what);
}
