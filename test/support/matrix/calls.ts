import type { RequestedFields } from '../requested-volume.ts';
import type { Fault, SimulatorOptions } from '../../../simulator/index.ts';

/** How the clone goes in which the call is met, but for the trouble. */
export interface Run {
  request: RequestedFields & { requestedBy?: string };
  simulator?: SimulatorOptions;
  /** Done to the cluster before anything is asked for. */
  prepare?: { method: string; params: Record<string, unknown> }[];
  /** Without a version the client asks the cluster first. */
  negotiate?: true;
  /** Cancels the clone once this method has been called. */
  cancelAfter?: string;
  ends: 'completed' | 'failed' | 'cancelled';
  /** What a failure says that is none of the trouble's. */
  because?: { step: string; apiName: string };
}

/** A row of the matrix: one call that a clone makes. */
export interface Call {
  /** Begins a sentence. */
  call: string;
  method: string;
  aim?: Pick<Fault, 'match' | 'after' | 'skip'>;
  run: Run;
  /** How the clone ends when the cluster refuses this call for good; the run's own end unless told otherwise. */
  refused: 'completed' | 'failed' | 'cancelled';
  /** The step that fails then, when the refusal is why. */
  step?: string;
}

/** A row as it is written below. */
type Row = Pick<Call, 'call' | 'method'> & Partial<Call>;

/** The first volume ID that the simulator gives. */
const FIRST_NEW = 62;

const behaviour = { cloneSeconds: 0, youngVolumeSeconds: 0 };

const request = {
  volumeID: 42,
  name: 'db-uat',
  newAccountID: 2,
  volumeAccessGroups: [2, 'uat-hosts'],
  modify: { access: 'readOnly' as const, qosPolicyID: 3, attributes: { stage: 'uat' } },
  requestedBy: 'matrix',
};

const ordinary: Run = { request, simulator: { behaviour }, ends: 'completed' };

const under = (...faults: Fault[]): Run => ({ ...ordinary, simulator: { behaviour, faults } });

const brief: Run = { ...ordinary, simulator: { behaviour: { ...behaviour, cloneSeconds: 3 } } };

/** Every call of a clone that goes well. */
export const ordinaryCalls = (
  [
    { call: 'GetAPI', method: 'GetAPI', run: { ...ordinary, negotiate: true }, step: 'preflight' },
    {
      call: 'ListVolumes of the source',
      method: 'ListVolumes',
      aim: { match: { volumeIDs: [42] } },
      step: 'preflight',
    },
    { call: 'GetLimits', method: 'GetLimits', step: 'preflight' },
    // A clone goes on without what only helps to refuse it early.
    { call: 'GetClusterFullThreshold', method: 'GetClusterFullThreshold', refused: 'completed' },
    { call: 'GetCurrentClusterAdmin', method: 'GetCurrentClusterAdmin', refused: 'completed' },
    { call: 'ListVolumeAccessGroups', method: 'ListVolumeAccessGroups', step: 'preflight' },
    { call: 'GetAccountByID', method: 'GetAccountByID', step: 'preflight' },
    { call: 'GetQoSPolicy', method: 'GetQoSPolicy', step: 'preflight' },
    {
      call: 'ListSnapshots of the one to clone',
      method: 'ListSnapshots',
      run: {
        ...ordinary,
        prepare: [{ method: 'CreateSnapshot', params: { volumeID: 42, name: 'by-hand' } }],
        request: { ...request, snapshotID: 1 },
      },
      step: 'preflight',
    },
    { call: 'CreateSnapshot', method: 'CreateSnapshot', step: 'createSnapshot' },
    { call: 'CloneVolume', method: 'CloneVolume', step: 'startClone' },
    // What only helps in the line for clone slots.
    {
      call: 'ListSyncJobs before the clone',
      method: 'ListSyncJobs',
      run: brief,
      refused: 'failed',
      step: 'awaitClone',
    },
    { call: 'ListActiveNodes', method: 'ListActiveNodes', refused: 'completed' },
    {
      call: 'ListSyncJobs of the copy',
      method: 'ListSyncJobs',
      aim: { after: 'CloneVolume' },
      // Long enough for the view that was taken before the clone to be too old.
      run: brief,
      step: 'awaitClone',
    },
    {
      call: 'GetAsyncResult of the copy',
      method: 'GetAsyncResult',
      aim: { match: { keepResult: true } },
      step: 'awaitClone',
    },
    { call: 'ModifyVolume', method: 'ModifyVolume', step: 'modifyVolume' },
    {
      call: 'AddVolumesToVolumeAccessGroup',
      method: 'AddVolumesToVolumeAccessGroup',
      step: 'grantAccess',
    },
    {
      call: 'ListVolumes of what was made',
      method: 'ListVolumes',
      aim: { match: { volumeName: 'db-uat' } },
      step: 'verifyClone',
    },
  ] satisfies Row[] as Row[]
).map((row): Call => ({ run: ordinary, refused: 'failed', ...row }));

/** Clean-up after a clone that is good: what the cluster refuses then costs no clone. */
export const cleaningCalls: Call[] = [
  {
    call: 'GetAsyncResult that releases the result',
    method: 'GetAsyncResult',
    aim: { match: { keepResult: false } },
    run: ordinary,
    refused: 'completed',
  },
  { call: 'DeleteSnapshot', method: 'DeleteSnapshot', run: ordinary, refused: 'completed' },
];

