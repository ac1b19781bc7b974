import { FAILURE } from '../contracts/names.ts';
import type { ActivityDeps } from './deps.ts';
import { settle } from './doubt.ts';
import { findOwnSnapshots, tagOf } from './find.ts';
import { deleteOwnSnapshot, releaseAsyncResult } from './release.ts';
import { unlessPermanent } from './remove.ts';
import { NotYet, runStep, type StepContext } from './step.ts';
import type { CloneActivities } from './types.ts';

export const createCleanUpActivities = (deps: ActivityDeps): Pick<CloneActivities, 'cleanUp'> => ({
  cleanUp: ({ plan, owner, snapshot, asyncHandle }) =>
    runStep(deps, plan.request.cluster, async (ctx) => {
      await release(ctx, asyncHandle);
      if (snapshot === null) return { snapshotDeleted: false };
      const keep = plan.snapshot?.retention === 'keep';
      if (snapshot.inDoubtSince !== null) {
        settle(
          ctx,
          snapshot.inDoubtSince,
          'waiting to see whether a CreateSnapshot whose answer was lost made a second one',
        );
        for (const { snapshotID } of await findOwnSnapshots(ctx.api, tagOf(owner, plan, 'snapshot'))) {
          if (snapshotID !== snapshot.snapshotID) await deleteOwnSnapshot(ctx.api, snapshotID);
        }
      }
      if (keep) return { snapshotDeleted: false };
      await deleteOwnSnapshot(ctx.api, snapshot.snapshotID);
      return { snapshotDeleted: true };
    }),
});

/** A refusal is believed after this many tries. */
const TRIES = 3;

/** A kept result does no harm but to the cluster's memory: its refusal must not keep the snapshot from being deleted. */
async function release(ctx: StepContext, asyncHandle: number | null): Promise<void> {
  const refused = await unlessPermanent('GetAsyncResult', () => releaseAsyncResult(ctx.api, asyncHandle));
  if (refused === undefined) return;
  ctx.memory.suspects += 1;
  if (ctx.memory.suspects < TRIES) throw new NotYet(refused, 2_000, FAILURE.notReady, { keepSuspects: true });
}
