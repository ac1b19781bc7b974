import { z } from 'zod';
import { isoDate } from '../clock.ts';
import type { Context } from '../context.ts';
import { ElementError, invalidParameter } from '../errors.ts';
import { attributesParam, id, method, type Method } from '../method.ts';
import { accessTypes } from '../permissions.ts';
import type { ClusterAdminRecord } from '../records.ts';

const totalBytes = 12_002_762_096_640;
const metadataBytes = 404_849_531_289;
const fullnessNames = ['stage1Happy', 'stage2Aware', 'stage3Low', 'stage4Critical', 'stage5CompletelyConsumed'];
/** Share of the cluster in use at which each stage stands. */
const stageShare = [0.3, 0.75, 0.9, 0.96, 1];

const build = '12.5.0.897';

const usedBytes = ({ behaviour }: Context): number => Math.floor(totalBytes * stageShare[behaviour.fullnessStage - 1]!);

const getAPI = method('GetAPI', {}, ({ identity, methodNames }) => ({
  [identity.currentVersion]: methodNames(identity.currentVersion),
  currentVersion: identity.currentVersion,
  supportedVersions: identity.supportedVersions,
}));

const nodes = ({ identity }: Context) =>
  Array.from({ length: identity.nodes }, (_, i) => {
    const n = i + 1;
    return {
      associatedFServiceID: 0,
      associatedMasterServiceID: n,
      attributes: {},
      chassisName: '',
      cip: `10.10.20.${30 + n}`,
      cipi: 'Bond10G',
      customProtectionDomainName: '',
      fibreChannelTargetPortGroup: null,
      maintenanceMode: 'Disabled',
      mip: `10.10.10.${30 + n}`,
      mipi: 'Bond1G',
      name: `SIM-NODE-${n}`,
      nodeID: n,
      nodeSlot: '',
      platformInfo: {
        chassisType: 'R620',
        containerized: false,
        cpuModel: 'Simulated CPU',
        nodeMemoryGB: 72,
        nodeType: 'SF3010',
        platformConfigVersion: '12.5',
      },
      role: 'Storage',
      sip: `10.10.20.${30 + n}`,
      sipi: 'Bond10G',
      softwareVersion: build,
      uuid: `4C4C4544-0056-3810-804E-${String(n).padStart(12, '0')}`,
      virtualNetworks: [],
    };
  });

const listActiveNodes = method('ListActiveNodes', {}, (context) => ({ nodes: nodes(context) }));

const getClusterInfo = method('GetClusterInfo', {}, ({ identity }) => ({
  clusterInfo: {
    attributes: {},
    defaultProtectionScheme: 'doubleHelix',
    enabledProtectionSchemes: ['doubleHelix'],
    encryptionAtRestState: 'disabled',
    ensemble: Array.from({ length: identity.nodes }, (_, i) => `10.10.10.${31 + i}`),
    mvip: '10.10.11.225',
    mvipInterface: 'Bond1G',
    mvipNodeID: 1,
    mvipVlanTag: '0',
    name: identity.name,
    repCount: 2,
    softwareEncryptionAtRestState: 'disabled',
    supportedProtectionSchemes: ['doubleHelix'],
    svip: '10.10.10.111',
    svipInterface: 'Bond10G',
    svipNodeID: 1,
    svipVlanTag: '0',
    uniqueID: identity.uniqueID,
    uuid: identity.uuid,
  },
}));

const getClusterVersionInfo = method('GetClusterVersionInfo', {}, ({ identity }) => ({
  clusterAPIVersion: identity.currentVersion,
  clusterVersion: build,
  clusterVersionInfo: Array.from({ length: identity.nodes }, (_, i) => ({
    nodeID: i + 1,
    nodeInternalRevision: `BuildType=Release Element=simulated Version=${build}`,
    nodeVersion: build,
  })),
  softwareVersionInfo: {
    currentVersion: build,
    nodeID: 0,
    packageName: '',
    pendingVersion: build,
    startTime: '',
  },
}));

const getClusterState = method('GetClusterState', { force: z.boolean().optional() }, ({ identity }) => ({
  cluster: identity.name,
  state: 'Active',
}));

const getLimits = method('GetLimits', {}, ({ limits }) => ({ ...limits }));

const threshold = (total: number, share: number): number => Math.floor(total * share);

