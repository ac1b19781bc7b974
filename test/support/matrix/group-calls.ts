import type { Fault, SimulatorOptions } from '../../../simulator/index.ts';
import { quickly, volumesOf } from '../groups.ts';
import type { Call } from './calls.ts';

/** How the group goes in which the call is met, but for the trouble. */
export interface GroupRun {
  request: Record<string, unknown>;
  simulator: SimulatorOptions;
  prepare?: { method: string; params: Record<string, unknown> }[];
  /** Cancels the group once this method has been called. */
  cancelAfter?: string;
  ends: 'completed' | 'failed' | 'cancelled';
  because?: { step: string; apiName: string };
}

/** A row of the matrix: one call that a group makes. */
export type GroupCall = Omit<Call, 'run'> & { run: GroupRun };
type Row = Pick<GroupCall, 'call' | 'method'> & Partial<GroupCall>;

const SOURCES = 2;
/** Of the first set of clones, and of a second one. */
const CLONES = [101 + SOURCES, 102 + SOURCES];
const SECOND = CLONES.map((id) => id + SOURCES);

const request = {
  volumes: volumesOf(SOURCES),
  newAccountID: 2,
  volumeAccessGroups: [2, 'uat-hosts'],
  modify: { access: 'readOnly', qosPolicyID: 3, attributes: { stage: 'uat' } },
  requestedBy: 'matrix',
};

const under = (...faults: Fault[]): GroupRun => ({
  request,
  simulator: quickly(SOURCES, { behaviour: { cloneSeconds: 0 }, faults }),
  ends: 'completed',
});
const ordinary = under();
/** Long enough for the view that was taken before the copies to be too old. */
const brief: GroupRun = { ...ordinary, simulator: quickly(SOURCES, { behaviour: { cloneSeconds: 3 } }) };

/** Asked by account: a group's clones bear many names. */
const ofClones = { match: { accounts: [2] } };

/** Every call of a group that goes well. */
export const ordinaryGroupCalls = (
  [
    {
      call: 'ListVolumes of the sources',
      method: 'ListVolumes',
      aim: { match: { volumeIDs: [101, 102] } },
      step: 'preflightGroup',
    },
    { call: 'GetLimits', method: 'GetLimits', step: 'preflightGroup' },
    // A group goes on without what only helps to refuse it early.
    { call: 'GetClusterFullThreshold', method: 'GetClusterFullThreshold', refused: 'completed' },
    { call: 'GetCurrentClusterAdmin', method: 'GetCurrentClusterAdmin', refused: 'completed' },
    { call: 'ListVolumeAccessGroups', method: 'ListVolumeAccessGroups', step: 'preflightGroup' },
    { call: 'GetAccountByID', method: 'GetAccountByID', step: 'preflightGroup' },
    { call: 'GetQoSPolicy', method: 'GetQoSPolicy', step: 'preflightGroup' },
    {
      call: 'ListGroupSnapshots of the one to clone',
      method: 'ListGroupSnapshots',
      run: {
        ...ordinary,
        prepare: [{ method: 'CreateGroupSnapshot', params: { volumes: [101, 102], name: 'by-hand' } }],
        request: { ...request, groupSnapshotID: 1 },
      },
      step: 'preflightGroup',
    },
    { call: 'CreateGroupSnapshot', method: 'CreateGroupSnapshot', step: 'createGroupSnapshot' },
    { call: 'CloneMultipleVolumes', method: 'CloneMultipleVolumes', step: 'startGroup' },
    { call: 'ListSyncJobs before the clones', method: 'ListSyncJobs', run: brief, step: 'awaitGroup' },
    { call: 'ListActiveNodes', method: 'ListActiveNodes', refused: 'completed' },
    {
      call: 'ListSyncJobs of the copies',
      method: 'ListSyncJobs',
      aim: { after: 'CloneMultipleVolumes' },
      run: brief,
      step: 'awaitGroup',
    },
    {
      call: 'GetAsyncResult of the copies',
      method: 'GetAsyncResult',
      aim: { match: { keepResult: true } },
      step: 'awaitGroup',
    },
    { call: 'ModifyVolume', method: 'ModifyVolume', step: 'modifyMembers' },
    {
      call: 'ModifyVolume of the last member',
      method: 'ModifyVolume',
      aim: { match: { volumeID: CLONES[1]! } },
      step: 'modifyMembers',
    },
    { call: 'AddVolumesToVolumeAccessGroup', method: 'AddVolumesToVolumeAccessGroup', step: 'grantMembers' },
    { call: 'ListVolumes of what was made', method: 'ListVolumes', aim: ofClones, step: 'verifyMembers' },
    {
      call: 'GetAsyncResult that releases the result',
      method: 'GetAsyncResult',
      aim: { match: { keepResult: false } },
      refused: 'completed',
    },
    { call: 'DeleteGroupSnapshot', method: 'DeleteGroupSnapshot', refused: 'completed' },
  ] satisfies Row[] as Row[]
).map((row): GroupCall => ({ run: ordinary, refused: 'failed', ...row }));

