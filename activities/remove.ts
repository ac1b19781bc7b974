import { log } from '@temporalio/activity';
import type { LeftBehind } from '../contracts/failure.ts';
import { classify, type AsyncHandle, type CloneJob, type ElementClient, type Volume } from '../element/index.ts';
import { eachVolume, type Failed } from './each.ts';
import { findVolumes } from './find.ts';
import { deleteOwnVolume, releaseAsyncResult, revokeAccess } from './release.ts';
import { SUSPECT_TRIES, type StepContext } from './step.ts';
import { doneAlready } from './tolerate.ts';

/** What is known of the jobs that fill the volumes, should the cluster not show them. */
interface KnownJobs {
  cloneID?: number | null;
  groupCloneID?: number | null;
  asyncHandle?: number | null;
}

/**
 * Stops the clone jobs that still fill these volumes of ours, deletes the volumes, and releases their async results. The
 * caller has checked the tags. Cancelling a clone may or may not take the half-made volume away: look, and delete what
 * is left. Returns what the step has removed in all its attempts, and what the cluster refused to give up for good.
 *
 * `deleted`: volumes of ours that are deleted already, or stay, and whose results are to go all the same. An attempt
 * that deleted one may have ended before it came to its result, which nobody would then look for any more.
 */
export async function removeOwnVolumes(
  ctx: StepContext,
  volumes: readonly Volume[],
  { deleted = [], ...known }: KnownJobs & { deleted?: readonly Volume[] } = {},
): Promise<{ removed: number[]; leftBehind: LeftBehind[] }> {
  const removing = (ctx.memory.removing ??= []);
  const volumeIDs = volumes.map((v) => v.volumeID);
  const ours = [...volumeIDs, ...deleted.map((v) => v.volumeID)];
  const results = ours.length > 0 ? await resultsKept(ctx) : { list: [] };
  let refused: Failed = new Map();
  if (volumes.length > 0) {
    const jobs = await clonesRunning(ctx);
    for (const cancel of cancellations(ctx, volumes, jobs, known)) await cancel();
    // Said before: an attempt that deletes and gets no answer finds nothing to delete the next time.
    removing.push(...volumeIDs.filter((id) => !removing.includes(id)));
    refused = await deleteVolumes(ctx, volumes);
    (ctx.memory.removed ??= []).push(...volumeIDs.filter((id) => !refused.has(id)));
  }
  const { leftBehind, running } = await whatStays(ctx, refused);
  const handles = new Set([
    ...results.list.filter((r) => isAbout(r, ours)).map((r) => r.asyncResultID),
    ...(known.asyncHandle == null ? [] : [known.asyncHandle]),
  ]);
  for (const id of handles) {
    // The result of a copy that goes on cannot be taken away before it is there.
    let released = !running;
    const refusal = running
      ? undefined
      : await unlessRefused(ctx, 'GetAsyncResult', async () => {
          released = await releaseAsyncResult(ctx.api, id);
        });
    const reason = refusal ?? (released ? undefined : 'it comes when the copy ends');
    if (reason !== undefined) leftBehind.push({ kind: 'asyncResult', id, reason: `${reason}; ${READ_IT}` });
  }
  if (results.refused !== undefined && handles.size === 0) {
    leftBehind.push({ kind: 'asyncResult', id: null, reason: `may be kept: ${results.refused}; ${READ_IT}` });
  }
  return { removed: removing.filter((id) => !refused.has(id)), leftBehind };
}

export const READ_IT = 'read it once with GetAsyncResult to remove it';
export const removeByHand = (reason: string) => `could not be removed: ${reason}; remove it by hand`;

/** The volumes that the cluster will not delete, and what hangs on them. */
async function whatStays(ctx: StepContext, refused: Failed): Promise<{ leftBehind: LeftBehind[]; running: boolean }> {
  const leftBehind: LeftBehind[] = [...refused].map(([id, reason]) => ({
    kind: 'volume',
    id,
    reason: removeByHand(reason),
  }));
  if (refused.size === 0) return { leftBehind, running: false };
  await unlessRefused(ctx, 'ListVolumes', async () => {
    for (const { volumeID, volumeAccessGroups } of await findVolumes(ctx.api, [...refused.keys()])) {
      const reason = `volume ${volumeID} is in it still; remove it by hand`;
      for (const id of volumeAccessGroups) leftBehind.push({ kind: 'accessGroupMembership', id, reason });
    }
  });
  const jobs = (await clonesRunning(ctx)).filter((j) => refused.has(j.dstVolumeID));
  for (const { cloneID, dstVolumeID } of jobs) {
    leftBehind.push({ kind: 'cloneJob', id: cloneID ?? null, reason: `it still fills volume ${dstVolumeID}` });
  }
  return { leftBehind, running: jobs.length > 0 };
}

