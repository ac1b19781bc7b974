import { z } from 'zod';
import { endJob, failJobsFrom } from '../clone-jobs.ts';
import { isoDate } from '../clock.ts';
import type { Context } from '../context.ts';
import { ElementError, exceededLimit, invalidApiParameter, invalidParameter, notReady } from '../errors.ts';
import { attributesParam, id, ids, method, type Method } from '../method.ts';
import { chosenQoS, defaultQoS, qosCurve, qosParam } from '../qos.ts';
import type { VolumeRecord } from '../records.ts';
import { renderVolume } from '../render.ts';
import { newContent, nextID } from '../state.ts';
import * as volumes from '../volumes.ts';

export const accessParam = z.enum(['readOnly', 'readWrite', 'locked', 'replicationTarget', 'snapMirrorTarget']);

/** Refuses a volume more than the cluster, or the account, may have. */
export const refuseTooManyVolumes = ({ state, limits }: Context, accountID: number, more = 1): void => {
  if (state.volumes.size + more > limits.volumeCountMax) throw exceededLimit('volumeCountMax', limits.volumeCountMax);
  const owned = [...state.volumes.values()].filter((v) => v.accountID === accountID).length;
  if (owned + more > limits.volumesPerAccountCountMax) {
    throw exceededLimit('volumesPerAccountCountMax', limits.volumesPerAccountCountMax);
  }
};

const createVolume = method(
  'CreateVolume',
  {
    name: z.string(),
    accountID: id,
    totalSize: z.int(),
    enable512e: z.boolean(),
    access: z.enum(['readWrite', 'snapMirrorTarget']).optional(),
    attributes: attributesParam.optional(),
    qos: qosParam.optional(),
    qosPolicyID: id.optional(),
    associateWithQoSPolicy: z.boolean().optional(),
    enableSnapMirrorReplication: z.boolean().optional(),
    fifoSize: z.int().optional(),
    minFifoSize: z.int().optional(),
    dontMoveForIopsRebalance: z.boolean().optional(),
    protectionScheme: z.string().optional(),
  },
  (context, p) => {
    const { state, nowMs, random } = context;
    volumes.checkVolumeName(context, p.name);
    volumes.checkAttributes(p.attributes);
    volumes.activeAccount(context, p.accountID);
    const totalSize = volumes.roundedSize(context, 'totalSize', p.totalSize);
    const qos = chosenQoS(context, { qos: defaultQoS(), qosPolicyID: null }, p);
    if (context.behaviour.fullnessStage >= 5) volumes.refuseWhenFull(context, 'CreateVolume');
    refuseTooManyVolumes(context, p.accountID);
    const volume: VolumeRecord = {
      volumeID: nextID(state, 'volume'),
      name: p.name,
      accountID: p.accountID,
      status: 'active',
      access: p.access ?? 'readWrite',
      totalSize,
      enable512e: p.enable512e,
      enableSnapMirrorReplication: p.enableSnapMirrorReplication ?? false,
      attributes: p.attributes ?? {},
      ...qos,
      volumeAccessGroups: [],
      createMs: nowMs,
      bornMs: nowMs,
      deleteMs: null,
      purgeMs: null,
      fifoSize: p.fifoSize ?? 24,
      minFifoSize: p.minFifoSize ?? 0,
      cloned: false,
      volumeUUID: random.uuid(),
      volumeConsistencyGroupUUID: random.uuid(),
      content: newContent(state),
    };
    state.volumes.set(volume.volumeID, volume);
    return { volume: renderVolume(context, volume), volumeID: volume.volumeID, curve: qosCurve };
  },
);

