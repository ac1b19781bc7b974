import { formatTag } from '../../../contracts/tag.ts';
import type { Fault, SimulatorOptions } from '../../../simulator/index.ts';
import { DESTINATION, SOURCE } from '../copies.ts';
import type { Call } from './calls.ts';

/** How the copy goes in which the call is met, but for the trouble. */
export interface CopyRun {
  request: Record<string, unknown>;
  simulator: SimulatorOptions;
  prepare?: { method: string; params: Record<string, unknown> }[];
  /** Cancels the copy once this method has been called. */
  cancelAfter?: string;
  ends: 'completed' | 'failed' | 'cancelled';
  because?: { step: string; apiName: string };
}

/** A row of the matrix: one call that a copy makes. */
export type CopyCall = Omit<Call, 'run'> & { run: CopyRun };

const behaviour = { cloneSeconds: 0, youngVolumeSeconds: 0 };

/** The destination is a finished clone, so that nothing needs force and everything is looked at. */
const prepare = [
  {
    method: 'ModifyVolume',
    params: {
      volumeID: DESTINATION,
      attributes: {
        stage: 'uat',
        'element-clone': formatTag({
          request: 'before',
          workflowID: 'before',
          step: 'clone',
          sourceVolumeID: SOURCE,
          volumeID: DESTINATION,
        }),
      },
    },
  },
];

const under = (...faults: Fault[]): CopyRun => ({
  request: { force: false },
  simulator: { behaviour, faults },
  prepare,
  ends: 'completed',
});
const ordinary = under();
/** Long enough for the views that were taken before the copy to be too old. */
const brief: CopyRun = { ...ordinary, simulator: { behaviour: { ...behaviour, cloneSeconds: 3 } } };

const lostCopy = under({ kind: 'actThenCut', method: 'CopyVolume', count: 1 });
const ofDestination = { match: { volumeID: DESTINATION } };
const lostWayBack = under({ kind: 'actThenCut', method: 'CreateSnapshot', ...ofDestination, count: 1 });
const resultGone = under({ kind: 'loseAsyncResult', count: 1 });
const broughtAlong: CopyRun = {
  ...ordinary,
  simulator: { behaviour: { ...behaviour, copyAttributes: 'copied' } },
};

type Row = Pick<CopyCall, 'call' | 'method'> & Partial<CopyCall>;

/** Every call of a copy that goes well, of cleaning up after it, and of finding what a lost answer left. */
export const copyCalls = (
  [
    { call: 'ListVolumes of both', method: 'ListVolumes', step: 'preflightCopy' },
    { call: 'ListISCSISessions', method: 'ListISCSISessions', step: 'preflightCopy' },
    { call: 'ListSnapshots of the destination', method: 'ListSnapshots', aim: ofDestination, step: 'preflightCopy' },
    { call: 'ListSyncJobs', method: 'ListSyncJobs', step: 'preflightCopy' },
    { call: 'CreateSnapshot of the source', method: 'CreateSnapshot', step: 'createSnapshot' },
    { call: 'GetLimits, for the line', method: 'GetLimits', refused: 'completed' },
    { call: 'CreateSnapshot of the destination', method: 'CreateSnapshot', aim: ofDestination, step: 'createWayBack' },
    {
      call: 'ListISCSISessions right before the copy',
      method: 'ListISCSISessions',
      aim: { after: 'CreateSnapshot' },
      step: 'startCopy',
    },
    { call: 'CopyVolume', method: 'CopyVolume', step: 'startCopy' },
    {
      call: 'ListSyncJobs of the copy',
      method: 'ListSyncJobs',
      aim: { after: 'CopyVolume' },
      run: brief,
      step: 'awaitCopy',
    },
    {
      call: 'GetAsyncResult of the copy',
      method: 'GetAsyncResult',
      aim: { match: { keepResult: true } },
      step: 'awaitCopy',
    },
    {
      call: 'ListVolumes of the destination',
      method: 'ListVolumes',
      aim: { after: 'CopyVolume' },
      step: 'verifyCopy',
    },
    {
      call: 'ModifyVolume that sets back what came along',
      method: 'ModifyVolume',
      run: broughtAlong,
      refused: 'completed',
    },
    { call: 'ModifySnapshot that lets the way back go', method: 'ModifySnapshot', refused: 'completed' },
    {
      call: 'GetAsyncResult that releases the result',
      method: 'GetAsyncResult',
      aim: { match: { keepResult: false } },
      refused: 'completed',
    },
    { call: 'DeleteSnapshot', method: 'DeleteSnapshot', refused: 'completed' },
    {
      call: 'ListAsyncResults that looks for a lost copy',
      method: 'ListAsyncResults',
      run: lostCopy,
      // The call is repeated: the same is copied once more.
      refused: 'completed',
    },
    {
      call: 'ListSnapshots that looks for a lost way back',
      method: 'ListSnapshots',
      aim: { ...ofDestination, after: 'CreateSnapshot' },
      run: lostWayBack,
      step: 'createWayBack',
    },
    {
      call: 'ListAsyncResults that looks for a result that is gone',
      method: 'ListAsyncResults',
      run: resultGone,
      refused: 'completed',
    },
  ] satisfies Row[] as Row[]
).map((row): CopyCall => ({ run: ordinary, refused: 'failed', ...row }));

/** The copy stops half-way, so that there is a mixture, a result, and two snapshots to take back. */
const failsLate: CopyRun = {
  ...under({ kind: 'cloneFails', name: 'xCloneFailed', message: 'Clone failed.' }),
  ends: 'failed',
  because: { step: 'awaitCopy', apiName: 'xCloneFailed' },
};

const cancelled: CopyRun = {
  ...ordinary,
  simulator: { behaviour: { ...behaviour, cloneSeconds: 600 } },
  cancelAfter: 'CopyVolume',
  ends: 'cancelled',
};

/** Every call of undoing. */
export const undoingCopyCalls = (
  [
    { call: 'ListSnapshots of the source', method: 'ListSnapshots', aim: { match: { volumeID: SOURCE } } },
    {
      call: 'ListSnapshots of the destination',
      method: 'ListSnapshots',
      aim: { ...ofDestination, after: 'GetAsyncResult' },
    },
    { call: 'RollbackToSnapshot', method: 'RollbackToSnapshot' },
    { call: 'GetAsyncResult that releases', method: 'GetAsyncResult', aim: { match: { keepResult: false } } },
    { call: 'DeleteSnapshot', method: 'DeleteSnapshot' },
    { call: 'CancelClone', method: 'CancelClone', run: cancelled },
  ] as Row[]
).map(({ run = failsLate, ...row }): CopyCall => ({ ...row, run, call: `undoing: ${row.call}`, refused: run.ends }));

/** Every call of taking a copy back that is over. Both steps make all but the last. */
export const takingBackCalls: Pick<CopyCall, 'call' | 'method' | 'aim' | 'step'>[] = [
  { call: 'ListVolumes', method: 'ListVolumes', step: 'preflightUndoCopy' },
  { call: 'ListSnapshots', method: 'ListSnapshots', step: 'preflightUndoCopy' },
  { call: 'ListISCSISessions', method: 'ListISCSISessions', step: 'preflightUndoCopy' },
  { call: 'ListISCSISessions once more', method: 'ListISCSISessions', aim: { skip: 1 }, step: 'rollBackCopy' },
  { call: 'RollbackToSnapshot', method: 'RollbackToSnapshot', step: 'rollBackCopy' },
];
