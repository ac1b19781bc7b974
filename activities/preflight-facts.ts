import type { CloneVolumeRequest } from '../contracts/clone-volume.ts';
import {
  ElementApiError,
  type ClusterFullThreshold,
  type Limits,
  type Snapshot,
  type Volume,
  type VolumeAccessGroup,
} from '../element/index.ts';
import { findVolumes } from './find.ts';
import { ifTold } from './preflight-access.ts';
import type { StepContext } from './step.ts';
import type { ClonePlan } from './types.ts';

/** What the cluster says about everything that the request names. `undefined`: there is no such thing. */
export interface Facts {
  apiVersion: string;
  source: Volume | undefined;
  snapshot: Snapshot | undefined;
  limits: Limits;
  /** `undefined`: this user is not told. The appendix grants that to `clusterAdmin` only. */
  fullness: ClusterFullThreshold | undefined;
  /** Accounts and QoS policies named in the request that do not exist, by the field that names them. */
  missing: { field: string; what: string }[];
  volumeAccessGroups: ClonePlan['volumeAccessGroups'];
  /** Faults of the list of groups: unknown or ambiguous names. */
  groupFaults: string[];
  /** Where the workflow runs. */
  taskQueue: string;
  /** Longest lease that the configuration allows, in milliseconds. */
  leaseMaxMs?: number | undefined;
}

/** Limits change with an upgrade of the cluster, fullness within minutes. */
const LIMITS_MS = 600_000;
export const FULLNESS_MS = 30_000;

/** Questions of one preflight. Each is asked once, however many members of a group need the answer. */
export interface Lookups {
  volume(volumeID: number): Promise<Volume | undefined>;
  hasAccount(accountID: number): Promise<boolean>;
  hasQoSPolicy(qosPolicyID: number): Promise<boolean>;
  accessGroups(): Promise<VolumeAccessGroup[]>;
}

/** `volumeIDs` are all the volumes that will be asked for: one question answers for all of them. */
export function createLookups({ api }: StepContext, volumeIDs: readonly number[]): Lookups {
  const answers = new Map<string, Promise<unknown>>();
  const once = <T>(key: string, ask: () => Promise<T>): Promise<T> => {
    const answer = answers.get(key) ?? ask();
    answers.set(key, answer);
    return answer as Promise<T>;
  };
  return {
    volume: async (volumeID) =>
      (await once('volumes', () => findVolumes(api, volumeIDs))).find((v) => v.volumeID === volumeID),
    hasAccount: (accountID) =>
      once(`account ${accountID}`, () =>
        exists(['xUnknownAccount', 'xAccountIDDoesNotExist'], () => api.getAccountByID({ accountID })),
      ),
    hasQoSPolicy: (qosPolicyID) =>
      once(`policy ${qosPolicyID}`, () =>
        exists(['xQoSPolicyDoesNotExist', 'xQoSPolicyIDDoesNotExist'], () => api.getQoSPolicy({ qosPolicyID })),
      ),
    accessGroups: () => once('access groups', async () => (await api.listVolumeAccessGroups({})).volumeAccessGroups),
  };
}

/** Reads all of it at once. A fault that the cluster answers for a missing object becomes a fact. */
export async function readFacts(
  ctx: StepContext,
  request: CloneVolumeRequest,
  lookups: Lookups = createLookups(ctx, [request.volumeID]),
): Promise<Facts> {
  const { api } = ctx;
  const missing: Facts['missing'] = [];
  const account = async (field: string, accountID: number | undefined) => {
    if (accountID !== undefined && !(await lookups.hasAccount(accountID))) {
      missing.push({ field, what: `account ${accountID}` });
    }
  };
  const policy = async (qosPolicyID: number | undefined) => {
    if (qosPolicyID !== undefined && !(await lookups.hasQoSPolicy(qosPolicyID))) {
      missing.push({ field: 'modify.qosPolicyID', what: `QoS policy ${qosPolicyID}` });
    }
  };
  const [apiVersion, source, snapshot, limits, fullness, groups] = await Promise.all([
    api.apiVersion(),
    lookups.volume(request.volumeID),
    request.snapshotID === undefined ? undefined : findSnapshot(ctx, request.volumeID, request.snapshotID),
    ctx.cached('limits', LIMITS_MS, () => api.getLimits({})),
    ctx.cached('fullness', FULLNESS_MS, () => ifTold(() => api.getClusterFullThreshold({}))),
    resolveGroups(lookups, request.volumeAccessGroups ?? []),
    account('newAccountID', request.newAccountID),
    account('modify.accountID', request.modify?.accountID),
    policy(request.modify?.qosPolicyID),
  ]);
  return {
    apiVersion,
    source,
    snapshot,
    limits,
    fullness,
    missing: missing.toSorted((a, b) => (a.field < b.field ? -1 : 1)),
    volumeAccessGroups: groups.found,
    groupFaults: groups.faults,
    taskQueue: ctx.taskQueue,
    leaseMaxMs: ctx.leaseMaxMs,
  };
}

async function exists(absent: readonly string[], call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call();
    return true;
  } catch (err) {
    if (err instanceof ElementApiError && absent.includes(err.apiName)) return false;
    throw err;
  }
}

export async function findSnapshot(
  ctx: StepContext,
  volumeID: number,
  snapshotID: number,
): Promise<Snapshot | undefined> {
  try {
    const { snapshots } = await ctx.api.listSnapshots({ volumeID });
    return snapshots.find((s) => s.snapshotID === snapshotID);
  } catch (err) {
    // The missing volume is reported as such.
    if (err instanceof ElementApiError && err.apiName === 'xVolumeIDDoesNotExist') return undefined;
    throw err;
  }
}

/** Groups by ID or by name. Names are not unique on a cluster: an ambiguous one is a fault, not a guess. */
export async function resolveGroups(lookups: Lookups, wanted: readonly (number | string)[]) {
  const found: ClonePlan['volumeAccessGroups'] = [];
  const faults: string[] = [];
  if (wanted.length === 0) return { found, faults };
  const volumeAccessGroups = await lookups.accessGroups();
  for (const [i, want] of wanted.entries()) {
    const matches = volumeAccessGroups.filter((g) =>
      typeof want === 'number' ? g.volumeAccessGroupID === want : g.name === want,
    );
    const [match] = matches;
    const path = `volumeAccessGroups.${i}`;
    if (match === undefined) faults.push(`${path}: the cluster has no volume access group ${JSON.stringify(want)}`);
    else if (matches.length > 1) {
      const ids = matches.map((g) => g.volumeAccessGroupID).join(', ');
      faults.push(`${path}: ${matches.length} volume access groups are called "${want}" (IDs ${ids}); give the ID`);
    } else if (!found.some((g) => g.volumeAccessGroupID === match.volumeAccessGroupID)) {
      found.push({ volumeAccessGroupID: match.volumeAccessGroupID, name: match.name });
    }
  }
  return { found, faults };
}
