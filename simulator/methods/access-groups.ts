import { z } from 'zod';
import type { Context } from '../context.ts';
import { ElementError, exceededLimit, invalidApiParameter, invalidParameter, noSuchAccessGroup } from '../errors.ts';
import { attributesParam, id, ids, method, type Method } from '../method.ts';
import type { AccessGroupRecord } from '../records.ts';
import { renderAccessGroup } from '../render.ts';
import { nextID } from '../state.ts';
import * as volumes from '../volumes.ts';

const initiatorsParam = z.array(z.union([z.int(), z.string()]));

const findGroup = ({ state }: Context, volumeAccessGroupID: number): AccessGroupRecord => {
  const group = state.accessGroups.get(volumeAccessGroupID);
  if (group === undefined) throw noSuchAccessGroup(volumeAccessGroupID);
  return group;
};

const checkName = ({ limits }: Context, name: string): void => {
  const { volumeAccessGroupNameLengthMin: min, volumeAccessGroupNameLengthMax: max } = limits;
  if (name.length < min || name.length > max) throw invalidParameter(`name must be ${min} to ${max} characters long.`);
};

/** Names make initiators that are not there yet; IDs must be of some that are. */
const initiatorIDs = ({ state, limits }: Context, given: readonly (number | string)[]): number[] => {
  const max = limits.initiatorsPerVolumeAccessGroupCountMax;
  if (given.length > max) throw exceededLimit('initiatorsPerVolumeAccessGroupCountMax', max);
  return given.map((initiator) => {
    if (typeof initiator === 'number') {
      if (state.initiators.has(initiator)) return initiator;
      throw new ElementError('xInitiatorDoesNotExist', `InitiatorID ${initiator} does not exist.`);
    }
    const known = [...state.initiators].find(([, name]) => name === initiator);
    if (known !== undefined) return known[0];
    const initiatorID = nextID(state, 'initiator');
    state.initiators.set(initiatorID, initiator);
    return initiatorID;
  });
};

/** Refuses, before anything changes, volumes that are not there or would be too many. */
const checkJoin = (context: Context, group: AccessGroupRecord | undefined, joining: readonly number[]): void => {
  const { limits } = context;
  const members = (group?.volumes.length ?? 0) + joining.length;
  if (members > limits.volumesPerVolumeAccessGroupCountMax) {
    throw exceededLimit('volumesPerVolumeAccessGroupCountMax', limits.volumesPerVolumeAccessGroupCountMax);
  }
  for (const volumeID of joining) {
    const v = volumes.liveVolume(context, volumeID);
    if (v.volumeAccessGroups.length >= limits.volumeAccessGroupsPerVolumeCountMax) {
      throw exceededLimit('volumeAccessGroupsPerVolumeCountMax', limits.volumeAccessGroupsPerVolumeCountMax);
    }
  }
};

const join = ({ state }: Context, group: AccessGroupRecord, volumeIDs: readonly number[]): void => {
  for (const volumeID of volumeIDs) {
    group.volumes.push(volumeID);
    const v = state.volumes.get(volumeID)!;
    v.volumeAccessGroups = [...v.volumeAccessGroups, group.volumeAccessGroupID].sort((a, b) => a - b);
  }
  group.volumes.sort((a, b) => a - b);
};

const leave = ({ state }: Context, group: AccessGroupRecord, volumeIDs: readonly number[]): void => {
  const leaving = new Set(volumeIDs);
  group.volumes = group.volumes.filter((member) => !leaving.has(member));
  for (const volumeID of leaving) {
    const v = state.volumes.get(volumeID);
    if (v !== undefined) v.volumeAccessGroups = v.volumeAccessGroups.filter((g) => g !== group.volumeAccessGroupID);
  }
};

const createVolumeAccessGroup = method(
  'CreateVolumeAccessGroup',
  {
    name: z.string(),
    initiators: initiatorsParam.optional(),
    volumes: ids.optional(),
    attributes: attributesParam.optional(),
    virtualNetworkID: ids.optional(),
    virtualNetworkTags: ids.optional(),
  },
  (context, p) => {
    const { state, limits } = context;
    checkName(context, p.name);
    volumes.checkAttributes(p.attributes);
    const max = limits.volumeAccessGroupCountMax;
    if (state.accessGroups.size >= max) throw exceededLimit('volumeAccessGroupCountMax', max);
    const members = [...new Set(p.volumes)];
    checkJoin(context, undefined, members);
    const group: AccessGroupRecord = {
      volumeAccessGroupID: nextID(state, 'accessGroup'),
      name: p.name,
      attributes: p.attributes ?? {},
      initiatorIDs: initiatorIDs(context, p.initiators ?? []),
      volumes: [],
    };
    state.accessGroups.set(group.volumeAccessGroupID, group);
    join(context, group, members);
    return { volumeAccessGroup: renderAccessGroup(context, group), volumeAccessGroupID: group.volumeAccessGroupID };
  },
);

