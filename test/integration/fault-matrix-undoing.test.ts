import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { CloneFailureDetails } from '../../contracts/failure.ts';
import { undoingCalls } from '../support/matrix/calls.ts';
import { meet } from '../support/matrix/cell.ts';
import { lasting, passing } from '../support/matrix/faults.ts';
import { startFleet, type Fleet } from '../support/service.ts';

// All cells share one worker, and wait most of the time.
vi.setConfig({ maxConcurrency: 32, testTimeout: 300_000 });

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet();
});
afterAll(() => fleet?.stop());

describe.concurrent('whatever call of undoing meets a fault that passes, all is undone', () => {
  for (const row of undoingCalls) {
    test.for(passing.map((trouble) => [`${row.call} ${trouble.what}`, trouble] as const))('%s', async ([, trouble]) =>
      meet(fleet, row, trouble, (end) => {
        expect(end.ended).toBe(row.run.ends);
        if (end.ended !== 'failed') return;
        // The first error is the one to read.
        expect(end.details).toMatchObject({ ...row.run.because, leftBehind: [] });
        expect(end.message).toMatch(/Undone: volume \d+ deleted; snapshot \d+ deleted\./);
      }),
    );
  }
});

describe.concurrent('whatever call of undoing is refused for good, all else is undone and what stays is named', () => {
  for (const row of undoingCalls) {
    test.for(lasting.map((trouble) => [`${row.call} ${trouble.what}`, trouble] as const))('%s', async ([, trouble]) =>
      meet(fleet, row, trouble, (end) => {
        if (end.ended === 'cancelled') return;
        expect(end.ended).toBe('failed');
        if (end.ended !== 'failed') return;
        const { apiName, message } = trouble.lasting;
        expect(end.details).toMatchObject({ ...row.run.because, cancelled: row.run.ends === 'cancelled' });
        const { leftBehind } = end.details as CloneFailureDetails;
        for (const { reason } of leftBehind)
          if (!reason.startsWith('may ')) expect(reason).toContain(`${apiName}: ${message}`);
      }),
    );
  }
});
