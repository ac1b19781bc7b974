import { FAILURE } from '../contracts/names.ts';
import type { ActivityDeps } from './deps.ts';
import { settle } from './doubt.ts';
import { findOwnSnapshots, tagOf } from './find.ts';
import { deleteOwnSnapshot, releaseAsyncResult } from './release.ts';
import { isAbout, resultsKept, unlessRefused } from './remove.ts';
import { NotYet, runStep, StepFailed, type StepContext } from './step.ts';
import type { CloneActivities, ClonePlan, Doubt } from './types.ts';

export const createCleanUpActivities = (deps: ActivityDeps): Pick<CloneActivities, 'cleanUp'> => ({
  cleanUp: ({ plan, owner, snapshot, asyncHandle, volumeID }) =>
    runStep(deps, plan.request.cluster, async (ctx) => {
      await releaseKept(ctx, asyncHandle, volumeID === undefined ? [] : [volumeID]);
      const snapshotDeleted = await cleanUpSnapshot(ctx, plan.snapshot, {
        method: 'CreateSnapshot',
        made: snapshot && { id: snapshot.snapshotID, inDoubtSince: snapshot.inDoubtSince },
        own: async () => (await findOwnSnapshots(ctx.api, tagOf(owner, plan, 'snapshot'))).map((s) => s.snapshotID),
        remove: (snapshotID) => deleteOwnSnapshot(ctx.api, snapshotID),
      });
      return { snapshotDeleted };
    }),
});

/**
 * Deletes the snapshot unless it is to be kept, and in any case a second one that a lost call has made. What the cluster
 * refuses for one must not keep the others there; the step fails when all has been tried.
 */
export async function cleanUpSnapshot(
  ctx: StepContext,
  plan: ClonePlan['snapshot'],
  it: {
    /** What made it. */
    method: string;
    made: (Doubt & { id: number }) | null;
    /** IDs of those with our tag. */
    own: () => Promise<number[]>;
    remove: (id: number) => Promise<void>;
  },
): Promise<boolean> {
  if (it.made === null) return false;
  const { id, inDoubtSince } = it.made;
  const kept = plan?.retention === 'keep';
  const refusals: string[] = [];
  const attempt = async (what: string, call: () => Promise<unknown>) => {
    const refused = await unlessRefused(ctx, what, call);
    if (refused !== undefined) refusals.push(refused);
  };
  let going = kept ? [] : [id];
  if (inDoubtSince !== null) {
    settle(ctx, inDoubtSince, `waiting to see whether a ${it.method} whose answer was lost made a second one`);
    await attempt('looking for a second snapshot', async () => {
      going = [...(await it.own()).filter((own) => own !== id), ...going];
    });
  }
  for (const one of going) await attempt('deleting a snapshot', () => it.remove(one));
  if (refusals.length > 0) throw new StepFailed(refusals.join('; '));
  return !kept;
}

/** A refusal is believed after this many tries. */
const TRIES = 3;

/**
 * A kept result does no harm but to the cluster's memory: its refusal must not keep the snapshot from being deleted. One
 * whose handle was never learnt is found by the volumes that it is about.
 */
export async function releaseKept(
  ctx: StepContext,
  asyncHandle: number | null,
  volumeIDs: readonly number[],
): Promise<void> {
  const kept = asyncHandle === null ? await resultsKept(ctx) : undefined;
  const handles = kept ? kept.list.filter((r) => isAbout(r, volumeIDs)).map((r) => r.asyncResultID) : [asyncHandle];
  let refused = kept?.refused;
  for (const handle of handles) {
    refused = await unlessRefused(ctx, 'GetAsyncResult', () => releaseAsyncResult(ctx.api, handle));
  }
  if (refused === undefined) return;
  ctx.memory.suspects += 1;
  if (ctx.memory.suspects < TRIES) throw new NotYet(refused, 2_000, FAILURE.notReady, { keepSuspects: true });
}
