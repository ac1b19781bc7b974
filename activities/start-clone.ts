import { log } from '@temporalio/activity';
import type { CloneVolumeRequest } from '../contracts/clone-volume.ts';
import { FAILURE } from '../contracts/names.ts';
import { withTag } from '../contracts/tag.ts';
import { classify, ElementApiError, type Volume } from '../element/index.ts';
import type { ActivityDeps } from './deps.ts';
import { inDoubtSince, inheritDoubt, issue, settle, settleBeforeRepeating } from './doubt.ts';
import { findOwnVolumes, tagOf } from './find.ts';
import { clonesRunning, resultsKept } from './remove.ts';
import { refusedBy, waitingForSlot, type SlotLines } from './slots.ts';
import { runStep, StepFailed, type StepContext } from './step.ts';
import { slotTaker } from './take-slot.ts';
import type { ClonePlan, CloneActivities } from './types.ts';

export const createStartCloneActivities = (
  deps: ActivityDeps,
  lines: SlotLines,
): Pick<CloneActivities, 'startClone'> => ({
  startClone: ({ plan, owner, snapshotID, line }) =>
    runStep(deps, plan.request.cluster, async (ctx) => {
      const { request } = plan;
      const tag = tagOf(owner, plan, 'clone');
      const slots = line && slotTaker(ctx, lines(ctx.alias), [request.volumeID], line);
      if (line?.inDoubtSince && !ctx.repeated)
        Object.assign(ctx.memory, { inDoubt: true, issuedAt: line.inDoubtSince });
      inheritDoubt(ctx, plan, owner);

      if (ctx.repeated || owner.mayHaveRunBefore || line?.inDoubtSince) {
        const [found] = await findOwnVolumes(ctx.api, request.name, tag);
        if (found) {
          log.info('Found the clone that an earlier attempt made', { volumeID: found.volumeID });
          slots?.started([found.volumeID]);
          return { ...(await recover(ctx, found)), adopted: true, inDoubtSince: inDoubtSince(ctx) };
        }
        settleBeforeRepeating(ctx, 'CloneVolume');
      }

      const inLine = await slots?.take();
      if (inLine) return { inLine, inDoubtSince: inDoubtSince(ctx) };
      try {
        const made = await issue(ctx, () =>
          ctx.api.cloneVolume({
            ...cloneParams(request),
            snapshotID,
            attributes: withTag(plan.cloneAttributes, tag),
          }),
        );
        const { volumeID, cloneID, asyncHandle } = made;
        slots?.started([volumeID]);
        return { volumeID, cloneID, asyncHandle, adopted: false, inDoubtSince: inDoubtSince(ctx) };
      } catch (err) {
        if (err instanceof ElementApiError && err.apiName === 'xSnapshotIDDoesNotExist') {
          settle(ctx, inDoubtSince(ctx), 'waiting to see whether the CloneVolume whose answer was lost took effect');
          throw snapshotGone(plan, snapshotID, err);
        }
        if (classify(err).kind !== 'busy') throw err;
        if (slots) return { inLine: await slots.putBack(err), inDoubtSince: inDoubtSince(ctx) };
        const why = err instanceof ElementApiError ? err.apiName : 'busy';
        throw await waitingForSlot(ctx, { volumes: [request.volumeID], by: refusedBy(err), why });
      }
    }),
});

/** What CloneVolume takes from the request, as it stands there. */
const cloneParams = (request: CloneVolumeRequest) => ({
  volumeID: request.volumeID,
  name: request.name,
  ...(request.access === undefined ? {} : { access: request.access }),
  ...(request.enable512e === undefined ? {} : { enable512e: request.enable512e }),
  ...(request.enableSnapMirrorReplication === undefined
    ? {}
    : { enableSnapMirrorReplication: request.enableSnapMirrorReplication }),
  ...(request.newAccountID === undefined ? {} : { newAccountID: request.newAccountID }),
  ...(request.newSize === undefined ? {} : { newSize: request.newSize }),
});

export function snapshotGone(
  { source, snapshot }: Pick<ClonePlan, 'source' | 'snapshot'>,
  snapshotID: number,
  err: ElementApiError,
  what = 'the clone',
): StepFailed {
  const remedy =
    snapshot === null
      ? 'choose another snapshot, or leave snapshotID out to have one taken'
      : `it was to be kept for ${snapshot.expiry}: leave snapshot.expiresIn out, or make it longer than the wait for a clone slot`;
  return new StepFailed(
    `snapshot ${snapshotID} of volume ${source.volumeID} expired or was deleted before the cluster accepted ${what} (${err.apiName}); ${remedy}`,
    { type: FAILURE.snapshotGone, method: err.method, apiName: err.apiName },
  );
}

/**
 * The cloneID and asyncHandle that went missing with the answer: the running job knows the one, the list of async
 * results the other. Both `null` when the job has ended and its result is gone, or when the cluster will not tell; the
 * volume's status then decides.
 */
async function recover(ctx: StepContext, { volumeID }: Volume) {
  const { list } = await resultsKept(ctx);
  const result = list.find((r) => r.data?.volumeID === volumeID);
  const known = { volumeID, asyncHandle: result?.asyncResultID ?? null };
  if (result?.data?.cloneID !== undefined) return { ...known, cloneID: result.data.cloneID };
  const job = (await clonesRunning(ctx)).find((j) => j.dstVolumeID === volumeID);
  return { ...known, cloneID: job?.cloneID ?? null };
}
