import { z } from 'zod';
import { endJob, openAsyncResult, reserveNodes, startJob, type CopySource } from '../clone-jobs.ts';
import type { Context } from '../context.ts';
import { ElementError, invalidApiParameter, invalidParameter, noSuchGroupSnapshot, notReady } from '../errors.ts';
import { attributesParam, id, method, type Method } from '../method.ts';
import { qosCurve } from '../qos.ts';
import type { Access, Attributes, CloneJobRecord, VolumeRecord } from '../records.ts';
import { renderVolume } from '../render.ts';
import { nextID } from '../state.ts';
import * as volumes from '../volumes.ts';
import { accessParam, refuseTooManyVolumes } from './volumes.ts';

const sourceOf = (context: Context, volumeID: number, snapshotID: number | undefined): CopySource => {
  const volume = volumes.liveVolume(context, volumeID);
  if (volume.status !== 'active') throw notReady(volumeID);
  if (snapshotID === undefined) {
    return { volume, snapshotID: null, content: volume.content, totalSize: volume.totalSize };
  }
  const snapshot = volumes.findSnapshot(context, snapshotID, volumeID);
  return { volume, snapshotID, content: snapshot.content, totalSize: snapshot.totalSize };
};

interface CloneWishes {
  name: string;
  access?: Access | undefined;
  attributes?: Attributes | undefined;
  newAccountID?: number | undefined;
  newSize?: number | undefined;
  enable512e?: boolean | undefined;
  enableSnapMirrorReplication?: boolean | undefined;
}

/** Checks a clone's wishes and makes its volume, without yet putting it into the cluster. */
const plannedClone = (context: Context, source: CopySource, wishes: CloneWishes): (() => VolumeRecord) => {
  const { state, behaviour, nowMs, random } = context;
  const { volume } = source;
  volumes.checkVolumeName(context, wishes.name);
  const attributes =
    behaviour.cloneAttributes === 'merge'
      ? { ...volume.attributes, ...wishes.attributes }
      : (wishes.attributes ?? { ...volume.attributes });
  volumes.checkAttributes(attributes);
  const accountID = wishes.newAccountID ?? volume.accountID;
  volumes.activeAccount(context, accountID);
  const totalSize =
    wishes.newSize === undefined ? source.totalSize : volumes.roundedSize(context, 'newSize', wishes.newSize);
  return () => {
    const clone: VolumeRecord = {
      volumeID: nextID(state, 'volume'),
      name: wishes.name,
      accountID,
      status: 'init',
      access: wishes.access ?? volume.access,
      totalSize,
      enable512e: wishes.enable512e ?? volume.enable512e,
      enableSnapMirrorReplication: wishes.enableSnapMirrorReplication ?? false,
      attributes,
      qos: volume.qos,
      qosPolicyID: behaviour.cloneInheritsQoSPolicy ? volume.qosPolicyID : null,
      // "Cloned volumes do not inherit volume access group membership from the source volume."
      volumeAccessGroups: [],
      createMs: nowMs,
      bornMs: nowMs,
      deleteMs: null,
      purgeMs: null,
      fifoSize: volume.fifoSize,
      minFifoSize: volume.minFifoSize,
      cloned: true,
      volumeUUID: random.uuid(),
      volumeConsistencyGroupUUID: random.uuid(),
      content: 'none',
    };
    state.volumes.set(clone.volumeID, clone);
    return clone;
  };
};

const cloneVolume = method(
  'CloneVolume',
  {
    volumeID: id,
    name: z.string(),
    access: accessParam.optional(),
    attributes: attributesParam.optional(),
    enable512e: z.boolean().optional(),
    enableSnapMirrorReplication: z.boolean().optional(),
    newAccountID: id.optional(),
    newSize: z.int().optional(),
    snapshotID: id.optional(),
  },
  (context, p) => {
    volumes.refuseWhenFull(context, 'CloneVolume');
    const source = sourceOf(context, p.volumeID, p.snapshotID);
    const make = plannedClone(context, source, p);
    refuseTooManyVolumes(context, p.newAccountID ?? source.volume.accountID);
    const [nodeID] = reserveNodes(context, [source.volume]);
    const destination = make();
    const async = openAsyncResult(context, null);
    const job = startJob(context, { kind: 'clone', source, destination, nodeID: nodeID!, async });
    return {
      asyncHandle: async.asyncHandle,
      cloneID: job.cloneID,
      curve: qosCurve,
      volume: renderVolume(context, destination),
      volumeID: destination.volumeID,
    };
  },
);

const groupMember = z.strictObject({
  volumeID: id,
  access: accessParam.optional(),
  attributes: attributesParam.optional(),
  name: z.string().optional(),
  newAccountID: id.optional(),
  newSize: z.int().optional(),
});

