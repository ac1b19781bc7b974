import type { Volume } from '../element/index.ts';
import { findVolume } from './find.ts';
import { deleteOwnVolume, releaseAsyncResult } from './release.ts';
import type { StepContext } from './step.ts';
import { doneAlready } from './tolerate.ts';

/**
 * Stops the clone job that still fills this volume of ours, and deletes the volume. The caller has checked the tag.
 * Cancelling a clone may or may not take the half-made volume away: look, and delete what is left.
 */
export async function removeOwnVolume(ctx: StepContext, volume: Volume, cloneID: number | null = null): Promise<void> {
  const { cloneJobs } = await ctx.api.listSyncJobs({});
  const { asyncHandles } = await ctx.api.listAsyncResults({ asyncResultTypes: ['Clone'] });
  const job = cloneJobs.find((j) => j.dstVolumeID === volume.volumeID);
  const running = job?.cloneID ?? (volume.status === 'active' ? null : cloneID);
  if (running !== null) await cancelClone(ctx, running);
  for (const result of asyncHandles) {
    if (result.data?.volumeID === volume.volumeID) await releaseAsyncResult(ctx.api, result.asyncResultID);
  }
  const left = await findVolume(ctx.api, volume.volumeID);
  if (left) await deleteOwnVolume(ctx.api, left);
}

/** A job that ended in the meantime is as good as cancelled; which error says so differs between versions. */
const cancelClone = (ctx: StepContext, cloneID: number) =>
  doneAlready(['xDBNoSuchPath', 'xCloneIDDoesNotExist', 'xInvalidParameter', 'xInvalidCloneID'], () =>
    ctx.api.cancelClone({ cloneID }),
  );