/** What makes ModifyVolume of a volume fail for a moment; Cinder retries the first, Trident waits for the second. */
const refuseModifyTooSoon = ({ behaviour, nowMs }: Context, v: VolumeRecord): void => {
  if (v.cloned && nowMs - v.bornMs < behaviour.youngVolumeSeconds * 1000) {
    throw new ElementError('xSliceNotRegistered', `Slice of volume ${v.volumeID} is not registered.`);
  }
  if (v.status === 'init' && !behaviour.modifyDuringInit) throw notReady(v.volumeID);
};

const modifyVolume = method(
  'ModifyVolume',
  {
    volumeID: id,
    access: accessParam.optional(),
    accountID: id.optional(),
    associateWithQoSPolicy: z.boolean().optional(),
    attributes: attributesParam.optional(),
    createTime: z.string().optional(),
    setCreateTime: z.boolean().optional(),
    dontMoveForIopsRebalance: z.boolean().optional(),
    enableSnapMirrorReplication: z.boolean().optional(),
    fifoSize: z.int().optional(),
    minFifoSize: z.int().optional(),
    mode: z.enum(['asynch', 'sync']).optional(),
    qos: qosParam.optional(),
    qosPolicyID: id.optional(),
    totalSize: z.int().optional(),
  },
  (context, p) => {
    const v = volumes.liveVolume(context, p.volumeID);
    refuseModifyTooSoon(context, v);
    volumes.checkAttributes(p.attributes);
    if (p.accountID !== undefined) volumes.activeAccount(context, p.accountID);
    const qos = chosenQoS(context, v, p);
    if (p.totalSize !== undefined) {
      const size = volumes.roundedSize(context, 'totalSize', p.totalSize);
      if (size < v.totalSize) {
        throw new ElementError('xVolumeShrinkProhibited', 'Lowering a volume size is not allowed.');
      }
      v.totalSize = size;
    }
    if (p.setCreateTime === true) {
      const createMs = Date.parse(p.createTime ?? '');
      if (Number.isNaN(createMs)) throw invalidParameter('createTime must be an ISO 8601 date with setCreateTime.');
      v.createMs = createMs;
    }
    v.access = p.access ?? v.access;
    v.accountID = p.accountID ?? v.accountID;
    v.attributes = p.attributes ?? v.attributes;
    v.enableSnapMirrorReplication = p.enableSnapMirrorReplication ?? v.enableSnapMirrorReplication;
    v.fifoSize = p.fifoSize ?? v.fifoSize;
    v.minFifoSize = p.minFifoSize ?? v.minFifoSize;
    Object.assign(v, qos);
    if (v.access === 'locked' || v.access === 'replicationTarget') dropSessions(context, v.volumeID);
    return { volume: renderVolume(context, v), curve: qosCurve };
  },
);

const dropSessions = ({ state }: Context, volumeID: number): void => {
  state.sessions = state.sessions.filter((s) => s.volumeID !== volumeID);
};

const purge = (context: Context, volumeID: number, at: number): void => {
  failJobsFrom(context, volumeID, at);
  volumes.removeVolume(context.state, volumeID);
};

const markDeleted = (context: Context, v: VolumeRecord): void => {
  const { state, nowMs, behaviour } = context;
  const reading = [...state.running].filter((job) => job.srcVolumeID === v.volumeID);
  if (reading.length > 0 && behaviour.deleteSourceDuringClone === 'refused') {
    throw new ElementError('xVolumeInUse', `Volume ${v.volumeID} is the source of a running clone.`);
  }
  if (behaviour.deleteSourceDuringClone === 'fails') failJobsFrom(context, v.volumeID, nowMs);
  // A job cannot go on writing to a volume that is being taken away.
  v.status = 'deleted';
  v.deleteMs = nowMs;
  v.purgeMs = nowMs + behaviour.purgeHours * 3_600_000;
  for (const job of [...state.running].filter((j) => j.dstVolumeID === v.volumeID)) {
    job.failure = { name: 'xVolumeIDDoesNotExist', message: `VolumeID ${v.volumeID} does not exist.` };
    endJob(context, job, nowMs, 'failed');
  }
  dropSessions(context, v.volumeID);
  const { purgeMs } = v;
  state.due.add(purgeMs, (at) => {
    if (v.status === 'deleted' && v.purgeMs === purgeMs) purge(context, v.volumeID, at);
  });
};

