import { log } from '@temporalio/activity';
import { classify, type Volume } from '../../element/index.ts';
import type { ActivityDeps } from '../deps.ts';
import { issue } from '../doubt.ts';
import { addToGroup } from '../modify.ts';
import { deleteOwnVolume, revokeAccess } from '../release.ts';
import { NotYet, runStep, SUSPECT_TRIES, type StepContext } from '../step.ts';
import type { Deletion, LeaseActivities, LeasedVolume } from './types.ts';
import { usersOf, usersText } from './users.ts';
import { lookInDoubtMs, seeNow } from './volume.ts';

export const createDeleteLeasedActivities = (deps: ActivityDeps): Pick<LeaseActivities, 'deleteLeased'> => ({
  deleteLeased: ({ leased, force }) =>
    runStep(deps, leased.cluster, async (ctx): Promise<Deletion> => {
      try {
        return await remove(ctx, leased, force);
      } catch (err) {
        const reason = refusalOf(ctx, err);
        if (reason === undefined) throw err;
        // A call without an answer may still delete it: then nobody may be promised that it stays.
        if (ctx.memory.inDoubt) {
          throw new NotYet(`it may be deleted or not, which is looked at again: ${reason}`, await lookInDoubtMs(ctx));
        }
        await giveBackAccess(ctx, leased.volumeID);
        log.warn('The cluster refuses to delete a volume whose lease is over', { ...leased, error: reason });
        return { outcome: 'refused', reason };
      }
    }),
});

async function remove(ctx: StepContext, leased: LeasedVolume, force: boolean): Promise<Deletion> {
  const { volumeID } = leased;
  const now = await seeNow(ctx, leased);
  if ('loss' in now) return lost(ctx, now.loss);
  // It is still there after the time in which a lost call takes effect, so that call does not.
  if (ctx.memory.inDoubt && isSettled(ctx)) ctx.memory.inDoubt = false;
  const users = await usersOf(ctx, volumeID, { fresh: true });
  const text = usersText(users, volumeID);
  // What has begun is finished: the volume may be without its access already.
  if (text !== undefined && !force && !hasBegun(ctx)) return { outcome: 'inUse', reason: text };
  if (now.volume.volumeAccessGroups.length > 0) {
    await revoke(ctx, now.volume);
    const again = await seeNow(ctx, leased);
    if ('loss' in again) return lost(ctx, again.loss);
  }
  // The access is gone: what is left is the volume itself.
  await issue(ctx, () => deleteOwnVolume(ctx.api, { volumeID, volumeAccessGroups: [] }));
  if (text !== undefined)
    log.warn('Deleted a volume that was still in use, since the grace was over', { volumeID, text });
  return { outcome: 'deleted', sessionsCut: users.sessions.length };
}

const isSettled = (ctx: StepContext) => ctx.now() - Date.parse(ctx.memory.issuedAt ?? '') > ctx.times.settleMs;

const hasBegun = ({ memory }: StepContext) => memory.inDoubt === true || memory.revoked !== undefined;

/** Gone after a call of ours that had no answer: that call's work. */
const lost = (ctx: StepContext, loss: Extract<Deletion, { outcome: 'lost' }>['loss']): Deletion =>
  loss.lost === 'gone' && ctx.memory.inDoubt ? { outcome: 'deleted', sessionsCut: 0 } : { outcome: 'lost', loss };

async function revoke(ctx: StepContext, volume: Volume): Promise<void> {
  ctx.memory.revoked = [...new Set([...(ctx.memory.revoked ?? []), ...volume.volumeAccessGroups])];
  ctx.save();
  await revokeAccess(ctx.api, volume);
}

/** The volume stays for now, so that whoever extends its lease finds it as it was. */
async function giveBackAccess(ctx: StepContext, volumeID: number): Promise<void> {
  for (const volumeAccessGroupID of ctx.memory.revoked ?? []) {
    try {
      await addToGroup(ctx.api, volumeAccessGroupID, volumeID);
    } catch (err) {
      log.warn('A volume could not be put back into its volume access group', {
        volumeID,
        volumeAccessGroupID,
        error: err instanceof Error ? err.message : String(err),
      });
    }
  }
}

/** The cluster's reason, when it has said no and means it. */
function refusalOf(ctx: StepContext, err: unknown): string | undefined {
  if (err instanceof NotYet) return undefined;
  const { kind } = classify(err);
  const believed = kind === 'suspect' && ctx.memory.suspects >= SUSPECT_TRIES - 1;
  if (kind !== 'permanent' && kind !== 'done' && !believed) return undefined;
  return err instanceof Error ? err.message : String(err);
}