const listVolumeAccessGroups = method(
  'ListVolumeAccessGroups',
  {
    limit: z.int().nonnegative().optional(),
    startVolumeAccessGroupID: z.int().nonnegative().optional(),
    volumeAccessGroups: ids.optional(),
  },
  (context, p) => {
    const { state } = context;
    if (p.volumeAccessGroups === undefined || p.volumeAccessGroups.length === 0) {
      const from = [...state.accessGroups.values()].filter(
        (g) => g.volumeAccessGroupID >= (p.startVolumeAccessGroupID ?? 0),
      );
      const page = p.limit === undefined || p.limit === 0 ? from : from.slice(0, p.limit);
      return { volumeAccessGroups: page.map((g) => renderAccessGroup(context, g)) };
    }
    if (p.limit !== undefined || p.startVolumeAccessGroupID !== undefined) {
      throw invalidApiParameter('volumeAccessGroups and limit or startVolumeAccessGroupID are mutually exclusive.');
    }
    const missing = p.volumeAccessGroups.filter((one) => !state.accessGroups.has(one));
    return {
      volumeAccessGroups: p.volumeAccessGroups
        .flatMap((one) => state.accessGroups.get(one) ?? [])
        .map((g) => renderAccessGroup(context, g)),
      ...(missing.length === 0 ? {} : { volumeAccessGroupsNotFound: missing }),
    };
  },
);

const modifyVolumeAccessGroup = method(
  'ModifyVolumeAccessGroup',
  {
    volumeAccessGroupID: id,
    name: z.string().optional(),
    attributes: attributesParam.optional(),
    initiators: initiatorsParam.optional(),
    deleteOrphanInitiators: z.boolean().optional(),
    volumes: ids.optional(),
    virtualNetworkID: ids.optional(),
    virtualNetworkTags: ids.optional(),
  },
  (context, p) => {
    const group = findGroup(context, p.volumeAccessGroupID);
    if (p.name !== undefined) checkName(context, p.name);
    volumes.checkAttributes(p.attributes);
    if (p.volumes !== undefined) {
      const wanted = new Set(p.volumes);
      const joining = [...wanted].filter((volumeID) => !group.volumes.includes(volumeID));
      checkJoin(context, undefined, joining);
      leave(
        context,
        group,
        group.volumes.filter((volumeID) => !wanted.has(volumeID)),
      );
      join(context, group, joining);
    }
    if (p.initiators !== undefined) group.initiatorIDs = initiatorIDs(context, p.initiators);
    group.name = p.name ?? group.name;
    group.attributes = p.attributes ?? group.attributes;
    return { volumeAccessGroup: renderAccessGroup(context, group) };
  },
);

const deleteVolumeAccessGroup = method(
  'DeleteVolumeAccessGroup',
  { volumeAccessGroupID: id, deleteOrphanInitiators: z.boolean().optional(), force: z.boolean().optional() },
  (context, p) => {
    const group = findGroup(context, p.volumeAccessGroupID);
    leave(context, group, group.volumes);
    context.state.accessGroups.delete(p.volumeAccessGroupID);
    return {};
  },
);

const addVolumes = method('AddVolumesToVolumeAccessGroup', { volumeAccessGroupID: id, volumes: ids }, (context, p) => {
  const group = findGroup(context, p.volumeAccessGroupID);
  const joining = [...new Set(p.volumes)];
  for (const volumeID of joining) volumes.liveVolume(context, volumeID);
  const member = joining.find((volumeID) => group.volumes.includes(volumeID));
  if (member !== undefined) {
    throw new ElementError(
      'xAlreadyInVolumeAccessGroup',
      `VolumeID ${member} is already in volume access group ${p.volumeAccessGroupID}.`,
    );
  }
  checkJoin(context, group, joining);
  join(context, group, joining);
  return { volumeAccessGroup: renderAccessGroup(context, group) };
});

const removeVolumes = method(
  'RemoveVolumesFromVolumeAccessGroup',
  { volumeAccessGroupID: id, volumes: ids },
  (context, p) => {
    const group = findGroup(context, p.volumeAccessGroupID);
    const stranger = p.volumes.find((volumeID) => !group.volumes.includes(volumeID));
    if (stranger !== undefined) {
      throw new ElementError(
        'xNotInVolumeAccessGroup',
        `VolumeID ${stranger} is not in volume access group ${p.volumeAccessGroupID}.`,
      );
    }
    leave(context, group, p.volumes);
    return { volumeAccessGroup: renderAccessGroup(context, group) };
  },
);

export const accessGroupMethods: Method[] = [
  createVolumeAccessGroup,
  listVolumeAccessGroups,
  modifyVolumeAccessGroup,
  deleteVolumeAccessGroup,
  addVolumes,
  removeVolumes,
];
