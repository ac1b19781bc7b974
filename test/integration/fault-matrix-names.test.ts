import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { cleaningCalls, ordinaryCalls, recoveringCalls, undoingCalls, type Call } from '../support/matrix/calls.ts';
import { meet } from '../support/matrix/cell.ts';
import { named } from '../support/matrix/faults.ts';
import { startFleet, type Fleet } from '../support/service.ts';

// All cells share one worker, and wait most of the time.
vi.setConfig({ maxConcurrency: 32, testTimeout: 300_000 });

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet();
});
afterAll(() => fleet?.stop());

const all = [...ordinaryCalls, ...cleaningCalls, ...recoveringCalls, ...undoingCalls];

/** One call of each class: what it means that the call failed differs between these and not within them. */
const classes: Call[] = [
  'ListVolumes of the source',
  'CreateSnapshot',
  'ListSnapshots that looks for a lost snapshot',
  'CloneVolume',
  'ListVolumes that looks for a lost clone',
  'ListSyncJobs of the copy',
  'GetAsyncResult of the copy',
  'ModifyVolume',
  'AddVolumesToVolumeAccessGroup',
  'GetAsyncResult that releases the result',
  'DeleteSnapshot',
  'undoing: CancelClone',
  'undoing: RemoveVolumesFromVolumeAccessGroup',
  'undoing: DeleteVolume',
].map((call) => {
  const row = all.find((c) => c.call === call);
  if (row === undefined) throw new Error(`the matrix has no call "${call}"`);
  return row;
});

describe.concurrent('every error that is known to pass is outlasted, whatever call it meets', () => {
  for (const row of classes) {
    test.for(named.map((trouble) => [`${row.call} ${trouble.what}`, trouble] as const))('%s', async ([, trouble]) =>
      meet(fleet, row, trouble, (end) => {
        expect(end.ended).toBe(row.run.ends);
        if (end.ended === 'failed') expect(end.details).toMatchObject({ ...row.run.because, leftBehind: [] });
      }),
    );
  }
});
