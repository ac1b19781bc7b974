import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { cleaningCalls, ordinaryCalls, recoveringCalls, undoingCalls } from '../support/matrix/calls.ts';
import { meet } from '../support/matrix/cell.ts';
import { startFleet, type Fleet } from '../support/service.ts';

// All cells share one worker, and wait for the same minute.
vi.setConfig({ maxConcurrency: 64, testTimeout: 300_000 });

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet();
});
afterAll(() => fleet?.stop());

const outage = { what: 'meets the outage', fault: { kind: 'refuse', durationMs: 60_000 } } as const;

test.concurrent.for(
  [...ordinaryCalls, ...cleaningCalls, ...recoveringCalls, ...undoingCalls].map((row) => [row.call, row] as const),
)('a cluster that refuses every connection for a minute from this call on is waited for: %s', async ([, row]) =>
  meet(fleet, row, outage, (end) => {
    expect(end.ended).toBe(row.run.ends);
    if (end.ended === 'failed') expect(end.details).toMatchObject({ ...row.run.because, leftBehind: [] });
  }),
);
