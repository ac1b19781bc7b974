import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { cleaningCalls, ordinaryCalls, recoveringCalls } from '../support/matrix/calls.ts';
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

const calls = [...ordinaryCalls, ...cleaningCalls, ...recoveringCalls];

describe.concurrent('whatever call meets a fault that passes, there is one clone as asked for', () => {
  for (const row of calls) {
    test.for(passing.map((trouble) => [`${row.call} ${trouble.what}`, trouble] as const))('%s', async ([, trouble]) =>
      meet(fleet, row, trouble, (end) => {
        expect(end).toMatchObject({
          ended: 'completed',
          result: { snapshotDeleted: row.run.request['snapshotID'] === undefined },
        });
      }),
    );
  }
});

describe.concurrent('whatever call is refused for good, nothing is left or it is named', () => {
  for (const row of calls) {
    test.for(lasting.map((trouble) => [`${row.call} ${trouble.what}`, trouble] as const))('%s', async ([, trouble]) =>
      meet(fleet, row, trouble, (end) => {
        expect(end.ended).toBe(row.refused);
        if (end.ended !== 'failed') return;
        const { apiName, message } = trouble.lasting;
        expect(end.details).toMatchObject({ step: row.step, method: row.method, apiName });
        expect(end.message).toContain(`${apiName}: ${message}`);
      }),
    );
  }
});
