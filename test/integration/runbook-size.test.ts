import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunbookStep } from '../../contracts/runbook/types.ts';
import { startHookServer, type HookServer } from '../support/hook-server.ts';
import { historySize, startRunbook } from '../support/runbook.ts';
import { startFleet, type Fleet, type Service } from '../support/service.ts';

let server: HookServer;
let fleet: Fleet;
let service: Service;
beforeAll(async () => {
  server = await startHookServer(['app']);
  fleet = await startFleet({ hooks: server.hooks });
  service = await fleet.add();
});
afterAll(async () => {
  await fleet?.stop();
  await service?.stop();
  await server?.close();
});

const call = (id: string, needs: string[]): RunbookStep => ({ id, needs, http: { hook: 'app', path: `/${id}` } });

test.each([
  [
    '200 steps, each after the one before',
    Array.from({ length: 200 }, (_, i) => call(`s${i}`, i === 0 ? [] : [`s${i - 1}`])),
  ],
  [
    '200 steps in layers that are 50 wide',
    Array.from({ length: 200 }, (_, i) =>
      call(`s${i}`, i < 50 ? [] : Array.from({ length: 50 }, (__, j) => `s${(Math.floor(i / 50) - 1) * 50 + j}`)),
    ),
  ],
])('%s stay far below what a history may hold', async (_what, steps) => {
  const run = await startRunbook(service, steps);
  const { steps: states } = await run.result();
  expect(states.filter((s) => s.outcome === 'succeeded')).toHaveLength(200);
  const { events, bytes } = await historySize(run);
  // A hundredth of the limits of 51 200 events and 50 MB would be 512 and 0.5 MB; six events a step, and its answer,
  // beside the check, the clock, the search attributes and the ends of the run.
  expect(events).toBeLessThanOrEqual(14 + 6 * 200);
  expect(bytes).toBeLessThan(500_000);
});