const deleteVolume = method('DeleteVolume', { volumeID: id }, (context, p) => {
  const v = volumes.liveVolume(context, p.volumeID);
  markDeleted(context, v);
  return { volume: renderVolume(context, v), volumeID: v.volumeID, curve: qosCurve };
});

const deleteVolumes = method(
  'DeleteVolumes',
  { volumeIDs: ids.optional(), volumeAccessGroupIDs: ids.optional(), accountIDs: ids.optional() },
  (context, p) => {
    const given = [p.volumeIDs, p.volumeAccessGroupIDs, p.accountIDs].filter((list) => list !== undefined);
    if (given.length !== 1) {
      throw invalidApiParameter('Give exactly one of volumeIDs, volumeAccessGroupIDs and accountIDs.');
    }
    const all = [...context.state.volumes.values()].filter((v) => v.status !== 'deleted');
    const chosen =
      p.volumeIDs?.map((volumeID) => volumes.liveVolume(context, volumeID)) ??
      all.filter(
        (v) =>
          p.accountIDs?.includes(v.accountID) ??
          v.volumeAccessGroups.some((g) => p.volumeAccessGroupIDs?.includes(g) ?? false),
      );
    if (chosen.length > 500) throw exceededLimit('volumes per DeleteVolumes', 500);
    for (const v of chosen) markDeleted(context, v);
    return { volumes: chosen.map((v) => renderVolume(context, v)), curve: qosCurve };
  },
);

const restoreDeletedVolume = method('RestoreDeletedVolume', { volumeID: id }, (context, p) => {
  const v = volumes.deletedVolume(context, p.volumeID);
  v.status = 'active';
  v.deleteMs = null;
  v.purgeMs = null;
  return {};
});

const purgeDeletedVolume = method('PurgeDeletedVolume', { volumeID: id }, (context, p) => {
  purge(context, volumes.deletedVolume(context, p.volumeID).volumeID, context.nowMs);
  return {};
});

const listISCSISessions = method('ListISCSISessions', {}, ({ state, nowMs, identity }) => ({
  sessions: state.sessions.map((s) => {
    const v = state.volumes.get(s.volumeID)!;
    const targetName = `iqn.2010-01.com.solidfire:${identity.uniqueID}.${v.name}.${v.volumeID}`;
    return {
      accountID: v.accountID,
      accountName: state.accounts.get(v.accountID)?.username ?? '',
      authentication: { authMethod: 'None', chapAlgorithm: 'null', chapUsername: '', direction: 'null' },
      createTime: isoDate(s.createMs),
      driveID: 1,
      driveIDs: [1],
      initiator: null,
      initiatorIP: s.initiatorIP,
      initiatorName: s.initiatorName,
      initiatorPortName: `${s.initiatorName},i,0x23d860000`,
      initiatorSessionID: 9_622_126_592 + s.sessionID,
      msSinceLastIscsiPDU: 243,
      msSinceLastScsiCommand: Math.max(0, Math.round(nowMs - s.createMs)),
      nodeID: ((v.volumeID - 1) % identity.nodes) + 1,
      serviceID: 6,
      sessionID: s.sessionID,
      targetIP: '10.10.10.111:3260',
      targetName,
      targetPortName: `${targetName},t,0x1`,
      virtualNetworkID: 0,
      volumeID: v.volumeID,
      volumeInstance: 140_327_214_758_656 + v.volumeID,
    };
  }),
}));

export const volumeMethods: Method[] = [
  createVolume,
  modifyVolume,
  deleteVolume,
  deleteVolumes,
  restoreDeletedVolume,
  purgeDeletedVolume,
  listISCSISessions,
];
