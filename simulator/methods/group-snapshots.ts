import { z } from 'zod';
import { isoDate } from '../clock.ts';
import type { Context } from '../context.ts';
import { ElementError, exceededLimit, noSuchGroupSnapshot, notReady } from '../errors.ts';
import { attributesParam, id, ids, method, type Method } from '../method.ts';
import type { Attributes, GroupSnapshotRecord, SnapshotRecord, VolumeRecord } from '../records.ts';
import { renderGroupSnapshot } from '../render.ts';
import * as snapshots from '../snapshots.ts';
import { nextID } from '../state.ts';
import * as volumes from '../volumes.ts';

const findGroup = ({ state }: Context, groupSnapshotID: number): GroupSnapshotRecord => {
  const group = state.groupSnapshots.get(groupSnapshotID);
  if (group === undefined) throw noSuchGroupSnapshot(groupSnapshotID);
  return group;
};

const membersOf = ({ state }: Context, group: GroupSnapshotRecord): SnapshotRecord[] =>
  group.members.flatMap((member) => state.snapshots.get(member) ?? []);

interface GroupWishes {
  name?: string | undefined;
  attributes?: Attributes | undefined;
  enableRemoteReplication?: boolean | undefined;
  snapMirrorLabel?: string | undefined;
  expiry?: snapshots.Expiry | undefined;
}

/** All or nothing: every volume is checked before the first snapshot is taken. */
const takeGroup = (context: Context, list: readonly VolumeRecord[], wishes: GroupWishes): GroupSnapshotRecord => {
  const { state, nowMs, random, behaviour } = context;
  const { attributes, ...others } = wishes;
  const given = (to: 'group' | 'members') =>
    attributes === undefined || ![to, 'groupAndMembers'].includes(behaviour.groupSnapshotAttributes) ? {} : attributes;
  for (const v of list) snapshots.makeSnapshotRoom(context, v, wishes.expiry?.fifo ?? false);
  const group: GroupSnapshotRecord = {
    groupSnapshotID: nextID(state, 'groupSnapshot'),
    groupSnapshotUUID: random.uuid(),
    name: wishes.name ?? isoDate(nowMs),
    attributes: given('group'),
    createMs: nowMs,
    enableRemoteReplication: wishes.enableRemoteReplication ?? false,
    members: [],
  };
  state.groupSnapshots.set(group.groupSnapshotID, group);
  group.members = list.map(
    (v) =>
      snapshots.addSnapshot(context, v, {
        ...others,
        attributes: given('members'),
        groupSnapshotID: group.groupSnapshotID,
      }).snapshotID,
  );
  return group;
};

const memberList = (list: readonly SnapshotRecord[]) =>
  list.map((s) => ({
    checksum: '0x0',
    snapshotID: s.snapshotID,
    snapshotUUID: s.snapshotUUID,
    volumeID: s.volumeID,
  }));

const createGroupSnapshot = method(
  'CreateGroupSnapshot',
  {
    volumes: ids.min(1),
    name: z.string().optional(),
    attributes: attributesParam.optional(),
    enableRemoteReplication: z.boolean().optional(),
    ensureSerialCreation: z.boolean().optional(),
    snapMirrorLabel: z.string().optional(),
    ...snapshots.expiryParams,
  },
  (context, p) => {
    const max = context.limits.volumesPerGroupSnapshotMax;
    if (p.volumes.length > max) throw exceededLimit('volumesPerGroupSnapshotMax', max);
    const list = p.volumes.map((volumeID) => volumes.liveVolume(context, volumeID));
    for (const v of list) if (v.status !== 'active') throw notReady(v.volumeID);
    snapshots.checkSnapshotName(context, p.name);
    volumes.checkAttributes(p.attributes);
    const expiry = snapshots.expiryOf(context, p);
    volumes.refuseWhenFull(context, 'CreateGroupSnapshot');
    const group = takeGroup(context, list, { ...p, expiry });
    return {
      groupSnapshot: renderGroupSnapshot(context, group),
      groupSnapshotID: group.groupSnapshotID,
      members: memberList(membersOf(context, group)),
    };
  },
);

