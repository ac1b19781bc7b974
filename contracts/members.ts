import type { CloneVolumeRequest } from './clone-volume.ts';

/*
 * How the fields of one clone of several stand above those given for all of them. Workflow code uses this at run time, so
 * it imports types only.
 */

/** What can be given for one clone, and for all. */
export type CloneFields = Pick<
  CloneVolumeRequest,
  | 'access'
  | 'attributes'
  | 'enable512e'
  | 'enableSnapMirrorReplication'
  | 'newAccountID'
  | 'newSize'
  | 'modify'
  | 'volumeAccessGroups'
  | 'lease'
  | 'leaseMax'
  | 'leaseGrace'
>;

/** The member's own fields above the shared ones, of `modify` each field by itself. */
export const overShared = (shared: CloneFields, member: CloneFields): Defined<CloneFields> => {
  const lease = member.lease ?? shared.lease;
  return defined({
    access: member.access ?? shared.access,
    attributes: member.attributes ?? shared.attributes,
    enable512e: member.enable512e ?? shared.enable512e,
    enableSnapMirrorReplication: member.enableSnapMirrorReplication ?? shared.enableSnapMirrorReplication,
    newAccountID: member.newAccountID ?? shared.newAccountID,
    newSize: member.newSize ?? shared.newSize,
    modify: mergeModify(shared.modify, member.modify),
    volumeAccessGroups: member.volumeAccessGroups ?? shared.volumeAccessGroups,
    lease,
    // What is shared may be meant for others.
    ...(lease === undefined
      ? {}
      : { leaseMax: member.leaseMax ?? shared.leaseMax, leaseGrace: member.leaseGrace ?? shared.leaseGrace }),
  });
};

type Modify = NonNullable<CloneVolumeRequest['modify']>;

/** `qos` and `qosPolicyID` replace one another. */
function mergeModify(shared: Modify | undefined, member: Modify | undefined): Modify | undefined {
  if (shared === undefined || member === undefined) return member ?? shared;
  const { qos, qosPolicyID, ...rest } = shared;
  const ownQoS = member.qos !== undefined || member.qosPolicyID !== undefined;
  return { ...rest, ...(ownQoS ? {} : defined({ qos, qosPolicyID })), ...defined(member) };
}

export type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

export const defined = <T extends object>(fields: T): Defined<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
