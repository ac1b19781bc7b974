import { isOwn, readTag } from '../../contracts/tag.ts';
import { ElementApiError, type ElementClient, type GroupSnapshot, type Volume } from '../../element/index.ts';
import { byID, isLive, isOwnVolume, tagOf } from '../find.ts';
import type { Owner } from '../types.ts';
import type { GroupPlan, StartedMember } from './types.ts';

/** A volume that a group's request made, and the volume that it is a clone of. */
export interface OwnMember extends StartedMember {
  volume: Volume;
  /** A finished clone: an earlier step, or an earlier run of the same request, has put its own ID into its tag. */
  stamped: boolean;
}

/** Those of the volumes that this request made: that are there, and that are deleted already. */
export function ownMembers(
  volumes: readonly Volume[],
  plan: GroupPlan,
  owner: Owner,
): { live: OwnMember[]; deleted: Volume[] } {
  const tags = new Map(plan.members.map((m) => [m.source.volumeID, tagOf(owner, m, 'clone')]));
  const own = volumes.toSorted(byID).flatMap((volume) => {
    const tag = readTag(volume.attributes);
    const ownTag = tag && tags.get(tag.sourceVolumeID);
    if (!ownTag || !isOwnVolume(volume, ownTag)) return [];
    const { sourceVolumeID } = ownTag;
    return [{ sourceVolumeID, volumeID: volume.volumeID, volume, stamped: tag.volumeID !== undefined }];
  });
  const isHere = (m: OwnMember) => isLive(m.volume);
  return { live: own.filter(isHere), deleted: own.filter((m) => !isHere(m)).map((m) => m.volume) };
}

/**
 * Volumes that this request made, lowest ID first. One question, for the volumes of the accounts that the clones begin
 * with and end with.
 */
export async function findOwnMembers(
  api: ElementClient,
  plan: GroupPlan,
  owner: Owner,
): Promise<{ live: OwnMember[]; deleted: Volume[] }> {
  const accounts = new Set(
    plan.members.flatMap((m) => [m.request.newAccountID ?? m.source.accountID, m.expected.accountID]),
  );
  const { volumes } = await api.listVolumes({ accounts: [...accounts], includeVirtualVolumes: false });
  return ownMembers(volumes, plan, owner);
}

/** What of a plan says of which volumes a group snapshot is. */
export interface GroupOfSources {
  members: readonly { source: { volumeID: number } }[];
}

/** Group snapshots that this request made, lowest ID first. Whether the members inherit the tag is not documented. */
export async function findOwnGroupSnapshots(
  api: ElementClient,
  plan: GroupOfSources,
  owner: Owner,
): Promise<GroupSnapshot[]> {
  const tag = tagOf(owner, plan.members[0]!, 'groupSnapshot');
  return (await listGroupSnapshots(api, plan))
    .filter((g) => [g, ...g.members].some(({ attributes }) => isOwn(readTag(attributes), tag, g.groupSnapshotID)))
    .toSorted((a, b) => a.groupSnapshotID - b.groupSnapshotID);
}

async function listGroupSnapshots(api: ElementClient, plan: GroupOfSources): Promise<GroupSnapshot[]> {
  const volumes = plan.members.map((m) => m.source.volumeID);
  try {
    return (await api.listGroupSnapshots({ volumes })).groupSnapshots;
  } catch (err) {
    // One of the sources was deleted in the meantime; the group snapshot may be there all the same.
    if (!(err instanceof ElementApiError && err.apiName === 'xVolumeIDDoesNotExist')) throw err;
    return (await api.listGroupSnapshots({})).groupSnapshots;
  }
}
