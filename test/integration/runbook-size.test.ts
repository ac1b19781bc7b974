import { afterAll, beforeAll, expect, test } from 'vitest';
import { runbookTable } from '../../client/cli/render/runbook.ts';
import { CloneClient } from '../../client/index.ts';
import type { RunbookStep } from '../../contracts/runbook/types.ts';
import { fakeIo } from '../support/fake-io.ts';
import { startHookServer, type HookServer } from '../support/hook-server.ts';
import { ending } from '../support/invariants.ts';
import { historySize, startRunbook, untilStep, type Runbook } from '../support/runbook.ts';
import { startFleet, type Fleet, type Service } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

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

// 240 000 bytes, in 120 000 characters.
const umlauts = 'ü'.repeat(120_000);

test.each([
  [
    'the fields of a step',
    'it: its fields are larger than',
    { body: ['${inputs.t}', '${inputs.t}', '${inputs.t}'] },
    {},
  ],
  ['outputs', 'its outputs cannot be made: they are larger than', {}, { a: '${[inputs.t, inputs.t, inputs.t]}' }],
])('%s are bounded in bytes, not in characters', async (_what, why, more, outputs) => {
  const http = { hook: 'app', path: '/size', ...more };
  const inputs = { t: { type: 'string' } } as const;
  const run = await startRunbook(service, [{ id: 'it', http }], { inputs, outputs }, { t: umlauts });
  const end = await ending(run);
  expect(end).toMatchObject({ ended: 'failed', message: expect.stringContaining(`${why} 500000 bytes`) });
});

test('a list shows of very many approvals the first, and how many more there are', async () => {
  const from = Array.from({ length: 10 }, (_, i) => `${i}-${'x'.repeat(60)}`);
  const steps = Array.from({ length: 100 }, (_, i): RunbookStep => ({ id: `ok${i}`, approval: { from } }));
  const client = new CloneClient(service.client, { taskQueue: service.taskQueue });
  const { workflowId } = await client.runbooks.start({ runbook: { name: 'many', steps } });
  const run = service.client.workflow.getHandle<Runbook>(workflowId);
  await untilStep(run, 'ok99', 'waiting');
  const listed = await waitFor('the run in the list', async () => {
    for await (const one of client.runbooks.list({ waiting: true })) if (one.workflowId === workflowId) return one;
    return undefined;
  });
  expect(listed.waitsFor.map((w) => w.step)).toEqual(steps.slice(0, listed.waitsFor.length).map((s) => s.id));
  expect(listed.waitsFor.length).toBeGreaterThan(5);
  expect(listed.waitsForMore).toBe(100 - listed.waitsFor.length);
  expect(runbookTable([listed], fakeIo().out.colours, Date.now())).toContain(
    `ok0: ${from.slice(0, 5).join(' or ')} or 5 more; ok1: `,
  );
  expect((await historySize(run)).bytes).toBeLessThan(2_000_000);
  await run.cancel();
  expect(await ending(run)).toEqual({ ended: 'cancelled' });
});
