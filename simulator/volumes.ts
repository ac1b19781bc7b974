import type { Context } from './context.ts';
import { ElementError, invalidParameter, noSuchSnapshot, noSuchVolume, unknownAccount } from './errors.ts';
import type { AccountRecord, Attributes, SnapshotRecord, VolumeRecord } from './records.ts';
import type { ClusterState } from './state.ts';

const MiB = 1_048_576;
/** "The total attribute size must be less than 1000B, including JSON formatting characters" (CreateVolume). */
const attributeBytesMax = 1000;

/** A volume that is there and not deleted. */
export const liveVolume = ({ state }: Context, volumeID: number): VolumeRecord => {
  const volume = state.volumes.get(volumeID);
  if (volume === undefined || volume.status === 'deleted') throw noSuchVolume(volumeID);
  return volume;
};

/** A volume that is marked for deletion. */
export const deletedVolume = ({ state }: Context, volumeID: number): VolumeRecord => {
  const volume = state.volumes.get(volumeID);
  if (volume === undefined) throw noSuchVolume(volumeID);
  if (volume.status !== 'deleted') {
    throw new ElementError('xVolumeNotDeleted', `VolumeID ${volumeID} is not deleted.`);
  }
  return volume;
};

/** A snapshot, which must be of the volume if one is named: an ID of another volume's is no snapshot here. */
export const findSnapshot = ({ state }: Context, snapshotID: number, volumeID?: number): SnapshotRecord => {
  const snapshot = state.snapshots.get(snapshotID);
  if (snapshot === undefined) throw noSuchSnapshot(snapshotID);
  if (volumeID !== undefined && snapshot.volumeID !== volumeID) {
    throw new ElementError('xSnapshotIDDoesNotExist', `SnapshotID ${snapshotID} is not of volume ${volumeID}.`);
  }
  return snapshot;
};

export const activeAccount = ({ state }: Context, accountID: number): AccountRecord => {
  const account = state.accounts.get(accountID);
  if (account === undefined || account.status === 'removed') throw unknownAccount();
  return account;
};

export const checkVolumeName = ({ limits, behaviour }: Context, name: string): void => {
  const { volumeNameLengthMin: min, volumeNameLengthMax: max } = limits;
  if (name.length < min || name.length > max) throw invalidParameter(`name must be ${min} to ${max} characters long.`);
  if (behaviour.strictVolumeNames && !/^[A-Za-z0-9-]+$/.test(name)) {
    throw invalidParameter('name may contain only letters, digits and hyphens.');
  }
};

export const checkAttributes = (attributes: Attributes | undefined): void => {
  if (attributes !== undefined && Buffer.byteLength(JSON.stringify(attributes)) >= attributeBytesMax) {
    throw invalidParameter(`attributes must be less than ${attributeBytesMax} bytes of JSON.`);
  }
};

/** The size a volume really gets: whole MiB, as the pages' own 1,000,341,504 for 1,000,000,000. */
export const roundedSize = ({ limits }: Context, field: string, bytes: number): number => {
  const size = Math.ceil(bytes / MiB) * MiB;
  if (bytes < limits.volumeSizeMin || size > limits.volumeSizeMax) {
    throw invalidParameter(`${field} must be from ${limits.volumeSizeMin} to ${limits.volumeSizeMax} bytes.`);
  }
  return size;
};

export const removeSnapshot = (state: ClusterState, snapshotID: number): void => {
  const snapshot = state.snapshots.get(snapshotID);
  if (snapshot === undefined) return;
  state.snapshots.delete(snapshotID);
  state.snapshotsByVolume.get(snapshot.volumeID)?.delete(snapshotID);
  const group = snapshot.groupSnapshotID === null ? undefined : state.groupSnapshots.get(snapshot.groupSnapshotID);
  if (group === undefined) return;
  group.members = group.members.filter((id) => id !== snapshotID);
  if (group.members.length === 0) state.groupSnapshots.delete(group.groupSnapshotID);
};

export const snapshotInUse = (state: ClusterState, snapshotID: number): boolean =>
  [...state.running].some((job) => job.snapshotID === snapshotID);

/** Removes a snapshot whose time has come; one that a clone still reads goes when the clone is done. */
export const expireSnapshot = (state: ClusterState, snapshotID: number, at: number): void => {
  const expirationMs = state.snapshots.get(snapshotID)?.expirationMs ?? null;
  if (expirationMs !== null && expirationMs <= at && !snapshotInUse(state, snapshotID)) {
    removeSnapshot(state, snapshotID);
  }
};

/** Takes a volume out of the cluster altogether, with its snapshots and memberships. */
export const removeVolume = (state: ClusterState, volumeID: number): void => {
  const volume = state.volumes.get(volumeID);
  if (volume === undefined) return;
  for (const id of state.snapshotsByVolume.get(volumeID) ?? []) removeSnapshot(state, id);
  state.snapshotsByVolume.delete(volumeID);
  for (const groupID of volume.volumeAccessGroups) {
    const group = state.accessGroups.get(groupID);
    if (group !== undefined) group.volumes = group.volumes.filter((id) => id !== volumeID);
  }
  state.sessions = state.sessions.filter((s) => s.volumeID !== volumeID);
  state.volumes.delete(volumeID);
};

/** "You cannot create snapshots when cluster fullness reaches stage 4 or 5" (CreateSnapshot). */
export const refuseWhenFull = ({ behaviour }: Context, what: string): void => {
  if (behaviour.fullnessStage >= 4) {
    throw new ElementError(
      'xClusterFull',
      `${what} is not possible at cluster fullness stage ${behaviour.fullnessStage}.`,
    );
  }
};
