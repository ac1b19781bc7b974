import type { Fault } from '../../simulator/index.ts';
import { makeDice, type Dice } from './dice.ts';

/** Times of the workers' configuration that faults must fit into, in seconds. */
export const TIMES = { timeoutSeconds: 5, settleSeconds: 6 } as const;

export interface PlannedFault {
  atMs: number;
  what: 'fault';
  fault: Fault;
}

/** What the requests call, and how often a fault is aimed at it. */
const METHODS = {
  CloneVolume: 26,
  CreateSnapshot: 16,
  ListVolumes: 10,
  ListSyncJobs: 7,
  GetAsyncResult: 7,
  ModifyVolume: 7,
  DeleteSnapshot: 7,
  AddVolumesToVolumeAccessGroup: 5,
  ListSnapshots: 5,
  DeleteVolume: 5,
  ListAsyncResults: 4,
  CancelClone: 2,
  RemoveVolumesFromVolumeAccessGroup: 2,
  ListVolumeAccessGroups: 2,
  GetClusterFullThreshold: 1,
  CloneMultipleVolumes: 6,
  CreateGroupSnapshot: 4,
  ListGroupSnapshots: 1,
  DeleteGroupSnapshot: 2,
  CancelGroupClone: 1,
  CopyVolume: 6,
  RollbackToSnapshot: 1,
  ModifySnapshot: 1,
  ListISCSISessions: 1,
} as const;
type Method = keyof typeof METHODS;

const KINDS = {
  transient: 14,
  busy: 5,
  unknown: 7,
  permanent: 4,
  http503: 9,
  html200: 6,
  slow: 10,
  slowAnswer: 7,
  cutBefore: 10,
  actThenCut: 15,
  cutThenActLater: 13,
};

const TRANSIENT = [
  'xDBVersionMismatch',
  'xDBOperationTimeout',
  'xDBConnectionLoss',
  'xRecvTimeout',
  'xNotPrimary',
  'xSliceNotRegistered',
  'xUnknownException',
];
const UNKNOWN = ['xNobodyHasHeardOf', 'xPermissionDenied', 'xInvalidParameter'];
// None that says "it is gone already": of a cluster that lies so, nobody could find what is left.
const PERMANENT = ['xUnknownAccount', 'xVolumeShrinkProhibited'];

const BUSY = ['CloneVolume', 'CreateSnapshot', 'CloneMultipleVolumes', 'CopyVolume', 'CreateGroupSnapshot'] as const;

/** A late effect comes this much before the time after which none is expected. */
const MARGIN_MS = 1_500;
const LATEST_MS = TIMES.settleSeconds * 1_000 - MARGIN_MS;
const TIMEOUT_MS = TIMES.timeoutSeconds * 1_000;

/** Faults of single calls: whoever makes the next call of that method meets it. */
export function planCallFaults(seed: number, count: number, durationMs: number): PlannedFault[] {
  return Array.from({ length: count }, (_, i) => {
    const dice = makeDice(seed, `call fault ${i}`);
    const atMs = Math.floor(((i + dice.share()) * durationMs) / count);
    return { atMs, what: 'fault', fault: callFault(dice) };
  });
}

function callFault(dice: Dice): Fault {
  const kind = dice.weighted(KINDS);
  const method: Method = kind === 'busy' ? dice.pick(BUSY) : dice.weighted(METHODS);
  const aim = { method, skip: dice.int(0, 2), count: dice.weighted({ once: 6, twice: 2 }) === 'once' ? 1 : 2 };
  switch (kind) {
    case 'transient':
      return { kind: 'error', name: dice.pick(TRANSIENT), ...aim };
    case 'busy':
      return {
        kind: 'error',
        name: method.includes('Snapshot') ? 'xMaxSnapshotsPerVolumeExceeded' : 'xMaxClonesPerVolumeExceeded',
        ...aim,
      };
    case 'unknown':
      // Now and then often enough to be believed.
      return { kind: 'error', name: dice.pick(UNKNOWN), ...aim, count: dice.pick([1, 1, 2, 2, 4]) };
    case 'permanent':
      return { kind: 'error', name: dice.pick(PERMANENT), ...aim, count: 1 };
    case 'http503':
      return { kind, status: dice.pick([500, 502, 503, 503, 504]), ...aim };
    case 'slow':
      // Also longer than the client waits: it acts after it was given up.
      return { kind, delayMs: dice.int(200, TIMEOUT_MS + LATEST_MS), ...aim };
    case 'slowAnswer':
      return { kind, delayMs: dice.int(200, TIMEOUT_MS + 3_000), ...aim };
    case 'cutThenActLater':
      return { kind, delayMs: dice.int(100, LATEST_MS), ...aim };
    case 'html200':
    case 'cutBefore':
    case 'actThenCut':
      return { kind, ...aim };
  }
}

const LONGEST_OUTAGE_MS = 60_000;
/** An outage takes at most this part of the run. */
const OUTAGE_SHARE = 1 / 8;

/** Times in which the whole cluster is away, one after the other. */
export function planOutages(seed: number, count: number, durationMs: number): PlannedFault[] {
  const longest = Math.min(LONGEST_OUTAGE_MS, durationMs * OUTAGE_SHARE);
  return Array.from({ length: count }, (_, i) => {
    const dice = makeDice(seed, `outage ${i}`);
    const atMs = Math.floor(((i + dice.share()) * durationMs) / count);
    // Squared: most are short, one in a while is as long as it may be.
    const outageMs = Math.ceil(Math.max(500, longest * dice.share() ** 2));
    const aim = dice.chance(0.3) ? { method: dice.weighted(METHODS) } : {};
    const kind = (['refuse', 'failover', 'tlsFailure'] as const)[i % 3]!;
    const notPrimaryMs = dice.int(200, 3_000);
    const fault: Fault =
      kind === 'failover'
        ? { kind, durationMs: Math.min(outageMs, 5_000), notPrimaryMs, ...aim }
        : { kind, durationMs: outageMs, ...aim };
    return { atMs, what: 'fault', fault };
  });
}
