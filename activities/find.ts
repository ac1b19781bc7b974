import { isOwn, readTag, type OwnershipTag } from '../contracts/tag.ts';
import { ElementApiError, type ElementClient, type Snapshot, type Volume } from '../element/index.ts';
import type { ClonePlan, Owner } from './types.ts';

/** The tag of what a step of this request makes. */
export const tagOf = (
  owner: Owner,
  plan: {
    source: { volumeID: number };
    request?: Pick<ClonePlan['request'], 'series'> & { cluster?: string };
  },
  step: OwnershipTag['step'],
): OwnershipTag => ({
  request: owner.request,
  workflowID: owner.workflowID,
  step,
  sourceVolumeID: plan.source.volumeID,
  ...(owner.requestedBy === undefined ? {} : { requestedBy: owner.requestedBy }),
  ...(step === 'clone' ? generationTag(plan.request ?? {}) : {}),
});

/** Which generation of which series a clone is, for its tag. */
export const generationTag = ({
  series,
}: Pick<ClonePlan['request'], 'series'>): Pick<OwnershipTag, 'series' | 'generation'> =>
  series === undefined ? {} : { series: series.name, generation: series.generation };

export const byID = (a: Volume, b: Volume) => a.volumeID - b.volumeID;

/** Never the source, never a copy that inherited the tag from our finished clone. */
export const isOwnVolume = (volume: Volume, tag: OwnershipTag) =>
  volume.volumeID !== tag.sourceVolumeID && isOwn(readTag(volume.attributes), tag, volume.volumeID);

export const isLive = (volume: Volume) => volume.status !== 'deleted';

/** Volumes that this request made, lowest ID first. Asks for those of the clone's name: one cheap, exact question. */
export async function findOwnVolumes(api: ElementClient, name: string, tag: OwnershipTag): Promise<Volume[]> {
  return (await findOwnVolumesEver(api, name, tag)).live;
}

/** The same, and those that are deleted already, by us or by somebody else: the cluster shows them for hours. */
export async function findOwnVolumesEver(
  api: ElementClient,
  name: string,
  tag: OwnershipTag,
): Promise<{ live: Volume[]; deleted: Volume[] }> {
  const { volumes } = await api.listVolumes({ volumeName: name, includeVirtualVolumes: false });
  const own = volumes.filter((v) => isOwnVolume(v, tag)).toSorted(byID);
  return { live: own.filter(isLive), deleted: own.filter((v) => !isLive(v)) };
}

/** The same among all volumes of the cluster, for when a clone may have been renamed. */
export async function findOwnVolumesAnywhere(api: ElementClient, tag: OwnershipTag): Promise<Volume[]> {
  const { volumes } = await api.listVolumes({ includeVirtualVolumes: false });
  return volumes.filter((v) => isLive(v) && isOwnVolume(v, tag)).toSorted(byID);
}

/** Snapshots that this request made of its source, lowest ID first. */
export async function findOwnSnapshots(api: ElementClient, tag: OwnershipTag): Promise<Snapshot[]> {
  return (await snapshotsOf(api, tag.sourceVolumeID))
    .filter((s) => isOwn(readTag(s.attributes), tag, s.snapshotID))
    .toSorted((a, b) => a.snapshotID - b.snapshotID);
}

/** A deleted source keeps its snapshots until it is purged: they are looked for among all when it cannot be named. */
async function snapshotsOf(api: ElementClient, volumeID: number): Promise<Snapshot[]> {
  try {
    return (await api.listSnapshots({ volumeID })).snapshots;
  } catch (err) {
    if (!(err instanceof ElementApiError && err.apiName === 'xVolumeIDDoesNotExist')) throw err;
    return (await api.listSnapshots({})).snapshots;
  }
}

/** Those of these volumes that are there, deleted ones left out. */
export async function findVolumes(api: ElementClient, volumeIDs: readonly number[]): Promise<Volume[]> {
  const { volumes } = await api.listVolumes({ volumeIDs: [...volumeIDs] });
  return volumes.filter((v) => volumeIDs.includes(v.volumeID) && isLive(v));
}

/** The volume with this ID, or `undefined` when it is gone or deleted. */
export async function findVolume(api: ElementClient, volumeID: number): Promise<Volume | undefined> {
  return (await findVolumes(api, [volumeID]))[0];
}
