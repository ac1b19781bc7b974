import type { ActivityDeps } from '../deps.ts';
import { findVolumes } from '../find.ts';
import { deleteOwnGroupSnapshot } from '../release.ts';
import { removeOwnVolumes } from '../remove.ts';
import { ownWorkflowID, type SlotLines } from '../slots.ts';
import { runStep } from '../step.ts';
import { deletedText, leftInUse, removeSnapshots, settlingUndo } from '../undo.ts';
import { findOwnGroupSnapshots, findOwnMembers, ownMembers } from './find.ts';
import type { GroupActivities } from './types.ts';

/** Compensation for groups, by the same rules as for a clone. */
export const createGroupUndoActivities = (
  deps: ActivityDeps,
  lines: SlotLines,
): Pick<GroupActivities, 'undoMembers' | 'undoGroup' | 'undoGroupSnapshot'> => ({
  undoMembers: ({ plan, owner, members }) =>
    runStep(deps, plan.cluster, async (ctx) => {
      const volumes = await findVolumes(
        ctx.api,
        members.map((m) => m.volumeID),
      );
      const own = ownMembers(volumes, plan, owner).live.map((m) => m.volume);
      const { removed, leftBehind } = await removeOwnVolumes(ctx, own);
      return { undone: removed.map(deletedText), leftBehind };
    }),

  undoGroup: ({ plan, owner, group, inDoubt }) =>
    runStep(deps, plan.cluster, async (ctx) => {
      // Nothing runs yet: out of the line at once.
      if (group === null) lines(ctx.alias).released(ownWorkflowID());
      const notYet = settlingUndo(ctx, inDoubt, 'CloneMultipleVolumes');
      const known = new Set(group?.members.map((m) => m.volumeID));
      const { live: found, deleted } = await findOwnMembers(ctx.api, plan, owner);
      const isKnown = (id: number) => found.some((m) => m.volumeID === id) || ctx.memory.removed?.includes(id);
      const elsewhere = [...known].filter((id) => !isKnown(id));
      if (elsewhere.length > 0) found.push(...ownMembers(await findVolumes(ctx.api, elsewhere), plan, owner).live);
      // What an earlier run has finished, and this one has not taken over, is in somebody's hands.
      const isInUse = (m: { stamped: boolean; volumeID: number }) => m.stamped && !known.has(m.volumeID);
      const going = found.filter((m) => !isInUse(m)).map((m) => m.volume);
      const inUse = found.filter(isInUse).map((m) => m.volume);
      const { removed, leftBehind } = await removeOwnVolumes(ctx, going, { ...group, deleted: [...deleted, ...inUse] });
      leftBehind.push(...inUse.map((v) => leftInUse(v.volumeID)));
      if (group !== null) lines(ctx.alias).released(ownWorkflowID());
      if (notYet) throw notYet;
      return { undone: removed.map(deletedText), leftBehind };
    }),

  undoGroupSnapshot: ({ plan, owner, inDoubt }) =>
    runStep(deps, plan.cluster, async (ctx) => {
      const notYet = settlingUndo(ctx, inDoubt, 'CreateGroupSnapshot');
      const found = await findOwnGroupSnapshots(ctx.api, plan, owner);
      const result = await removeSnapshots(
        ctx,
        found.map((s) => s.groupSnapshotID),
        {
          ...{ kind: 'groupSnapshot', name: 'group snapshot', method: 'DeleteGroupSnapshot' },
          remove: (groupSnapshotID) => deleteOwnGroupSnapshot(ctx.api, groupSnapshotID),
        },
      );
      if (notYet) throw notYet;
      return result;
    }),
});
