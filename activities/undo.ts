import type { LeftBehind } from '../contracts/failure.ts';
import { isOwn, readTag } from '../contracts/tag.ts';
import type { ActivityDeps } from './deps.ts';
import { settle } from './doubt.ts';
import { findOwnSnapshots, findOwnVolumesEver, findVolume, tagOf } from './find.ts';
import { deleteOwnSnapshot } from './release.ts';
import { removeByHand, removeOwnVolumes, unlessRefused } from './remove.ts';
import { ownWorkflowID, type SlotLines } from './slots.ts';
import { runStep, UNAWARE_MS, type StepContext } from './step.ts';
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
      const { live: found, deleted } = await findOwnVolumesEver(ctx.api, plan.request.name, tag);
      if (clone && !found.some((v) => v.volumeID === clone.volumeID)) {
        // Renamed, perhaps. Without our tag it is no longer ours to delete.
        const volume = await findVolume(ctx.api, clone.volumeID);
        if (volume && isOwn(readTag(volume.attributes), tag, volume.volumeID)) found.push(volume);
      }
      const { removed, leftBehind } = await removeOwnVolumes(ctx, found, { ...clone, deleted });
      if (clone !== null) lines(ctx.alias).released(ownWorkflowID());
      settleUndo(ctx, inDoubt, 'CloneVolume');
      return { undone: removed.map(deletedText), leftBehind };
    }),

  undoSnapshot: ({ plan, owner, inDoubt }) =>
    runStep(deps, plan.request.cluster, async (ctx) => {
      const found = await findOwnSnapshots(ctx.api, tagOf(owner, plan, 'snapshot'));
      const result = await removeSnapshots(
        ctx,
        found.map((s) => s.snapshotID),
        {
          ...{ kind: 'snapshot', name: 'snapshot', method: 'DeleteSnapshot' },
          remove: (snapshotID) => deleteOwnSnapshot(ctx.api, snapshotID),
        },
      );
      settleUndo(ctx, inDoubt, 'CreateSnapshot');
      return result;
    }),
});

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

export const deletedText = (volumeID: number) => `volume ${volumeID} deleted`;

/** Comes back until a creating call whose answer was lost can no longer have an effect. */
export function settleUndo(ctx: StepContext, inDoubt: boolean, method: string): void {
  if (!inDoubt) return;
  // The attempt that was cut short may not have heard of it yet.
  ctx.memory.issuedAt ??= new Date(ctx.now() + UNAWARE_MS).toISOString();
  settle(ctx, ctx.memory.issuedAt, `waiting to see whether a ${method} whose answer was lost still takes effect`);
}
