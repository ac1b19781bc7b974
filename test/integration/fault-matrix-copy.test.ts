import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { CopyFailureDetails } from '../../contracts/failure.ts';
import { copyCalls, takingBackCalls, undoingCopyCalls } from '../support/matrix/copy-calls.ts';
import { meetCopy, meetUndo } from '../support/matrix/copy-cell.ts';
import { lastingFor, passingFor } from '../support/matrix/faults.ts';
import { startFleet, type Fleet } from '../support/service.ts';

// All cells share one worker, and wait most of the time.
vi.setConfig({ maxConcurrency: 32, testTimeout: 300_000 });

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet();
});
afterAll(() => fleet?.stop());

describe.concurrent('whatever call of a copy meets a fault that passes, the destination holds the copy', () => {
  for (const row of copyCalls) {
    test.for(passingFor(row.method).map((trouble) => [`${row.call} ${trouble.what}`, trouble] as const))(
      '%s',
      async ([, trouble]) =>
        meetCopy(fleet, row, trouble, (end) => {
          expect(end).toMatchObject({ ended: 'completed', result: { snapshotDeleted: true } });
        }),
    );
  }
});

describe.concurrent(
  'whatever call of a copy is refused for good, the destination is whole or the way back is named',
  () => {
    for (const row of copyCalls) {
      test.for(lastingFor(row.method).map((trouble) => [`${row.call} ${trouble.what}`, trouble] as const))(
        '%s',
        async ([, trouble]) =>
          meetCopy(fleet, row, trouble, (end) => {
            expect(end.ended).toBe(row.refused);
            if (end.ended !== 'failed') return;
            const { apiName, message } = trouble.lasting;
            expect(end.details).toMatchObject({ step: row.step, method: row.method, apiName });
            expect(end.message).toContain(`${apiName}: ${message}`);
          }),
      );
    }
  },
);

describe.concurrent('whatever call of undoing a copy meets a fault that passes, all is as before', () => {
  for (const row of undoingCopyCalls) {
    test.for(passingFor(row.method).map((trouble) => [`${row.call} ${trouble.what}`, trouble] as const))(
      '%s',
      async ([, trouble]) =>
        meetCopy(fleet, row, trouble, (end) => {
          expect(end.ended).toBe(row.run.ends);
          if (end.ended !== 'failed') return;
          // The first error is the one to read.
          expect(end.details).toMatchObject({ ...row.run.because, leftBehind: [] });
          expect(end.message).toMatch(
            /Undone: volume 60 rolled back to snapshot \d+; snapshot \d+ deleted; snapshot \d+ deleted\./,
          );
        }),
    );
  }
});

describe.concurrent('whatever call of undoing a copy is refused for good, what stays is named', () => {
  for (const row of undoingCopyCalls.filter((r) => r.run.ends === 'failed')) {
    test.for(lastingFor(row.method).map((trouble) => [`${row.call} ${trouble.what}`, trouble] as const))(
      '%s',
      async ([, trouble]) =>
        meetCopy(fleet, row, trouble, (end) => {
          expect(end.ended).toBe('failed');
          if (end.ended !== 'failed') return;
          expect(end.details).toMatchObject({ ...row.run.because });
          const { leftBehind } = end.details as CopyFailureDetails;
          expect(leftBehind.length).toBeGreaterThan(0);
        }),
    );
  }
});

describe.concurrent(
  'whatever call of taking a copy back meets a fault that passes, the volume holds what it held',
  () => {
    for (const row of takingBackCalls) {
      test.for(passingFor(row.method).map((trouble) => [`${row.call} ${trouble.what}`, trouble] as const))(
        '%s',
        async ([, trouble]) => expect((await meetUndo(fleet, row, trouble)).ended).toBe('completed'),
      );
    }
  },
);

describe.concurrent(
  'whatever call of taking a copy back is refused for good, it says so and can be asked for again',
  () => {
    for (const row of takingBackCalls) {
      test.for(lastingFor(row.method).map((trouble) => [`${row.call} ${trouble.what}`, trouble] as const))(
        '%s',
        async ([, trouble]) =>
          expect(await meetUndo(fleet, row, trouble)).toMatchObject({
            ended: 'failed',
            message: expect.stringContaining(`${trouble.lasting.apiName}: ${trouble.lasting.message}`),
            details: { step: row.step, leftBehind: [] },
          }),
      );
    }
  },
);