/** Those that the cluster refuses to delete for good must not keep the others there. */
async function deleteVolumes(ctx: StepContext, volumes: readonly Volume[]): Promise<Failed> {
  const volumeIDs = volumes.map((v) => v.volumeID);
  let found = volumes;
  await unlessRefused(ctx, 'ListVolumes', async () => {
    found = await findVolumes(ctx.api, volumeIDs);
  });
  const left = new Map(found.map((v) => [v.volumeID, v]));
  const remove = async (volumeID: number) => {
    const volume = left.get(volumeID);
    if (!volume) return;
    // A volume can be deleted in whatever group it is, and has no access then.
    await unlessRefused(ctx, 'RemoveVolumesFromVolumeAccessGroup', () => revokeAccess(ctx.api, volume));
    await deleteOwnVolume(ctx.api, { volumeID, volumeAccessGroups: [] });
  };
  return eachVolume(ctx, volumeIDs, remove, { tolerant: true });
}

/** A group is cancelled as one when all of it goes; a part of it by its own jobs. */
function cancellations(ctx: StepContext, volumes: readonly Volume[], jobs: readonly CloneJob[], known: KnownJobs) {
  const going = new Set(volumes.map((v) => v.volumeID));
  const clones = new Set<number>();
  const groups = new Set<number>();
  for (const { volumeID, status } of volumes) {
    const job = jobs.find((j) => j.dstVolumeID === volumeID);
    const group = job?.groupCloneID;
    if (group !== undefined && jobs.every((j) => j.groupCloneID !== group || going.has(j.dstVolumeID))) {
      groups.add(group);
    } else if (job?.cloneID !== undefined) clones.add(job.cloneID);
    else if (status !== 'active') {
      if (known.cloneID != null) clones.add(known.cloneID);
      if (known.groupCloneID != null) groups.add(known.groupCloneID);
    }
  }
  return [
    ...[...groups].map((groupCloneID) => () => {
      return unlessRefused(ctx, 'CancelGroupClone', () => cancelGroupClone(ctx.api, groupCloneID));
    }),
    ...[...clones].map((cloneID) => () => {
      return unlessRefused(ctx, 'CancelClone', () => cancelClone(ctx.api, cloneID));
    }),
  ];
}

/** The result of a clone into one of these volumes, or of a group into no other. */
export function isAbout({ data }: AsyncHandle, volumeIDs: readonly number[]): boolean {
  if (data?.volumeID !== undefined) return volumeIDs.includes(data.volumeID);
  const members = data?.members ?? [];
  return members.length > 0 && members.every((m) => volumeIDs.includes(m.volumeID));
}

/** Clone jobs that run now; none when the cluster will not tell. */
export async function clonesRunning(ctx: StepContext): Promise<CloneJob[]> {
  let jobs: CloneJob[] = [];
  await unlessRefused(ctx, 'ListSyncJobs', async () => {
    ({ cloneJobs: jobs } = await ctx.api.listSyncJobs({}));
  });
  return jobs;
}

/** Async results of clones; none, and why, when the cluster will not tell. */
export async function resultsKept(ctx: StepContext): Promise<{ list: AsyncHandle[]; refused?: string }> {
  let list: AsyncHandle[] = [];
  const refused = await unlessRefused(ctx, 'ListAsyncResults', async () => {
    ({ asyncHandles: list } = await ctx.api.listAsyncResults({ asyncResultTypes: ['Clone'] }));
  });
  return { list, ...(refused === undefined ? {} : { refused }) };
}

/** What only helps must not keep the volumes from being deleted. The reason, when the cluster refused for good. */
export async function unlessRefused(
  ctx: StepContext,
  what: string,
  call: () => Promise<unknown>,
): Promise<string | undefined> {
  try {
    await call();
    return undefined;
  } catch (err) {
    const { kind } = classify(err);
    const believed = kind === 'suspect' && ctx.memory.suspects >= SUSPECT_TRIES - 1;
    if (kind !== 'permanent' && !believed) throw err;
    const reason = err instanceof Error ? err.message : String(err);
    log.warn('Going on without a call that the cluster refuses', { method: what, error: reason });
    return reason;
  }
}

/** A job that ended in the meantime is as good as cancelled; which error says so differs between versions. */
const ENDED = ['xDBNoSuchPath', 'xCloneIDDoesNotExist', 'xInvalidParameter', 'xInvalidCloneID'];

export const cancelClone = (api: ElementClient, cloneID: number): Promise<void> =>
  doneAlready(ENDED, () => api.cancelClone({ cloneID }));

export const cancelGroupClone = (api: ElementClient, groupCloneID: number): Promise<void> =>
  doneAlready(ENDED, () => api.cancelGroupClone({ groupCloneID }));
