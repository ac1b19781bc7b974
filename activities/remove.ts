import { log } from '@temporalio/activity';
import type { LeftBehind } from '../contracts/failure.ts';
import { classify, type AsyncHandle, type CloneJob, type ElementClient, type Volume } from '../element/index.ts';
import { findVolume } from './find.ts';
import { deleteOwnVolume, releaseAsyncResult } from './release.ts';
import type { StepContext } from './step.ts';
import { doneAlready } from './tolerate.ts';

/**
 * Stops the clone job that still fills this volume of ours, deletes the volume, and releases its async result. The
 * caller has checked the tag. Cancelling a clone may or may not take the half-made volume away: look, and delete what
 * is left. Returns what the cluster refused to give up for good.
 */
export async function removeOwnVolume(
  ctx: StepContext,
  volume: Volume,
  known: { cloneID: number | null; asyncHandle: number | null } = { cloneID: null, asyncHandle: null },
): Promise<LeftBehind[]> {
  const { volumeID } = volume;
  const [jobs, results] = [await clonesRunning(ctx), await resultsKept(ctx)];
  const running =
    jobs.find((j) => j.dstVolumeID === volumeID)?.cloneID ?? (volume.status === 'active' ? null : known.cloneID);
  if (running !== null) await unlessPermanent('CancelClone', () => cancelClone(ctx.api, running));

  const left = await findVolume(ctx.api, volumeID);
  if (left) await deleteOwnVolume(ctx.api, left);

  return releaseResults(ctx, handlesOf(results, [volumeID], known.asyncHandle));
}

/**
 * Releases the results of volumes that are deleted already. An attempt that deleted one may have ended before it came
 * to its result, which nobody would then look for any more.
 */
export async function releaseResultsOf(
  ctx: StepContext,
  deleted: readonly Volume[],
  asyncHandle: number | null = null,
): Promise<LeftBehind[]> {
  const results = deleted.length === 0 ? [] : await resultsKept(ctx);
  const ids = deleted.map((v) => v.volumeID);
  return releaseResults(ctx, handlesOf(results, ids, asyncHandle));
}

/** Handles of the results of these volumes, and the one that is known beside. */
function handlesOf(results: AsyncHandle[], volumeIDs: readonly number[], known: number | null): Set<number> {
  const ofThese = results.filter((r) => r.data?.volumeID !== undefined && volumeIDs.includes(r.data.volumeID));
  return new Set([...ofThese.map((r) => r.asyncResultID), ...(known === null ? [] : [known])]);
}

async function releaseResults(ctx: StepContext, handles: ReadonlySet<number>): Promise<LeftBehind[]> {
  const leftBehind: LeftBehind[] = [];
  for (const asyncHandle of handles) {
    const refused = await unlessPermanent('GetAsyncResult', () => releaseAsyncResult(ctx.api, asyncHandle));
    if (refused !== undefined) {
      leftBehind.push({ kind: 'asyncResult', id: asyncHandle, reason: `${refused}; read it once to remove it` });
    }
  }
  return leftBehind;
}

async function clonesRunning(ctx: StepContext): Promise<CloneJob[]> {
  let jobs: CloneJob[] = [];
  await unlessPermanent('ListSyncJobs', async () => {
    ({ cloneJobs: jobs } = await ctx.api.listSyncJobs({}));
  });
  return jobs;
}

async function resultsKept(ctx: StepContext): Promise<AsyncHandle[]> {
  let results: AsyncHandle[] = [];
  await unlessPermanent('ListAsyncResults', async () => {
    ({ asyncHandles: results } = await ctx.api.listAsyncResults({ asyncResultTypes: ['Clone'] }));
  });
  return results;
}

/** What only helps must not keep the volume from being deleted. The reason, when the cluster refused for good. */
export async function unlessPermanent(what: string, call: () => Promise<void>): Promise<string | undefined> {
  try {
    await call();
    return undefined;
  } catch (err) {
    if (classify(err).kind !== 'permanent') throw err;
    const reason = err instanceof Error ? err.message : String(err);
    log.warn('Going on without a call that the cluster refuses', { method: what, error: reason });
    return reason;
  }
}

/** A job that ended in the meantime is as good as cancelled; which error says so differs between versions. */
export const cancelClone = (api: ElementClient, cloneID: number): Promise<void> =>
  doneAlready(['xDBNoSuchPath', 'xCloneIDDoesNotExist', 'xInvalidParameter', 'xInvalidCloneID'], () =>
    api.cancelClone({ cloneID }),
  );