/** The snapshot that a group snapshot holds of a volume. */
const memberSnapshot = ({ state }: Context, groupSnapshotID: number, volumeID: number): number => {
  const group = state.groupSnapshots.get(groupSnapshotID);
  if (group === undefined) throw noSuchGroupSnapshot(groupSnapshotID);
  const snapshotID = group.members.find((member) => state.snapshots.get(member)?.volumeID === volumeID);
  if (snapshotID === undefined) {
    throw invalidParameter(`Group snapshot ${groupSnapshotID} has no snapshot of volume ${volumeID}.`);
  }
  return snapshotID;
};

const cloneMultipleVolumes = method(
  'CloneMultipleVolumes',
  {
    volumes: z.array(groupMember).min(1),
    access: accessParam.optional(),
    enableSnapMirrorReplication: z.boolean().optional(),
    groupSnapshotID: id.optional(),
    newAccountID: id.optional(),
  },
  (context, p) => {
    volumes.refuseWhenFull(context, 'CloneMultipleVolumes');
    // Everything is checked before the first volume is made: a group is cloned as one or not at all.
    const plans = p.volumes.map((member) => {
      const snapshotID =
        p.groupSnapshotID === undefined ? undefined : memberSnapshot(context, p.groupSnapshotID, member.volumeID);
      const source = sourceOf(context, member.volumeID, snapshotID);
      const make = plannedClone(context, source, {
        ...member,
        name: member.name ?? source.volume.name,
        access: member.access ?? p.access,
        newAccountID: member.newAccountID ?? p.newAccountID,
        enableSnapMirrorReplication: p.enableSnapMirrorReplication,
      });
      return { source, make, accountID: member.newAccountID ?? p.newAccountID ?? source.volume.accountID };
    });
    for (const accountID of new Set(plans.map((plan) => plan.accountID))) {
      refuseTooManyVolumes(context, accountID, plans.filter((plan) => plan.accountID === accountID).length);
    }
    const nodes = reserveNodes(
      context,
      plans.map((plan) => plan.source.volume),
    );
    const groupCloneID = nextID(context.state, 'groupClone');
    const async = openAsyncResult(context, groupCloneID);
    const members = plans.map(({ source, make }, i) => {
      const destination = make();
      startJob(context, { kind: 'clone', source, destination, nodeID: nodes[i]!, async });
      return { srcVolumeID: source.volume.volumeID, volumeID: destination.volumeID };
    });
    return { asyncHandle: async.asyncHandle, groupCloneID, members };
  },
);

const copyVolume = method('CopyVolume', { volumeID: id, dstVolumeID: id, snapshotID: id.optional() }, (context, p) => {
  const source = sourceOf(context, p.volumeID, p.snapshotID);
  const destination = volumes.liveVolume(context, p.dstVolumeID);
  if (p.volumeID === p.dstVolumeID) throw invalidApiParameter('volumeID and dstVolumeID must differ.');
  if (destination.totalSize !== source.totalSize) {
    throw new ElementError(
      'xVolumeSizeMismatch',
      `Volume ${p.dstVolumeID} has ${destination.totalSize} bytes, its source ${source.totalSize}.`,
    );
  }
  const busy = [...context.state.running].some((job) => job.dstVolumeID === destination.volumeID);
  if (destination.status !== 'active' || busy) throw notReady(destination.volumeID);
  const [nodeID] = reserveNodes(context, [source.volume]);
  const async = openAsyncResult(context, null);
  const job = startJob(context, { kind: 'copy', source, destination, nodeID: nodeID!, async });
  return { asyncHandle: async.asyncHandle, cloneID: job.cloneID };
});

const cancel = (context: Context, what: string, chosen: (job: CloneJobRecord) => boolean): Record<string, never> => {
  const jobs = [...context.state.running].filter(chosen);
  if (jobs.length === 0) throw new ElementError('xCloneIDDoesNotExist', `${what} does not exist.`);
  for (const job of jobs) endJob(context, job, context.nowMs, 'cancelled');
  return {};
};

const cancelClone = method('CancelClone', { cloneID: id }, (context, p) =>
  cancel(context, `CloneID ${p.cloneID}`, (job) => job.cloneID === p.cloneID),
);

// The page's parameter table says groupCloneID and its example cloneID; the vendor's SDK sends groupCloneID.
const cancelGroupClone = method('CancelGroupClone', { groupCloneID: id }, (context, p) =>
  cancel(context, `GroupCloneID ${p.groupCloneID}`, (job) => job.groupCloneID === p.groupCloneID),
);

export const cloneMethods: Method[] = [cloneVolume, cloneMultipleVolumes, copyVolume, cancelClone, cancelGroupClone];
