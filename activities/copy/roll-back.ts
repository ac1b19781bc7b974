import { parseUndoCopyRequest, type UndoCopyRequest } from '../../contracts/copy-volume.ts';
import { FAILURE } from '../../contracts/names.ts';
import type { ActivityDeps } from '../deps.ts';
import { inDoubtSince, issue, settle } from '../doubt.ts';
import { findVolume } from '../find.ts';
import { accessFaults } from '../preflight-access.ts';
import { checked, invalid } from '../preflight.ts';
import { runStep, StepFailed, type StepContext } from '../step.ts';
import { openWorkflowBook } from '../workflow-book.ts';
import { waysBackOf } from './find.ts';
import { inTheWay } from './in-the-way.ts';
import type { CopyActivities } from './types.ts';

const CALLS = ['RollbackToSnapshot', 'ListISCSISessions', 'ListSyncJobs'];

export const createRollBackActivities = (
  deps: ActivityDeps,
): Pick<CopyActivities, 'preflightUndoCopy' | 'rollBackCopy'> => ({
  async preflightUndoCopy({ request: input }) {
    const request = checked(parseUndoCopyRequest, input);
    return runStep(deps, request.cluster, async (ctx) => {
      const lacking = await accessFaults(ctx, CALLS);
      if (lacking.length > 0) throw invalid(lacking);
      const { snapshotID, faults } = await lookAt(deps, ctx, request);
      if (faults.length > 0) throw invalid(faults);
      return { snapshotID: snapshotID! };
    });
  },

  rollBackCopy: ({ request, snapshotID }) =>
    runStep(deps, request.cluster, async (ctx) => {
      // One that acts only when hosts use the volume again would take away what they have written.
      settle(ctx, inDoubtSince(ctx), 'waiting to see whether the RollbackToSnapshot whose answer was lost took effect');
      const { faults } = await lookAt(deps, ctx, request);
      if (faults.length > 0) throw new StepFailed(faults.join('; '), { type: FAILURE.permanent });
      await issue(ctx, () =>
        ctx.api.rollbackToSnapshot({ volumeID: request.dstVolumeID, snapshotID, saveCurrentState: false }),
      );
      return {};
    }),
});

/** The way back of the copy, and all that forbids to take it just now. */
async function lookAt(
  deps: ActivityDeps,
  ctx: StepContext,
  { cluster, dstVolumeID, workflowID, force = false }: UndoCopyRequest,
): Promise<{ snapshotID: number | undefined; faults: string[] }> {
  const nothing = { snapshotID: undefined };
  if (!(await findVolume(ctx.api, dstVolumeID))) {
    return { ...nothing, faults: [`dstVolumeID: cluster ${cluster} has no volume ${dstVolumeID}, or it was deleted`] };
  }
  const waysBack = await waysBackOf(ctx.api, dstVolumeID);
  const own = waysBack.find(({ tag }) => tag.workflowID === workflowID);
  if (own === undefined) {
    const why = 'it has expired or was deleted, or the copy has never begun, or was undone already';
    return {
      ...nothing,
      faults: [`workflowID: volume ${dstVolumeID} has no snapshot from before ${workflowID}: ${why}`],
    };
  }
  const faults: string[] = [];
  const { state } = await openWorkflowBook(deps.temporal).factsOf(own.tag);
  if (state === 'running') {
    faults.push(`workflowID: ${workflowID} is still running; cancel it, which rolls the volume back too`);
  }
  const later = waysBack.filter((w) => w.snapshot.snapshotID > own.snapshot.snapshotID);
  if (!force && later.length > 0) {
    const others = [...new Set(later.map((w) => w.tag.workflowID))].join(', ');
    faults.push(
      `workflowID: volume ${dstVolumeID} has been copied onto since, by ${others}: take that back instead, or ask with force: true`,
    );
  }
  const obstacles = await inTheWay(deps, ctx, {
    dstVolumeID,
    force,
    isOwnJob: () => false,
    isOwnCopy: (w) => w.tag.workflowID === workflowID,
    undoing: workflowID,
  });
  faults.push(...obstacles.map((reason) => `dstVolumeID: ${reason}`));
  return { snapshotID: own.snapshot.snapshotID, faults };
}