const cloneLost = under({ kind: 'actThenCut', method: 'CloneVolume', count: 1 });
const snapshotLost = under({ kind: 'actThenCut', method: 'CreateSnapshot', count: 1 });
const resultGone = under({ kind: 'loseAsyncResult' });
const allLost = under({ kind: 'actThenCut', method: 'CloneVolume', count: 1 }, { kind: 'loseAsyncResult' });
const twoVolumes = under({ kind: 'overtaken', method: 'CloneVolume', count: 1 });
const twoSnapshots = under({ kind: 'overtaken', method: 'CreateSnapshot', count: 1 });

/** Calls that find and put right what a lost answer left. */
export const recoveringCalls = (
  [
    {
      call: 'ListVolumes that looks for a lost clone',
      method: 'ListVolumes',
      aim: { match: { volumeName: 'db-uat' } },
      run: cloneLost,
      step: 'startClone',
    },
    {
      call: 'ListAsyncResults that finds a lost handle',
      method: 'ListAsyncResults',
      run: cloneLost,
      refused: 'completed',
    },
    {
      call: 'ListSyncJobs that looks for a lost cloneID',
      method: 'ListSyncJobs',
      aim: { after: 'ListAsyncResults' },
      run: allLost,
      // Recovering goes on without it; waiting for the copy cannot.
      step: 'awaitClone',
    },
    {
      call: 'ListSnapshots that looks for a lost snapshot',
      method: 'ListSnapshots',
      run: snapshotLost,
      step: 'createSnapshot',
    },
    {
      call: 'ListVolumes that tells whether the copy is done',
      method: 'ListVolumes',
      aim: { after: 'GetAsyncResult' },
      run: resultGone,
      step: 'awaitClone',
    },
    ...[
      { call: 'ListSyncJobs', aim: { after: 'AddVolumesToVolumeAccessGroup' }, refused: 'completed' as const },
      { call: 'ListAsyncResults', aim: {}, refused: 'completed' as const },
      { call: 'ListVolumes', aim: { match: { volumeIDs: [FIRST_NEW + 1] } }, refused: 'completed' as const },
      { call: 'DeleteVolume', aim: {}, step: 'verifyClone' },
      { call: 'GetAsyncResult', aim: { match: { keepResult: false } }, refused: 'completed' as const },
    ].map(({ call, ...row }) => ({
      call: `${call} for the removal of a second volume`,
      method: call,
      run: twoVolumes,
      ...row,
    })),
    {
      call: 'ListSnapshots that looks for a second snapshot',
      method: 'ListSnapshots',
      aim: { after: 'ModifyVolume' },
      run: twoSnapshots,
      refused: 'completed' as const,
    },
    {
      call: 'DeleteSnapshot of a second snapshot',
      method: 'DeleteSnapshot',
      run: twoSnapshots,
      refused: 'completed' as const,
    },
  ] satisfies Row[] as Row[]
).map((row): Call => ({ run: ordinary, refused: 'failed', ...row }));

/** The second group refuses, so there is a volume, a snapshot, a membership and a result to take back. */
const failsLate: Run = {
  ...under({
    kind: 'error',
    method: 'AddVolumesToVolumeAccessGroup',
    name: 'xExceededLimit',
    message: 'Exceeded limit volumesPerVolumeAccessGroupCountMax of 2000.',
    skip: 1,
  }),
  ends: 'failed',
  because: { step: 'grantAccess', apiName: 'xExceededLimit' },
};

/** Its answer lost and then refused: what was made is known by its tag only. */
const failsUnknown: Run = {
  ...under(
    { kind: 'actThenCut', method: 'CloneVolume', count: 1 },
    { kind: 'error', method: 'ListVolumes', match: { volumeName: 'db-uat' }, name: 'xUnknownAccount', count: 1 },
  ),
  ends: 'failed',
  because: { step: 'startClone', apiName: 'xUnknownAccount' },
};

const cancelled: Run = {
  request: { volumeID: 42, name: 'db-uat' },
  simulator: { behaviour: { cloneSeconds: 600, cancelledClone: 'remains' } },
  cancelAfter: 'CloneVolume',
  ends: 'cancelled',
};

const AFTER_GRANT = { after: 'AddVolumesToVolumeAccessGroup' };

/** Every call of undoing. */
export const undoingCalls = (
  [
    ...[
      { call: 'ListVolumes of what was made', method: 'ListVolumes', aim: { match: { volumeName: 'db-uat' } } },
      { call: 'ListSyncJobs', method: 'ListSyncJobs', aim: AFTER_GRANT },
      { call: 'ListAsyncResults', method: 'ListAsyncResults' },
      { call: 'ListVolumes of one that is to go', method: 'ListVolumes', aim: { match: { volumeIDs: [FIRST_NEW] } } },
      { call: 'RemoveVolumesFromVolumeAccessGroup', method: 'RemoveVolumesFromVolumeAccessGroup' },
      { call: 'DeleteVolume', method: 'DeleteVolume' },
      { call: 'GetAsyncResult that releases', method: 'GetAsyncResult', aim: { match: { keepResult: false } } },
      { call: 'ListSnapshots', method: 'ListSnapshots' },
      { call: 'DeleteSnapshot', method: 'DeleteSnapshot' },
    ].map((row) => ({ ...row, run: failsLate })),
    { call: 'GetAsyncResult that releases a result found', method: 'GetAsyncResult', run: failsUnknown },
    { call: 'CancelClone', method: 'CancelClone', run: cancelled },
    { call: 'DeleteVolume of a half-made volume', method: 'DeleteVolume', run: cancelled },
  ] as (Row & { run: Run })[]
).map((row): Call => ({ ...row, call: `undoing: ${row.call}`, refused: row.run.ends }));
