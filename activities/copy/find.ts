import type { CopyVolumeRequest } from '../../contracts/copy-volume.ts';
import { isOwn, readTag, type OwnershipTag } from '../../contracts/tag.ts';
import type { AsyncHandle, CloneJob, ElementClient, Snapshot } from '../../element/index.ts';
import { findOwnSnapshots, tagOf } from '../find.ts';
import type { Owner } from '../types.ts';

/** A way back: the snapshot of a volume from before a copy onto it. */
export interface WayBack {
  snapshot: Snapshot;
  tag: OwnershipTag;
}

/** The tag of the way back that a request makes. */
export const wayBackTag = (owner: Owner, dstVolumeID: number): OwnershipTag =>
  tagOf(owner, { source: { volumeID: dstVolumeID } }, 'undo');

/** Those of a request, oldest first. */
export const findOwnWaysBack = (api: ElementClient, owner: Owner, dstVolumeID: number): Promise<Snapshot[]> =>
  findOwnSnapshots(api, wayBackTag(owner, dstVolumeID));

/** Of whichever request, oldest first. */
export async function waysBackOf(api: ElementClient, dstVolumeID: number): Promise<WayBack[]> {
  const { snapshots } = await api.listSnapshots({ volumeID: dstVolumeID });
  return snapshots
    .flatMap((snapshot) => {
      const tag = readTag(snapshot.attributes);
      return tag?.step === 'undo' && isOwn(tag, { ...tag, sourceVolumeID: dstVolumeID }, snapshot.snapshotID)
        ? [{ snapshot, tag }]
        : [];
    })
    .toSorted((a, b) => a.snapshot.snapshotID - b.snapshot.snapshotID);
}

/** A job that copies exactly this: whoever began it, the destination comes to hold the same. */
export const isSameCopy = (
  job: CloneJob,
  { volumeID, dstVolumeID }: Pick<CopyVolumeRequest, 'volumeID' | 'dstVolumeID'>,
  snapshotIDs: readonly number[],
): boolean =>
  job.dstVolumeID === dstVolumeID &&
  job.srcVolumeID === volumeID &&
  typeof job.snapshotID === 'number' &&
  snapshotIDs.includes(job.snapshotID);

/** Results of jobs that filled this volume and began at `since` (ISO 8601, the cluster's clock) or later. */
export const resultsSince = (results: readonly AsyncHandle[], dstVolumeID: number, since: string): AsyncHandle[] =>
  results.filter(
    (r) =>
      r.data?.volumeID === dstVolumeID &&
      r.createTime !== undefined &&
      // The cluster's times have no fraction.
      Date.parse(r.createTime) >= Math.floor(Date.parse(since) / 1_000) * 1_000,
  );
