import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { GroupFailureDetails } from '../../contracts/failure.ts';
import { lastingFor, passingFor } from '../support/matrix/faults.ts';
import { ordinaryGroupCalls, recoveringGroupCalls, undoingGroupCalls } from '../support/matrix/group-calls.ts';
import { meetGroup } from '../support/matrix/group-cell.ts';
import { startFleet, type Fleet } from '../support/service.ts';

// All cells share one worker, and wait most of the time.
vi.setConfig({ maxConcurrency: 32, testTimeout: 300_000 });

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet();
});
afterAll(() => fleet?.stop());

const calls = [...ordinaryGroupCalls, ...recoveringGroupCalls];

describe.concurrent('whatever call of a group meets a fault that passes, there is one clone of each member', () => {
  for (const row of calls) {
    test.for(passingFor(row.method).map((trouble) => [`${row.call} ${trouble.what}`, trouble] as const))(
      '%s',
      async ([, trouble]) => meetGroup(fleet, row, trouble, (end) => expect(end).toMatchObject({ ended: 'completed' })),
    );
  }
});

describe.concurrent('whatever call of a group is refused for good, nothing is left or it is named', () => {
  for (const row of calls) {
    test.for(lastingFor(row.method).map((trouble) => [`${row.call} ${trouble.what}`, trouble] as const))(
      '%s',
      async ([, trouble]) =>
        meetGroup(fleet, row, trouble, (end) => {
          expect(end.ended).toBe(row.refused);
          if (end.ended !== 'failed') return;
          const { apiName, message } = trouble.lasting;
          expect(end.details).toMatchObject({ step: row.step, method: row.method, apiName });
          expect(end.message).toContain(`${apiName}: ${message}`);
        }),
    );
  }
});

describe.concurrent('whatever call of undoing a group meets a fault that passes, all is undone', () => {
  for (const row of undoingGroupCalls) {
    test.for(passingFor(row.method).map((trouble) => [`${row.call} ${trouble.what}`, trouble] as const))(
      '%s',
      async ([, trouble]) =>
        meetGroup(fleet, row, trouble, (end) => {
          expect(end.ended).toBe(row.run.ends);
          if (end.ended !== 'failed') return;
          // The first error is the one to read.
          expect(end.details).toMatchObject({ ...row.run.because, leftBehind: [] });
          expect(end.message).toMatch(/Undone: volume 103 deleted; volume 104 deleted; group snapshot \d+ deleted\./);
        }),
    );
  }
});

describe.concurrent('whatever call of undoing a group is refused for good, what stays is named', () => {
  for (const row of undoingGroupCalls) {
    test.for(lastingFor(row.method).map((trouble) => [`${row.call} ${trouble.what}`, trouble] as const))(
      '%s',
      async ([, trouble]) =>
        meetGroup(fleet, row, trouble, (end) => {
          if (end.ended === 'cancelled') return;
          expect(end.ended).toBe('failed');
          if (end.ended !== 'failed') return;
          const { apiName, message } = trouble.lasting;
          expect(end.details).toMatchObject({ ...row.run.because, cancelled: row.run.ends === 'cancelled' });
          for (const { reason } of (end.details as GroupFailureDetails).leftBehind)
            if (!reason.startsWith('may ')) expect(reason).toContain(`${apiName}: ${message}`);
        }),
    );
  }
});
