import { withTag } from '../../contracts/tag.ts';
import { classify, type Snapshot } from '../../element/index.ts';
import type { ActivityDeps } from '../deps.ts';
import { inDoubtSince, makeOnce } from '../doubt.ts';
import { hhmmss } from '../preflight.ts';
import { ownWorkflowID, type SlotLines } from '../slots.ts';
import { runStep, type StepContext } from '../step.ts';
import { slotTaker } from '../take-slot.ts';
import { removeOwnSnapshots, settlingUndo } from '../undo.ts';
import { clusterTime, isoSeconds } from './clock.ts';
import { findOwnWaysBack, wayBackTag } from './find.ts';
import type { CopyActivities, CopyPlan } from './types.ts';

export const createWayBackActivities = (
  deps: ActivityDeps,
  lines: SlotLines,
): Pick<CopyActivities, 'createWayBack' | 'undoWayBack'> => ({
  createWayBack: ({ plan, owner, line }) =>
    runStep(deps, plan.request.cluster, async (ctx) => {
      const { dstVolumeID, volumeID } = plan.request;
      if (line.inDoubtSince !== null && !ctx.repeated) {
        Object.assign(ctx.memory, { inDoubt: true, issuedAt: line.inDoubtSince });
      }
      // First of all: what hosts write while the copy waits belongs into the snapshot.
      const inLine = await slotTaker(ctx, lines(ctx.alias), [volumeID], line).take();
      if (inLine) return { inLine, inDoubtSince: inDoubtSince(ctx) };
      const maker = { ...owner, mayHaveRunBefore: owner.mayHaveRunBefore || line.inDoubtSince !== null };
      try {
        const { snapshotID } = await makeOnce<{ snapshotID: number }>(ctx, maker, plan, {
          method: 'CreateSnapshot',
          find: async () => {
            const [oldest] = await findOwnWaysBack(ctx.api, owner, dstVolumeID);
            if (oldest !== undefined) await keepLongEnough(ctx, plan, oldest);
            return oldest;
          },
          create: () =>
            ctx.api.createSnapshot({
              volumeID: dstVolumeID,
              name: plan.undo.name,
              retention: hhmmss(plan.undo.keepMs),
              attributes: withTag({}, wayBackTag(owner, dstVolumeID)),
            }),
        });
        return { snapshotID, granted: true, inDoubtSince: inDoubtSince(ctx) };
      } catch (err) {
        // The volume has as many snapshots as it may: until one expires, others can use the slot.
        if (classify(err).kind === 'busy') lines(ctx.alias).released(ownWorkflowID());
        throw err;
      }
    }),

  undoWayBack: ({ plan, owner, inDoubt }) =>
    runStep(deps, plan.request.cluster, async (ctx) => {
      lines(ctx.alias).released(ownWorkflowID());
      const notYet = settlingUndo(ctx, inDoubt, 'CreateSnapshot');
      const found = await findOwnWaysBack(ctx.api, owner, plan.request.dstVolumeID);
      const result = await removeOwnSnapshots(ctx, found);
      if (notYet) throw notYet;
      return result;
    }),
});

/** One that an earlier run has taken may be about to expire. */
async function keepLongEnough(ctx: StepContext, plan: CopyPlan, { snapshotID, expirationTime }: Snapshot) {
  const wanted = clusterTime(ctx) + plan.undo.keepMs;
  if (expirationTime === null || Date.parse(expirationTime) >= wanted) return;
  await ctx.api.modifySnapshot({ snapshotID, expirationTime: isoSeconds(wanted) });
}
