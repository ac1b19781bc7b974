import { classify, ElementApiError, missingAccess, type ClusterAdmin } from '../element/index.ts';
import type { StepContext } from './step.ts';

/** A person who has just been given an access type tries again soon. */
const ADMIN_MS = 30_000;

/** The cluster admin that the worker is, or `undefined` when this cluster does not tell (before API 10.0). */
const readAdmin = (ctx: StepContext): Promise<ClusterAdmin | undefined> =>
  ctx.cached('admin', ADMIN_MS, () => ifTold(async () => (await ctx.api.getCurrentClusterAdmin({})).clusterAdmin));

/** An answer without which preflight can do: `undefined` when the cluster refuses to give it. */
export async function ifTold<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (err) {
    const { kind } = classify(err);
    if (err instanceof ElementApiError && kind !== 'transient' && kind !== 'busy') return undefined;
    throw err;
  }
}

const WORDS = new Intl.ListFormat('en');

const EVERY_CLONE = ['ListSyncJobs', 'GetAsyncResult', 'DeleteVolume', 'ModifyVolume'];
const GRANTING = ['ListVolumeAccessGroups', 'AddVolumesToVolumeAccessGroup', 'RemoveVolumesFromVolumeAccessGroup'];

/** What a lease calls when it ends, days after anybody would notice that it may not. */
export const LEASE_CALLS: readonly string[] = [
  ...['ListSyncJobs', 'ListISCSISessions', 'DeleteVolume'],
  ...['AddVolumesToVolumeAccessGroup', 'RemoveVolumesFromVolumeAccessGroup'],
];

interface Wanted {
  snapshot: boolean;
  groups: boolean;
  lease: boolean;
}

const everyClone = ({ groups, lease }: Wanted) => [
  ...new Set([...EVERY_CLONE, ...(groups ? GRANTING : []), ...(lease ? LEASE_CALLS : [])]),
];

/** What clones call, forth and back, of the methods whose access types are documented. */
export const cloneCalls = (wanted: Wanted): string[] => [
  ...(wanted.snapshot ? ['CreateSnapshot', 'DeleteSnapshot'] : []),
  'CloneVolume',
  ...everyClone(wanted),
];

/** The same of a group of clones. */
export const groupCalls = (wanted: Wanted): string[] => [
  ...(wanted.snapshot ? ['CreateGroupSnapshot', 'DeleteGroupSnapshot'] : []),
  'CloneMultipleVolumes',
  ...everyClone(wanted),
];

/** The same of a copy onto a volume. */
export const COPY_CALLS: readonly string[] = [
  ...['CreateSnapshot', 'DeleteSnapshot', 'CopyVolume', 'RollbackToSnapshot'],
  ...['ListSyncJobs', 'GetAsyncResult', 'ListISCSISessions'],
];

/**
 * The access types that the cluster admin lacks for these methods, each with those that need it. To be asked first: without
 * the right to look there are no facts.
 */
export async function accessFaults(ctx: StepContext, methods: readonly string[]): Promise<string[]> {
  const admin = await readAdmin(ctx);
  if (admin === undefined) return [];
  const missing = [...missingAccess(admin.access, methods)];
  if (missing.length === 0) return [];
  const types = WORDS.format(missing.map(([type, needing]) => `${type} (for ${needing.join(', ')})`));
  return [
    `cluster: user "${admin.username}" of cluster ${ctx.alias} lacks the access type${missing.length > 1 ? 's' : ''} ${types}; add what is missing to the cluster admin, or name another one in the worker's configuration`,
  ];
}
