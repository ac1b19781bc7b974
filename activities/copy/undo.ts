import type { LeftBehind } from '../../contracts/failure.ts';
import { ElementApiError, type CloneJob, type Snapshot } from '../../element/index.ts';
import type { ActivityDeps } from '../deps.ts';
import { inDoubtSince, issue, settling } from '../doubt.ts';
import { findOwnSnapshots, tagOf } from '../find.ts';
import { releaseAsyncResult } from '../release.ts';
import { cancelClone, clonesRunning, READ_IT, resultsKept, unlessRefused } from '../remove.ts';
import { ownWorkflowID, type SlotLines } from '../slots.ts';
import { runStep, UNAWARE_MS, type StepContext } from '../step.ts';
import type { Owner } from '../types.ts';
import { findOwnWaysBack, isSameCopy, resultsSince } from './find.ts';
import type { CopyActivities, CopyHandles, CopyPlan } from './types.ts';

export const createUndoStartedCopyActivities = (
  deps: ActivityDeps,
  lines: SlotLines,
): Pick<CopyActivities, 'undoStartedCopy'> => ({
  undoStartedCopy: ({ plan, owner, snapshotID, undoSnapshotID, copy, inDoubt }) =>
    runStep(deps, plan.request.cluster, async (ctx) => {
      if (copy === null && !inDoubt) {
        lines(ctx.alias).released(ownWorkflowID());
        return { undone: [], leftBehind: [] };
      }
      if (inDoubt && ctx.memory.inDoubt === undefined) {
        // The attempt that was cut short may not have heard of it yet.
        Object.assign(ctx.memory, { inDoubt: true, issuedAt: new Date(ctx.now() + UNAWARE_MS).toISOString() });
      }
      // To be known before the look at the jobs: what acts after it must be found by another one.
      const notYet = settling(
        ctx,
        inDoubtSince(ctx),
        'waiting to see whether a call whose answer was lost still takes effect',
      );
      const foreignJob = await stopCopies(ctx, plan, copy, await snapshotsOf(ctx, plan, owner, snapshotID));
      lines(ctx.alias).released(ownWorkflowID());
      if (notYet) throw notYet;
      const { dstVolumeID } = plan.request;
      const wayBack = await wayBackOf(ctx, plan, owner, undoSnapshotID);
      // It is taken before anything else: without one that was ever known no copy has begun.
      if (wayBack === undefined && undoSnapshotID === null) return { undone: [], leftBehind: [] };
      const leftBehind = [
        ...(await giveBack(ctx, dstVolumeID, wayBack, foreignJob)),
        ...(await releaseResults(ctx, dstVolumeID, copy, wayBack?.since)),
      ];
      const { stopped = [], rolledBackTo } = ctx.memory;
      return {
        undone: [
          ...stopped.map((cloneID) => `clone job ${cloneID} stopped`),
          ...(rolledBackTo === undefined ? [] : [`volume ${dstVolumeID} rolled back to snapshot ${rolledBackTo}`]),
        ],
        leftBehind,
      };
    }),
});

/** Snapshots of the source that this request may have copied from. */
async function snapshotsOf(
  ctx: StepContext,
  plan: CopyPlan,
  owner: Owner,
  snapshotID: number | null,
): Promise<number[]> {
  if (plan.snapshot === null) return [plan.request.snapshotID!];
  const found = snapshotID === null ? [] : [snapshotID];
  await unlessRefused(ctx, 'ListSnapshots', async () => {
    const own = await findOwnSnapshots(ctx.api, tagOf(owner, plan, 'snapshot'));
    found.push(...own.map((s) => s.snapshotID));
  });
  return found;
}

