import { z } from 'zod';
import { isoDate } from './clock.ts';
import type { Context } from './context.ts';
import { ElementError, invalidApiParameter, invalidParameter } from './errors.ts';
import type { Attributes, SnapshotRecord, VolumeRecord } from './records.ts';
import { nextID } from './state.ts';
import { expireSnapshot, removeSnapshot } from './volumes.ts';

/** Parameters that say until when a snapshot is kept. */
export const expiryParams = { expirationTime: z.string().nullable().optional(), retention: z.string().optional() };

export interface Expiry {
  expirationMs: number | null;
  fifo: boolean;
}

/** `retention` is HH:mm:ss, `expirationTime` an ISO date, `fifo`, or null for ever; not both. Undefined: not given. */
export const expiryOf = (
  context: Context,
  p: { expirationTime?: string | null | undefined; retention?: string | undefined },
): Expiry | undefined => {
  if (p.expirationTime != null && p.retention !== undefined) {
    throw invalidApiParameter('expirationTime and retention are mutually exclusive.');
  }
  if (p.retention !== undefined) {
    const parts = /^(\d+):([0-5]\d):([0-5]\d)$/.exec(p.retention);
    if (parts === null) throw invalidParameter('retention must be HH:mm:ss.');
    const [hours, minutes, seconds] = parts.slice(1).map(Number) as [number, number, number];
    return { expirationMs: context.nowMs + ((hours * 60 + minutes) * 60 + seconds) * 1000, fifo: false };
  }
  if (p.expirationTime === undefined) return undefined;
  if (p.expirationTime === null) return { expirationMs: null, fifo: false };
  if (p.expirationTime === 'fifo') return { expirationMs: null, fifo: true };
  const expirationMs = Date.parse(p.expirationTime);
  if (Number.isNaN(expirationMs)) throw invalidParameter('expirationTime must be an ISO 8601 date, fifo or null.');
  return { expirationMs, fifo: false };
};

export const checkSnapshotName = ({ limits }: Context, name: string | undefined): void => {
  if (name !== undefined && name.length > limits.snapshotNameLengthMax) {
    throw invalidParameter(`name must be at most ${limits.snapshotNameLengthMax} characters long.`);
  }
};

/** FIFO snapshots make room for one another; others are refused when the volume has as many as it may. */
export const makeSnapshotRoom = (context: Context, v: VolumeRecord, fifo: boolean): void => {
  const { state, limits } = context;
  const all = [...(state.snapshotsByVolume.get(v.volumeID) ?? [])].flatMap((id) => state.snapshots.get(id) ?? []);
  const fifos = all.filter((s) => s.fifo);
  const most = limits.snapshotsPerVolumeMax;
  const exceeded = (): ElementError =>
    new ElementError('xMaxSnapshotsPerVolumeExceeded', `Volume ${v.volumeID} already has the maximum of snapshots.`);
  if (!fifo) {
    if (all.length >= most || all.length - fifos.length >= most - v.minFifoSize) throw exceeded();
    return;
  }
  if (fifos.length < v.fifoSize && all.length < most) return;
  const oldest = fifos[0];
  if (oldest === undefined) throw exceeded();
  removeSnapshot(state, oldest.snapshotID);
};

export interface SnapshotWishes {
  name?: string | undefined;
  attributes?: Attributes | undefined;
  expiry?: Expiry | undefined;
  enableRemoteReplication?: boolean | undefined;
  snapMirrorLabel?: string | undefined;
  groupSnapshotID?: number;
  content?: string;
  totalSize?: number;
}

/** Puts a snapshot of a volume as it is now into the cluster. The caller has checked the limits. */
export const addSnapshot = (context: Context, v: VolumeRecord, wishes: SnapshotWishes): SnapshotRecord => {
  const { state, nowMs, random } = context;
  const snapshot: SnapshotRecord = {
    snapshotID: nextID(state, 'snapshot'),
    volumeID: v.volumeID,
    volumeName: v.name,
    name: wishes.name === undefined || wishes.name === '' ? isoDate(nowMs) : wishes.name,
    attributes: wishes.attributes ?? {},
    createMs: nowMs,
    expirationMs: wishes.expiry?.expirationMs ?? null,
    fifo: wishes.expiry?.fifo ?? false,
    enableRemoteReplication: wishes.enableRemoteReplication ?? false,
    snapMirrorLabel: wishes.snapMirrorLabel ?? null,
    totalSize: wishes.totalSize ?? v.totalSize,
    groupSnapshotID: wishes.groupSnapshotID ?? null,
    snapshotUUID: random.uuid(),
    instanceSnapshotUUID: random.uuid(),
    content: wishes.content ?? v.content,
  };
  state.snapshots.set(snapshot.snapshotID, snapshot);
  const ofVolume = state.snapshotsByVolume.get(v.volumeID) ?? new Set();
  state.snapshotsByVolume.set(v.volumeID, ofVolume.add(snapshot.snapshotID));
  watchExpiry(context, snapshot);
  return snapshot;
};

/** Lets the clock remove the snapshot; an event that an earlier expiration left behind finds nothing to do. */
export const watchExpiry = ({ state }: Context, { snapshotID, expirationMs }: SnapshotRecord): void => {
  if (expirationMs !== null) state.due.add(expirationMs, (at) => expireSnapshot(state, snapshotID, at));
};