const listGroupSnapshots = method(
  'ListGroupSnapshots',
  { groupSnapshotID: id.optional(), volumes: ids.optional() },
  (context, p) => {
    const found = [...context.state.groupSnapshots.values()].filter(
      (g) =>
        (p.groupSnapshotID === undefined || g.groupSnapshotID === p.groupSnapshotID) &&
        (p.volumes === undefined || membersOf(context, g).some((s) => p.volumes?.includes(s.volumeID))),
    );
    if (p.groupSnapshotID !== undefined && found.length === 0) throw noSuchGroupSnapshot(p.groupSnapshotID);
    return { groupSnapshots: found.map((g) => renderGroupSnapshot(context, g)) };
  },
);

const modifyGroupSnapshot = method(
  'ModifyGroupSnapshot',
  {
    groupSnapshotID: id,
    name: z.string().optional(),
    enableRemoteReplication: z.boolean().optional(),
    snapMirrorLabel: z.string().optional(),
    expirationTime: snapshots.expiryParams.expirationTime,
  },
  (context, p) => {
    const group = findGroup(context, p.groupSnapshotID);
    snapshots.checkSnapshotName(context, p.name);
    const expiry = snapshots.expiryOf(context, p);
    group.name = p.name ?? group.name;
    group.enableRemoteReplication = p.enableRemoteReplication ?? group.enableRemoteReplication;
    for (const s of membersOf(context, group)) {
      Object.assign(s, expiry, p.snapMirrorLabel === undefined ? {} : { snapMirrorLabel: p.snapMirrorLabel });
      if (expiry !== undefined) snapshots.watchExpiry(context, s);
    }
    return { groupSnapshot: renderGroupSnapshot(context, group) };
  },
);

const deleteGroupSnapshot = method(
  'DeleteGroupSnapshot',
  { groupSnapshotID: id, saveMembers: z.boolean().optional() },
  (context, p) => {
    const group = findGroup(context, p.groupSnapshotID);
    const members = membersOf(context, group);
    const used = members.find((s) => volumes.snapshotInUse(context.state, s.snapshotID));
    if (p.saveMembers !== true && used !== undefined) {
      throw new ElementError('xSnapshotInUse', `SnapshotID ${used.snapshotID} is the source of a running clone.`);
    }
    context.state.groupSnapshots.delete(group.groupSnapshotID);
    for (const s of members) {
      s.groupSnapshotID = null;
      if (p.saveMembers !== true) volumes.removeSnapshot(context.state, s.snapshotID);
    }
    return {};
  },
);

const rollbackToGroupSnapshot = method(
  'RollbackToGroupSnapshot',
  {
    groupSnapshotID: id,
    saveCurrentState: z.boolean().optional(),
    name: z.string().optional(),
    attributes: attributesParam.optional(),
  },
  (context, p) => {
    const group = findGroup(context, p.groupSnapshotID);
    const members = membersOf(context, group);
    const list = members.map((s) => volumes.liveVolume(context, s.volumeID));
    const written = new Set([...context.state.running].map((job) => job.dstVolumeID));
    for (const v of list) if (v.status !== 'active' || written.has(v.volumeID)) throw notReady(v.volumeID);
    volumes.refuseWhenFull(context, 'RollbackToGroupSnapshot');
    const saved = p.saveCurrentState === true ? takeGroup(context, list, p) : undefined;
    for (const [i, v] of list.entries()) v.content = members[i]!.content;
    return {
      groupSnapshot: saved === undefined ? null : renderGroupSnapshot(context, saved),
      groupSnapshotID: saved?.groupSnapshotID ?? null,
      members: saved === undefined ? null : memberList(membersOf(context, saved)),
    };
  },
);

export const groupSnapshotMethods: Method[] = [
  createGroupSnapshot,
  listGroupSnapshots,
  modifyGroupSnapshot,
  deleteGroupSnapshot,
  rollbackToGroupSnapshot,
];
