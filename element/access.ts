import type { ElementMethods } from './api.ts';

/** A method as the API spells it. */
export type ApiMethod = Capitalize<keyof ElementMethods>;

interface Permitting {
  documented: readonly string[];
  inferred?: readonly string[];
  /** Every cluster admin may call it: a client needs it before it knows what it may do (inferred). */
  open?: true;
}

/**
 * Access types of a cluster admin that permit a method, any one of them; `administrator` permits all.
 *
 * `documented`: appendix B of the API reference (`reference_element_api_app_b_access_control`) lists the method there.
 * `inferred`: it lists the method nowhere, or a neighbour of it only, and this is where it would belong.
 */
const ACCESS: Readonly<Record<ApiMethod, Permitting>> = {
  AddVolumesToVolumeAccessGroup: { documented: ['write', 'clusterAdmin'] },
  CancelClone: { documented: [], inferred: ['volumes', 'write'] },
  CancelGroupClone: { documented: [], inferred: ['volumes', 'write'] },
  CloneMultipleVolumes: { documented: ['volumes', 'clusterAdmin'] },
  CloneVolume: { documented: ['volumes', 'write'] },
  CopyVolume: { documented: [], inferred: ['volumes', 'write'] },
  CreateGroupSnapshot: { documented: ['volumes', 'clusterAdmin'] },
  CreateSnapshot: { documented: ['volumes', 'clusterAdmin'] },
  DeleteGroupSnapshot: { documented: ['volumes', 'clusterAdmin'] },
  DeleteSnapshot: { documented: ['volumes', 'clusterAdmin'] },
  DeleteVolume: { documented: ['volumes', 'write'] },
  GetAPI: { documented: [], open: true },
  GetAccountByID: { documented: ['read', 'accounts'] },
  GetAsyncResult: { documented: ['read', 'write'] },
  GetClusterFullThreshold: { documented: ['clusterAdmin'], inferred: ['read'] },
  GetClusterInfo: { documented: ['reporting'], inferred: ['read'] },
  GetClusterVersionInfo: { documented: [], inferred: ['read'] },
  GetCurrentClusterAdmin: { documented: [], open: true },
  GetLimits: { documented: [], open: true },
  GetQoSPolicy: { documented: [], inferred: ['read'] },
  ListAccounts: { documented: ['read', 'accounts'] },
  ListActiveNodes: { documented: ['read', 'nodes'] },
  ListAsyncResults: { documented: [], inferred: ['read'] },
  ListGroupSnapshots: { documented: ['volumes', 'clusterAdmin'], inferred: ['read'] },
  ListISCSISessions: { documented: ['read', 'reporting'] },
  ListQoSPolicies: { documented: [], inferred: ['read'] },
  ListSnapshots: { documented: [], inferred: ['read'] },
  ListSyncJobs: { documented: ['read', 'reporting'] },
  ListVolumeAccessGroups: { documented: ['read'] },
  ListVolumes: { documented: [], inferred: ['read'] },
  ModifySnapshot: { documented: [], inferred: ['volumes', 'write'] },
  ModifyVolume: { documented: ['write'], inferred: ['volumes'] },
  PurgeDeletedVolume: { documented: ['volumes', 'write'] },
  RemoveVolumesFromVolumeAccessGroup: { documented: ['write', 'clusterAdmin'] },
  RestoreDeletedVolume: { documented: ['volumes', 'write'] },
  RollbackToSnapshot: { documented: ['volumes', 'clusterAdmin'] },
};

/** Access types that the appendix names. Whoever has another one may do what nobody here knows. */
const KNOWN = new Set([
  ...['accounts', 'administrator', 'clusterAdmin', 'drives', 'nodes'],
  ...['read', 'reporting', 'repositories', 'volumes', 'write'],
]);

const PERMISSION = new Set(['xPermissionDenied', 'xAPINotPermitted']);

/** An error that says: not this user. */
export const isPermissionError = (apiName: string): boolean => PERMISSION.has(apiName);

const permitting = (method: string): Permitting | undefined =>
  Object.hasOwn(ACCESS, method) ? ACCESS[method as ApiMethod] : undefined;

/** Whether it is said here who may call this method: nobody needs an access type for some. */
export const isAccessKnown = (method: string): boolean =>
  permitting(method)?.open === true || accessTypesFor(method).length > 0;

/** Access types of which the user needs one to call this method, the usual one first; none when it is not known. */
export function accessTypesFor(method: string): readonly string[] {
  const { documented = [], inferred = [] } = permitting(method) ?? {};
  return [...documented, ...inferred];
}

/** What a refused user needs, and the remedy: a clause for an error's message. */
export function accessNeeded(method: string, username: string): string {
  const [usual, ...others] = accessTypesFor(method);
  const type = usual === undefined ? 'an access type' : `the access type ${[usual, ...others].join(' or ')}`;
  return `user "${username}" needs ${type} for ${method}; add it to the cluster admin`;
}

/**
 * Of the methods, those that a cluster admin with these access types certainly may not call, by the access type that is
 * missing. Empty when that cannot be known: a method the appendix forgets, or an access type that it does not name.
 */
export function missingAccess(access: readonly string[], methods: readonly string[]): Map<string, string[]> {
  const missing = new Map<string, string[]>();
  if (access.includes('administrator') || access.some((type) => !KNOWN.has(type))) return missing;
  for (const method of methods) {
    const usual = permitting(method)?.documented[0];
    if (usual === undefined || accessTypesFor(method).some((type) => access.includes(type))) continue;
    missing.set(usual, [...(missing.get(usual) ?? []), method]);
  }
  return missing;
}