const clonesLost = under({ kind: 'actThenCut', method: 'CloneMultipleVolumes', count: 1 });
const snapshotLost = under({ kind: 'actThenCut', method: 'CreateGroupSnapshot', count: 1 });
const allLost = under({ kind: 'actThenCut', method: 'CloneMultipleVolumes', count: 1 }, { kind: 'loseAsyncResult' });
const twoGroups = under({ kind: 'overtaken', method: 'CloneMultipleVolumes', count: 1 });
const twoSnapshots = under({ kind: 'overtaken', method: 'CreateGroupSnapshot', count: 1 });

/** Calls that find and put right what a lost answer left. */
export const recoveringGroupCalls = (
  [
    {
      call: 'ListVolumes that looks for lost clones',
      method: 'ListVolumes',
      aim: ofClones,
      run: clonesLost,
      step: 'startGroup',
    },
    {
      call: 'ListAsyncResults that finds a lost handle',
      method: 'ListAsyncResults',
      run: clonesLost,
      refused: 'completed',
    },
    {
      call: 'ListSyncJobs that looks for a lost groupCloneID',
      method: 'ListSyncJobs',
      aim: { after: 'ListAsyncResults' },
      run: allLost,
      step: 'awaitGroup',
    },
    {
      call: 'ListVolumes that tells whether the copies are done',
      method: 'ListVolumes',
      aim: { match: { volumeIDs: CLONES } },
      run: allLost,
      step: 'awaitGroup',
    },
    {
      call: 'ListGroupSnapshots that looks for a lost one',
      method: 'ListGroupSnapshots',
      run: snapshotLost,
      step: 'createGroupSnapshot',
    },
    ...[
      { call: 'ListSyncJobs', aim: { after: 'AddVolumesToVolumeAccessGroup' }, refused: 'completed' as const },
      { call: 'ListAsyncResults', aim: {}, refused: 'completed' as const },
      { call: 'ListVolumes', aim: { match: { volumeIDs: SECOND } }, refused: 'completed' as const },
      { call: 'DeleteVolume', aim: {}, step: 'verifyMembers' },
      { call: 'GetAsyncResult', aim: { match: { keepResult: false } }, refused: 'completed' as const },
    ].map(({ call, ...row }) => ({
      call: `${call} for the removal of a second set of clones`,
      method: call,
      run: twoGroups,
      ...row,
    })),
    {
      call: 'ListGroupSnapshots that looks for a second one',
      method: 'ListGroupSnapshots',
      aim: { after: 'ModifyVolume' },
      run: twoSnapshots,
      refused: 'completed' as const,
    },
    {
      call: 'DeleteGroupSnapshot of a second one',
      method: 'DeleteGroupSnapshot',
      run: twoSnapshots,
      refused: 'completed' as const,
    },
  ] satisfies Row[] as Row[]
).map((row): GroupCall => ({ run: ordinary, refused: 'failed', ...row }));

/** The second access group refuses, so there are volumes, a group snapshot, memberships and a result to take back. */
const failsLate: GroupRun = {
  ...under({
    kind: 'error',
    method: 'AddVolumesToVolumeAccessGroup',
    name: 'xExceededLimit',
    message: 'Exceeded limit volumesPerVolumeAccessGroupCountMax of 2000.',
    skip: 1,
  }),
  ends: 'failed',
  because: { step: 'grantMembers', apiName: 'xExceededLimit' },
};

const cancelled: GroupRun = {
  request: { volumes: volumesOf(SOURCES) },
  simulator: quickly(SOURCES, { behaviour: { cloneSeconds: 600, cancelledClone: 'remains' } }),
  cancelAfter: 'CloneMultipleVolumes',
  ends: 'cancelled',
};

const AFTER_GRANT = { after: 'AddVolumesToVolumeAccessGroup' };

/** Every call of undoing. */
export const undoingGroupCalls = (
  [
    ...[
      { call: 'ListVolumes of what was made', method: 'ListVolumes', aim: ofClones },
      { call: 'ListSyncJobs', method: 'ListSyncJobs', aim: AFTER_GRANT },
      { call: 'ListAsyncResults', method: 'ListAsyncResults' },
      { call: 'ListVolumes of those that are to go', method: 'ListVolumes', aim: { match: { volumeIDs: CLONES } } },
      { call: 'RemoveVolumesFromVolumeAccessGroup', method: 'RemoveVolumesFromVolumeAccessGroup' },
      { call: 'DeleteVolume', method: 'DeleteVolume' },
      { call: 'DeleteVolume of the last member', method: 'DeleteVolume', aim: { match: { volumeID: CLONES[1]! } } },
      { call: 'GetAsyncResult that releases', method: 'GetAsyncResult', aim: { match: { keepResult: false } } },
      { call: 'ListGroupSnapshots', method: 'ListGroupSnapshots' },
      { call: 'DeleteGroupSnapshot', method: 'DeleteGroupSnapshot' },
    ].map((row) => ({ ...row, run: failsLate })),
    { call: 'CancelGroupClone', method: 'CancelGroupClone', run: cancelled },
    { call: 'DeleteVolume of a half-made volume', method: 'DeleteVolume', run: cancelled },
  ] as (Row & { run: GroupRun })[]
).map((row): GroupCall => ({ ...row, call: `undoing: ${row.call}`, refused: row.run.ends }));
