import type { CloneGroupRequest } from '../../contracts/clone-group.ts';
import type { CloneVolumeRequest } from '../../contracts/clone-volume.ts';
import type { Volume } from '../../element/index.ts';

const SUFFIX = '-clone';
const NAME_MAX = 64;

type Member = CloneGroupRequest['volumes'][number];

/** Name of a clone that is given none. */
const defaultName = (source: Volume | undefined, volumeID: number): string =>
  `${(source?.name ?? `volume-${volumeID}`).slice(0, NAME_MAX - SUFFIX.length)}${SUFFIX}`;

/**
 * A member as a request for a clone by itself: its own fields above those of the group, of `modify` each field by
 * itself. `qos` and `qosPolicyID` replace one another.
 */
export function memberRequest(
  group: CloneGroupRequest,
  member: Member,
  source: Volume | undefined,
): CloneVolumeRequest {
  const { cluster } = group;
  const { volumeID, name = defaultName(source, volumeID) } = member;
  const fields = defined({
    access: member.access ?? group.access,
    attributes: member.attributes ?? group.attributes,
    newAccountID: member.newAccountID ?? group.newAccountID,
    newSize: member.newSize ?? group.newSize,
    modify: mergeModify(group.modify, member.modify),
    volumeAccessGroups: member.volumeAccessGroups ?? group.volumeAccessGroups,
  });
  return { cluster, volumeID, name, ...fields };
}

type Modify = NonNullable<CloneVolumeRequest['modify']>;

function mergeModify(group: Modify | undefined, member: Modify | undefined): Modify | undefined {
  if (group === undefined || member === undefined) return member ?? group;
  const { qos, qosPolicyID, ...rest } = group;
  const ownQoS = member.qos !== undefined || member.qosPolicyID !== undefined;
  return { ...rest, ...(ownQoS ? {} : defined({ qos, qosPolicyID })), ...defined(member) };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

const defined = <T extends object>(fields: T): Defined<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
