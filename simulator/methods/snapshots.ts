import { z } from 'zod';
import { ElementError, notReady } from '../errors.ts';
import { attributesParam, id, method, type Method } from '../method.ts';
import { renderSnapshot } from '../render.ts';
import { addSnapshot, checkSnapshotName, expiryOf, expiryParams, makeSnapshotRoom, watchExpiry } from '../snapshots.ts';
import * as volumes from '../volumes.ts';

const createSnapshot = method(
  'CreateSnapshot',
  {
    volumeID: id,
    snapshotID: id.optional(),
    name: z.string().optional(),
    attributes: attributesParam.optional(),
    enableRemoteReplication: z.boolean().optional(),
    ensureSerialCreation: z.boolean().optional(),
    snapMirrorLabel: z.string().optional(),
    ...expiryParams,
  },
  (context, p) => {
    const v = volumes.liveVolume(context, p.volumeID);
    if (v.status !== 'active') throw notReady(p.volumeID);
    checkSnapshotName(context, p.name);
    volumes.checkAttributes(p.attributes);
    const expiry = expiryOf(context, p);
    const from = p.snapshotID === undefined ? undefined : volumes.findSnapshot(context, p.snapshotID, p.volumeID);
    volumes.refuseWhenFull(context, 'CreateSnapshot');
    makeSnapshotRoom(context, v, expiry?.fifo ?? false);
    const snapshot = addSnapshot(context, v, {
      ...p,
      expiry,
      content: (from ?? v).content,
      totalSize: (from ?? v).totalSize,
    });
    return { checksum: '0x0', snapshot: renderSnapshot(context, snapshot), snapshotID: snapshot.snapshotID };
  },
);

const listSnapshots = method('ListSnapshots', { volumeID: id.optional(), snapshotID: id.optional() }, (context, p) => {
  const { state } = context;
  if (p.volumeID !== undefined && !state.volumes.has(p.volumeID)) volumes.liveVolume(context, p.volumeID);
  if (p.snapshotID !== undefined) {
    const snapshot = volumes.findSnapshot(context, p.snapshotID, p.volumeID);
    return { snapshots: [renderSnapshot(context, snapshot)] };
  }
  const found =
    p.volumeID === undefined
      ? [...state.snapshots.values()]
      : [...(state.snapshotsByVolume.get(p.volumeID) ?? [])].flatMap((one) => state.snapshots.get(one) ?? []);
  return { snapshots: found.map((s) => renderSnapshot(context, s)) };
});

const modifySnapshot = method(
  'ModifySnapshot',
  {
    snapshotID: id,
    name: z.string().optional(),
    enableRemoteReplication: z.boolean().optional(),
    snapMirrorLabel: z.string().optional(),
    expirationTime: expiryParams.expirationTime,
  },
  (context, p) => {
    const s = volumes.findSnapshot(context, p.snapshotID);
    checkSnapshotName(context, p.name);
    const expiry = expiryOf(context, p);
    s.name = p.name ?? s.name;
    s.enableRemoteReplication = p.enableRemoteReplication ?? s.enableRemoteReplication;
    s.snapMirrorLabel = p.snapMirrorLabel ?? s.snapMirrorLabel;
    if (expiry !== undefined) {
      Object.assign(s, expiry);
      watchExpiry(context, s);
    }
    return { snapshot: renderSnapshot(context, s) };
  },
);

const deleteSnapshot = method(
  'DeleteSnapshot',
  { snapshotID: id, overrideSnapMirrorHold: z.boolean().optional() },
  (context, p) => {
    volumes.findSnapshot(context, p.snapshotID);
    if (volumes.snapshotInUse(context.state, p.snapshotID)) {
      throw new ElementError('xSnapshotInUse', `SnapshotID ${p.snapshotID} is the source of a running clone.`);
    }
    volumes.removeSnapshot(context.state, p.snapshotID);
    return {};
  },
);

const rollbackToSnapshot = method(
  'RollbackToSnapshot',
  {
    volumeID: id,
    snapshotID: id,
    saveCurrentState: z.boolean().optional(),
    name: z.string().optional(),
    attributes: attributesParam.optional(),
  },
  (context, p) => {
    const v = volumes.liveVolume(context, p.volumeID);
    const target = volumes.findSnapshot(context, p.snapshotID, p.volumeID);
    // "Rolling back a volume to a snapshot might fail when slice synchronization is in progress."
    const beingWritten = [...context.state.running].some((job) => job.dstVolumeID === v.volumeID);
    if (v.status !== 'active' || beingWritten) throw notReady(p.volumeID);
    checkSnapshotName(context, p.name);
    volumes.checkAttributes(p.attributes);
    volumes.refuseWhenFull(context, 'RollbackToSnapshot');
    if (p.saveCurrentState === true) makeSnapshotRoom(context, v, false);
    const saved =
      p.saveCurrentState === true
        ? addSnapshot(context, v, { name: p.name ?? `${target.name}-copy`, attributes: p.attributes })
        : undefined;
    v.content = target.content;
    return {
      checksum: '0x0',
      snapshot: saved === undefined ? null : renderSnapshot(context, saved),
      snapshotID: saved?.snapshotID ?? null,
    };
  },
);

export const snapshotMethods: Method[] = [
  createSnapshot,
  listSnapshots,
  modifySnapshot,
  deleteSnapshot,
  rollbackToSnapshot,
];