/** Stops the copies of this request. Returns the job of somebody else that fills the volume, if there is one. */
async function stopCopies(
  ctx: StepContext,
  plan: CopyPlan,
  copy: CopyHandles | null,
  snapshotIDs: readonly number[],
): Promise<CloneJob | undefined> {
  const jobs = (await clonesRunning(ctx)).filter((j) => j.dstVolumeID === plan.request.dstVolumeID);
  const isOurs = (j: CloneJob) => j.cloneID === copy?.cloneID || isSameCopy(j, plan.request, snapshotIDs);
  const stopped = (ctx.memory.stopped ??= []);
  for (const cloneID of new Set(jobs.filter(isOurs).flatMap((j) => j.cloneID ?? []))) {
    const refused = await unlessRefused(ctx, 'CancelClone', () => cancelClone(ctx.api, cloneID));
    if (refused === undefined && !stopped.includes(cloneID)) stopped.push(cloneID);
  }
  return jobs.find((j) => !isOurs(j));
}

/** The snapshot from before: the oldest of this request; `since` (ISO 8601) is when it was taken, if that can be seen. */
async function wayBackOf(
  ctx: StepContext,
  plan: CopyPlan,
  owner: Owner,
  undoSnapshotID: number | null,
): Promise<{ snapshotID: number; since?: string } | undefined> {
  let oldest: Snapshot | undefined;
  const refused = await unlessRefused(ctx, 'ListSnapshots', async () => {
    [oldest] = await findOwnWaysBack(ctx.api, owner, plan.request.dstVolumeID);
  });
  if (oldest !== undefined) return { snapshotID: oldest.snapshotID, since: oldest.createTime };
  return refused === undefined || undoSnapshotID === null ? undefined : { snapshotID: undoSnapshotID };
}

/** Rolls the destination back to its way back, once. What hinders that is named. */
async function giveBack(
  ctx: StepContext,
  dstVolumeID: number,
  wayBack: { snapshotID: number } | undefined,
  foreignJob: CloneJob | undefined,
): Promise<LeftBehind[]> {
  if (ctx.memory.rolledBackTo !== undefined) return [];
  const remains = (reason: string): LeftBehind[] => [{ kind: 'content', id: dstVolumeID, reason }];
  if (wayBack === undefined) {
    return remains('may be a mixture of old and new, and the snapshot from before is gone: copy onto it again');
  }
  const { snapshotID } = wayBack;
  const byHand = `RollbackToSnapshot to snapshot ${snapshotID} gives back what it held before`;
  if (foreignJob !== undefined) {
    return remains(`clone job ${foreignJob.cloneID ?? '?'} of somebody else is overwriting it; ${byHand}`);
  }
  let isDeleted = false;
  const refused = await unlessRefused(ctx, 'RollbackToSnapshot', async () => {
    try {
      await issue(ctx, () =>
        ctx.api.rollbackToSnapshot({ volumeID: dstVolumeID, snapshotID, saveCurrentState: false }),
      );
    } catch (err) {
      if (!(err instanceof ElementApiError && err.apiName === 'xVolumeIDDoesNotExist')) throw err;
      isDeleted = true;
    }
  });
  if (isDeleted) {
    return remains(`the volume was deleted by somebody: RestoreDeletedVolume brings it back for some hours; ${byHand}`);
  }
  if (refused !== undefined) {
    return remains(`may be a mixture of old and new, and could not be rolled back: ${refused}; ${byHand}`);
  }
  ctx.memory.rolledBackTo = snapshotID;
  ctx.save();
  return [];
}

/** Results that nobody will ask for any more. */
async function releaseResults(
  ctx: StepContext,
  dstVolumeID: number,
  copy: CopyHandles | null,
  since: string | undefined,
): Promise<LeftBehind[]> {
  const handles = new Set(copy?.asyncHandle == null ? [] : [copy.asyncHandle]);
  if (since !== undefined) {
    const { list } = await resultsKept(ctx);
    for (const r of resultsSince(list, dstVolumeID, since)) if (r.completed) handles.add(r.asyncResultID);
  }
  const leftBehind: LeftBehind[] = [];
  for (const id of handles) {
    const refused = await unlessRefused(ctx, 'GetAsyncResult', () => releaseAsyncResult(ctx.api, id));
    if (refused !== undefined) leftBehind.push({ kind: 'asyncResult', id, reason: `${refused}; ${READ_IT}` });
  }
  return leftBehind;
}
