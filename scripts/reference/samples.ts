const GIB = 1_073_741_824;

const order = {
  ...{ requestId: 'refresh-2026-11-24', deadline: '6h', onFailure: 'keep', requestedBy: 'ci', priority: 2 },
};

const clone = {
  access: 'readWrite',
  attributes: { env: 'uat' },
  newAccountID: 3,
  newSize: 20 * GIB,
  modify: {
    qos: { minIOPS: 100, maxIOPS: 2_000, burstIOPS: 4_000 },
    ...{ access: 'readWrite', attributes: { env: 'uat' }, accountID: 3, totalSize: 40 * GIB },
  },
};

const snapshot = { name: 'before-migration', retention: 'keep', expiresIn: '7d' };
const lease = { lease: '72h', leaseMax: '30d', leaseGrace: '8h' };
const groups = ['uat-hosts', 12];

const cloneVolume = [
  {
    ...{ cluster: 'lab', volumeID: 42, name: 'db-uat', enable512e: true, enableSnapMirrorReplication: false },
    ...{
      ...clone,
      snapshot,
      volumeAccessGroups: groups,
      series: { name: 'uat-db', generation: 7 },
      ...lease,
      ...order,
    },
  },
  { cluster: 'lab', volumeID: 42, name: 'db-uat', snapshotID: 31, modify: { qosPolicyID: 1 } },
];

const { snapshot: _snapshot, ...fields } = { ...clone, volumeAccessGroups: groups, ...lease, snapshot };

const cloneGroup = [
  {
    cluster: 'lab',
    volumes: [{ volumeID: 41, name: 'log-uat', ...fields }, { volumeID: 42 }],
    ...{ ...fields, snapshot, enableSnapMirrorReplication: false, series: { name: 'uat-db', generation: 7 }, ...order },
    onMemberFailure: 'keep',
  },
  {
    ...{ cluster: 'lab', groupSnapshotID: 9, modify: { qosPolicyID: 1 } },
    volumes: [{ volumeID: 41, modify: { qosPolicyID: 1 } }],
  },
];

const more = { enable512e: true, enableSnapMirrorReplication: false };
const cloneFanOut = [
  {
    ...{ cluster: 'lab', volumeID: 42, ...fields, ...more, snapshot, ...order, onMemberFailure: 'stop' },
    clones: [{ name: 'dev-1', ...fields, ...more }, { name: 'dev-2' }],
  },
  {
    ...{ cluster: 'lab', volumeID: 42, snapshotID: 31, modify: { qosPolicyID: 1 } },
    clones: [{ name: 'dev-1', modify: { qosPolicyID: 1 } }],
  },
];

const copyVolume = [
  {
    ...{ cluster: 'lab', volumeID: 42, dstVolumeID: 57, snapshot, undo: { expiresIn: '72h' }, force: false },
    ...order,
  },
  { cluster: 'lab', volumeID: 42, dstVolumeID: 57, snapshotID: 31 },
];

const undoCopy = [
  {
    ...{ cluster: 'lab', dstVolumeID: 57, workflowID: 'copy-volume-42-of-lab-onto-volume-57-k3j9x2p0aq' },
    ...{ force: false, deadline: '30m', requestedBy: 'ci' },
  },
];

const parameters = { host: 'uat-1' };
const refreshFields = {
  series: 'uat-db',
  timeZone: 'Europe/Berlin',
  nominalTime: '2026-11-25T02:00:00Z',
  keep: 3,
  volumeAccessGroups: groups,
  retire: 'keep',
  swap: 'after',
  force: false,
  hooks: { before: 'quiesce', beforeSwap: { hook: 'unmount', parameters }, after: 'resume' },
  ...order,
};

const { modify: ofVolume, ...ofGeneration } = clone;
const refreshClone = [
  {
    ...{ ...refreshFields, mode: 'swap', nameTemplate: 'uat-db-{yyyy}{MM}{dd}' },
    clone: {
      ...{ cluster: 'lab', volumeID: 42, ...ofGeneration, modify: ofVolume, ...more, snapshot },
      ...{ deadline: '6h', onFailure: 'cleanup', requestedBy: 'ci', priority: 2 },
    },
  },
  {
    ...{
      series: 'uat-db',
      keep: 3,
      mode: 'swap',
      hooks: { before: { hook: 'quiesce', parameters }, after: { hook: 'resume', parameters } },
    },
    clone: { cluster: 'lab', volumeID: 42, snapshotID: 31, modify: { qosPolicyID: 1 } },
  },
  {
    ...{ series: 'uat-db', keep: 3, mode: 'swap', nameTemplate: 'uat-{name}-{generation}' },
    clone: {
      ...{ cluster: 'lab', ...clone, enableSnapMirrorReplication: false, snapshot },
      ...{ deadline: '6h', onFailure: 'cleanup', requestedBy: 'ci', priority: 2 },
      volumes: [{ volumeID: 41, name: 'log', ...clone }, { volumeID: 42 }],
    },
  },
  {
    ...{ series: 'uat-db', keep: 3 },
    clone: { cluster: 'lab', volumes: [{ volumeID: 41, modify: { qosPolicyID: 1 } }], groupSnapshotID: 9 },
  },
];

const cloneLease = [
  {
    ...{ cluster: 'lab', volumeID: 63, lease: '72h', leaseMax: '30d', leaseGrace: '8h', requestedBy: 'ci' },
    clone: { workflowID: 'clone-for-request-r1', request: 'r1', sourceVolumeID: 42, name: 'db-uat' },
  },
  { cluster: 'lab', volumeID: 63, endsAt: '2026-12-01T18:00:00+01:00' },
];

const runbook = [
  {
    runbook: {
      name: 'refresh-uat',
      inputs: { host: { type: 'string' } },
      steps: [{ id: 'copy', clone: { cluster: 'lab', volumeID: 42, name: 'uat-${inputs.host}' } }],
      outputs: { volumeID: '${steps.copy.volumeID}' },
    },
    ...{ inputs: { host: 'u1' }, requestId: 'refresh-2026-11-24', requestedBy: 'ci' },
  },
];

/** Requests that between them give every field, by workflow type or `type.update`: where the reference has its examples from. */
export const SAMPLES: Record<string, readonly unknown[]> = {
  ...{ cloneVolume, cloneGroup, cloneFanOut, copyVolume, undoCopy, refreshClone, cloneLease, runbook },
  'cloneLease.extend': [
    { by: '24h', requestedBy: 'ci' },
    { until: '2026-12-01T18:00:00+01:00', requestedBy: 'ci' },
  ],
  'cloneLease.release': [{ requestedBy: 'ci' }],
  'runbook.decide': [{ step: 'ok', decision: 'approve', who: 'dba', comment: 'window agreed' }],
};
