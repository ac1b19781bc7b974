/**
 * Which methods an access type may call, as appendix B of the API reference lists them
 * (`reference_element_api_app_b_access_control`). `administrator` may call all.
 */
const documented: Readonly<Record<string, readonly string[]>> = {
  accounts: ['AddAccount', 'GetAccountByID', 'ModifyAccount', 'GetAccountByName', 'ListAccounts', 'RemoveAccount'],
  clusterAdmin: [
    'AddClusterAdmin',
    'AddVolumesToVolumeAccessGroup',
    'CloneMultipleVolumes',
    'CreateSnapshot',
    'CreateGroupSnapshot',
    'CreateVolumeAccessGroup',
    'DeleteSnapshot',
    'DeleteGroupSnapshot',
    'DeleteVolumeAccessGroup',
    'GetClusterFullThreshold',
    'ListClusterAdmins',
    'ListGroupSnapshots',
    'ModifyGroupSnapshot',
    'ModifyVolumeAccessGroup',
    'RemoveVolumesFromVolumeAccessGroup',
    'RollbackToSnapshot',
    'RollbackToGroupSnapshot',
  ],
  nodes: ['ListActiveNodes'],
  read: [
    'GetAccountByID',
    'GetAccountByName',
    'GetAsyncResult',
    'GetClusterCapacity',
    'GetDefaultQoS',
    'ListAccounts',
    'ListActiveNodes',
    'ListActiveVolumes',
    'ListDeletedVolumes',
    'ListISCSISessions',
    'ListSyncJobs',
    'ListVolumeAccessGroups',
    'ListVolumesForAccount',
  ],
  reporting: ['GetClusterCapacity', 'GetClusterInfo', 'ListISCSISessions', 'ListSyncJobs'],
  volumes: [
    'CreateVolume',
    'DeleteVolume',
    'CloneVolume',
    'CloneMultipleVolumes',
    'CreateSnapshot',
    'CreateGroupSnapshot',
    'DeleteGroupSnapshot',
    'DeleteSnapshot',
    'GetDefaultQoS',
    'ListActiveVolumes',
    'ListDeletedVolumes',
    'ListGroupSnapshots',
    'ListVolumesForAccount',
    'PurgeDeletedVolume',
    'RestoreDeletedVolume',
    'RollbackToGroupSnapshot',
    'RollbackToSnapshot',
  ],
  write: [
    'AddAccount',
    'AddVolumesToVolumeAccessGroup',
    'CloneVolume',
    'CreateVolume',
    'CreateVolumeAccessGroup',
    'DeleteVolume',
    'DeleteVolumeAccessGroup',
    'GetAsyncResult',
    'ModifyAccount',
    'ModifyVolume',
    'ModifyVolumeAccessGroup',
    'PurgeDeletedVolume',
    'RemoveAccount',
    'RemoveVolumesFromVolumeAccessGroup',
    'RestoreDeletedVolume',
  ],
};

/**
 * The appendix forgets some methods altogether (ListVolumes, CancelClone…). Inferred: they go with their neighbours, what
 * only looks with `read`, what works on volumes with `volumes` and `write`; ModifyVolumes is listed under `volumes`.
 */
const inferred: Readonly<Record<string, readonly string[]>> = {
  read: [
    'GetClusterFullThreshold',
    'GetClusterInfo',
    'GetClusterState',
    'GetClusterVersionInfo',
    'GetQoSPolicy',
    'GetVolumeCount',
    'ListAsyncResults',
    'ListGroupSnapshots',
    'ListQoSPolicies',
    'ListSnapshots',
    'ListVolumes',
  ],
  volumes: ['CancelClone', 'CancelGroupClone', 'CopyVolume', 'DeleteVolumes', 'ModifySnapshot', 'ModifyVolume'],
  write: [
    'CancelClone',
    'CancelGroupClone',
    'CopyVolume',
    'CreateQoSPolicy',
    'DeleteQoSPolicy',
    'DeleteVolumes',
    'ModifyQoSPolicy',
    'ModifySnapshot',
  ],
};

/** Inferred: what a client needs before it knows what it may do is open to every cluster admin. */
const everybody = new Set(['GetAPI', 'GetCurrentClusterAdmin', 'GetLimits']);

/** The access types a cluster admin can have. */
export const accessTypes: readonly string[] = ['administrator', 'drives', 'repositories', ...Object.keys(documented)];

export const isPermitted = (access: readonly string[], method: string): boolean =>
  everybody.has(method) ||
  access.includes('administrator') ||
  access.some((type) => [documented, inferred].some((table) => table[type]?.includes(method) ?? false));