const getClusterFullThreshold = method('GetClusterFullThreshold', {}, (context) => {
  const fullness = fullnessNames[context.behaviour.fullnessStage - 1];
  return {
    blockFullness: fullness,
    fullness,
    maxMetadataOverProvisionFactor: 5,
    metadataFullness: 'stage1Happy',
    sliceReserveUsedThresholdPct: 5,
    stage2AwareThreshold: 3,
    stage2BlockThresholdBytes: threshold(totalBytes, 0.7),
    stage2MetadataThresholdBytes: threshold(metadataBytes, 0.7),
    stage3BlockThresholdBytes: threshold(totalBytes, 0.85),
    stage3BlockThresholdPercent: 5,
    stage3LowThreshold: 2,
    stage3MetadataThresholdBytes: threshold(metadataBytes, 0.85),
    stage3MetadataThresholdPercent: 5,
    stage4BlockThresholdBytes: threshold(totalBytes, 0.95),
    stage4CriticalThreshold: 1,
    stage4MetadataThresholdBytes: threshold(metadataBytes, 0.95),
    stage5BlockThresholdBytes: totalBytes,
    stage5MetadataThresholdBytes: metadataBytes,
    sumTotalClusterBytes: totalBytes,
    sumTotalMetadataClusterBytes: metadataBytes,
    sumUsedClusterBytes: usedBytes(context),
    sumUsedMetadataClusterBytes: 31_703_113_728,
  };
});

const getClusterCapacity = method('GetClusterCapacity', {}, (context) => {
  const { state, nowMs } = context;
  const used = usedBytes(context);
  return {
    clusterCapacity: {
      activeBlockSpace: used,
      activeSessions: state.sessions.length,
      averageIOPS: 0,
      clusterRecentIOSize: 0,
      currentIOPS: 0,
      maxIOPS: 150_000,
      maxOverProvisionableSpace: 259_189_767_127_040,
      maxProvisionedSpace: 51_837_953_425_408,
      maxUsedMetadataSpace: metadataBytes,
      maxUsedSpace: totalBytes,
      nonZeroBlocks: 310_080_350,
      peakActiveSessions: state.sessions.length,
      peakIOPS: 0,
      provisionedSpace: [...state.volumes.values()].reduce((sum, v) => sum + v.totalSize, 0),
      snapshotNonZeroBlocks: 0,
      timestamp: isoDate(nowMs),
      totalOps: 1_027_407_650,
      uniqueBlocks: 108_180_156,
      uniqueBlocksUsedSpace: used,
      usedMetadataSpace: 8_745_762_816,
      usedMetadataSpaceInSnapshots: 8_745_762_816,
      usedSpace: used,
      zeroBlocks: 352_971_938,
    },
  };
});

const renderAdmin = (admin: ClusterAdminRecord) => ({
  access: admin.access,
  attributes: {},
  authMethod: 'Cluster',
  clusterAdminID: admin.clusterAdminID,
  username: admin.username,
});

const getCurrentClusterAdmin = method(
  'GetCurrentClusterAdmin',
  {},
  ({ admin }) => ({ clusterAdmin: renderAdmin(admin) }),
  '10.0',
);

const listClusterAdmins = method('ListClusterAdmins', { showHidden: z.boolean().optional() }, ({ admins }) => ({
  clusterAdmins: admins.map((admin) => renderAdmin(admin)),
}));

const accessParam = (access: readonly string[]): string[] => {
  const unknown = access.find((type) => !accessTypes.includes(type));
  if (unknown !== undefined) throw invalidParameter(`access: there is no access type ${unknown}.`);
  return [...access];
};

const addClusterAdmin = method(
  'AddClusterAdmin',
  {
    username: z.string().min(1).max(1024),
    password: z.string().min(1),
    access: z.array(z.string()),
    acceptEula: z.boolean().optional(),
    attributes: attributesParam.optional(),
  },
  ({ admins }, { username, password, access, acceptEula }) => {
    if (acceptEula !== true) throw invalidParameter('acceptEula: must be true.');
    // Inferred: the name of this error is that of AddAccount.
    if (admins.some((a) => a.username === username)) {
      throw new ElementError('xDuplicateUsername', `There is a cluster admin ${username} already.`);
    }
    const clusterAdminID = Math.max(...admins.map((a) => a.clusterAdminID)) + 1;
    admins.push({ clusterAdminID, username, password, access: accessParam(access) });
    return { clusterAdminID };
  },
);

/** "You cannot change access for the administrator cluster admin account." Passwords change at once, on all nodes. */
const modifyClusterAdmin = method(
  'ModifyClusterAdmin',
  {
    clusterAdminID: id,
    password: z.string().min(1).optional(),
    access: z.array(z.string()).optional(),
    attributes: attributesParam.optional(),
  },
  ({ admins }, { clusterAdminID, password, access }) => {
    const admin = admins.find((a) => a.clusterAdminID === clusterAdminID);
    if (admin === undefined) {
      throw new ElementError('xClusterAdminIDDoesNotExist', `ClusterAdminID ${clusterAdminID} does not exist.`);
    }
    if (access !== undefined) {
      if (clusterAdminID === 1) throw new ElementError('xPermissionDenied', 'The first admin keeps its access.');
      admin.access = accessParam(access);
    }
    if (password !== undefined) admin.password = password;
    return {};
  },
);

export const clusterMethods: Method[] = [
  getAPI,
  getClusterInfo,
  getClusterVersionInfo,
  getClusterState,
  getLimits,
  getClusterFullThreshold,
  getClusterCapacity,
  listActiveNodes,
  getCurrentClusterAdmin,
  listClusterAdmins,
  addClusterAdmin,
  modifyClusterAdmin,
];
