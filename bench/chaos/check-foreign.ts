import { isDeepStrictEqual } from 'node:util';
import { readTag } from '../../contracts/tag.ts';
import type { StateView } from '../../simulator/index.ts';
import type { Deeds } from './people.ts';

type Volume = StateView['volumes'][number];

/** What is none of ours and is not as it was: every object that was there before, and what people have made since. */
export function foreignChanges(
  before: StateView,
  after: StateView,
  deeds: Deeds,
  /** Volumes whose content was to be another. */
  destinations: ReadonlySet<number> = new Set(),
): string[] {
  const contentOf = (volumeID: number) =>
    destinations.has(volumeID)
      ? after.volumes.find((v) => v.volumeID === volumeID)?.content
      : deeds.contents.get(volumeID)?.at(-1);
  return [
    ...before.volumes.flatMap((was) => volumeChanges(was, after, contentOf(was.volumeID))),
    ...deeds.volumes.flatMap((was) => copyChanges(was, after)),
    ...changed('snapshot', 'snapshotID', before.snapshots, after.snapshots),
    ...changed('account', 'accountID', before.accounts, after.accounts, ['volumes']),
    ...changed('QoS policy', 'qosPolicyID', before.qosPolicies, after.qosPolicies, ['volumeIDs']),
    ...changed('access group', 'volumeAccessGroupID', before.accessGroups, after.accessGroups, [
      'volumes',
      'deletedVolumes',
    ]),
    ...before.accessGroups.flatMap((was) => memberChanges(was, before, after)),
  ];
}

/** In words, when an object is gone or a field of it, but for those left out, is another. */
function changed<T extends Record<string, unknown>>(
  what: string,
  idField: string,
  before: readonly T[],
  after: readonly T[],
  leftOut: readonly string[] = [],
): string[] {
  return before.flatMap((was) => {
    const name = `${what} ${String(was[idField])}`;
    const is = after.find((o) => o[idField] === was[idField]);
    if (is === undefined) return [`${name} is gone`];
    const fields = Object.keys(was).filter((f) => !leftOut.includes(f) && !isDeepStrictEqual(was[f], is[f]));
    return fields.map((f) => `${f} of ${name} was ${JSON.stringify(was[f])} and is ${JSON.stringify(is[f])}`);
  });
}

/** `content`: what somebody wrote last, which is no change of ours. */
const volumeChanges = (was: Volume, after: StateView, content = was.content): string[] =>
  changed('volume', 'volumeID', [{ ...was, content }], after.volumes);

/** A copy made by hand becomes active by itself; it and its result, which nobody has read, must still be there. */
function copyChanges(was: Volume, after: StateView): string[] {
  const job = after.cloneJobs.find((j) => j.dstVolumeID === was.volumeID);
  const changes = changed('volume', 'volumeID', [was], after.volumes, ['status', 'iqn', 'sliceCount', 'content']);
  const is = after.volumes.find((v) => v.volumeID === was.volumeID);
  if (is?.status === 'deleted') changes.push(`volume ${was.volumeID}, made by hand, is deleted`);
  if (job?.status === 'cancelled' || job?.status === 'failed') {
    changes.push(`clone ${job.cloneID}, started by hand, was ${job.status}`);
  } else if (job && !after.asyncResults.some((r) => r.asyncHandle === job.asyncHandle)) {
    changes.push(`async result ${job.asyncHandle} of a clone started by hand is gone`);
  }
  return changes;
}

/** Members from before are still there, and who has come carries a tag of ours. */
function memberChanges(was: StateView['accessGroups'][number], before: StateView, after: StateView): string[] {
  const is = after.accessGroups.find((g) => g.volumeAccessGroupID === was.volumeAccessGroupID)?.volumes ?? [];
  const strangers = is.filter((id) => {
    const volume = after.volumes.find((v) => v.volumeID === id);
    return (
      !was.volumes.includes(id) && (before.volumes.some((v) => v.volumeID === id) || !readTag(volume?.['attributes']))
    );
  });
  return [
    ...was.volumes
      .filter((id) => !is.includes(id))
      .map((id) => `volume ${id} is no longer in access group ${was.name}`),
    ...strangers.map((id) => `volume ${id} was put into access group ${was.name}`),
  ];
}
