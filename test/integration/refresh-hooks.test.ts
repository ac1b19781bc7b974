import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startHookServer, type HookServer } from '../support/hook-server.ts';
import { ending } from '../support/invariants.ts';
import { idsOf, inGroup, quick, seriesOf } from '../support/refresh.ts';
import { startFleet, type Fleet, type Service } from '../support/service.ts';

let server: HookServer;
let fleet: Fleet;
let service: Service;
beforeAll(async () => {
  server = await startHookServer(['quiesce', 'unmount', 'remount']);
  fleet = await startFleet({ hooks: server.hooks });
});
afterAll(async () => {
  await fleet?.stop();
  await server?.close();
});
beforeEach(async () => {
  server.seen.length = 0;
  service = await fleet.add({ simulator: quick });
  return () => service.stop();
});

const request = {
  series: 'uat-db',
  keep: 2,
  volumeAccessGroups: [3],
  hooks: { before: 'quiesce', beforeSwap: { hook: 'unmount', parameters: { path: '/data' } }, after: 'remount' },
};
const calledBetween = (method: string) => service.simulator.cluster.calls.log().findIndex((c) => c.method === method);

test('hooks are called around the clone and the swap, and told what is in service', async () => {
  const first = await (await service.startRefresh({ ...request, hooks: undefined })).result();
  service.simulator.cluster.calls.clear();
  const handle = await service.startRefresh({ ...request, nominalTime: '2026-11-25T02:00:00Z' });
  const second = await handle.result();
  const facts = { cluster: service.alias, series: 'uat-db', generation: 2, nominalTime: '2026-11-25T02:00:00.000Z' };
  const before = { generation: 1, volumes: first.volumes };
  expect(server.seen.map((s) => ({ hook: s.hook, ...s.body }))).toEqual([
    { hook: 'quiesce', event: 'before', ...facts, outcome: 'running', inService: before },
    {
      hook: 'unmount',
      ...{ event: 'beforeSwap', ...facts, outcome: 'running', inService: before, made: second.volumes },
      parameters: { path: '/data' },
    },
    {
      hook: 'remount',
      ...{ event: 'after', ...facts, outcome: 'running', made: second.volumes },
      inService: { generation: 2, volumes: second.volumes },
    },
  ]);
  const keys = server.seen.map((s) => String(s.headers['idempotency-key']));
  expect(keys).toEqual([
    expect.stringMatching(/:before$/),
    expect.stringMatching(/:beforeSwap$/),
    expect.stringMatching(/:after$/),
  ]);
  expect(server.seen.every((s) => s.headers.authorization === 'Bearer secret-of-the-hook')).toBe(true);
  expect(calledBetween('CreateSnapshot')).toBeGreaterThan(-1);
  const run = service.client.workflow.getHandle(`refresh-uat-db@${service.alias}`);
  expect(JSON.stringify(await run.fetchHistory())).not.toContain(
    Buffer.from('secret-of-the-hook').toString('base64').slice(0, 20),
  );
});

test('a hook that is not there for a moment is called again under the same key', async () => {
  server.answer('quiesce', { status: 503 }, { status: 429 });
  await (await service.startRefresh(request)).result();
  const quiesce = server.seen.filter((s) => s.hook === 'quiesce');
  expect(quiesce).toHaveLength(3);
  expect(new Set(quiesce.map((s) => s.headers['idempotency-key'])).size).toBe(1);
});

test.each([
  [{ status: 409, body: `no: ${'x'.repeat(100_000)}` }, /hook "quiesce" answered HTTP 409: no: x{296}$/],
  [
    { status: 302, location: 'http://169.254.169.254/' },
    /hook "quiesce" answered HTTP 302, and redirects are not followed$/,
  ],
])(
  'a hook that says no ends the run before anything is made, and what it may have begun is resumed',
  async (answer, said) => {
    server.answer('quiesce', answer);
    const end = await ending(await service.startRefresh(request));
    expect(end).toMatchObject({ ended: 'failed', details: { step: 'callHook', leftBehind: [] } });
    const { message } = end as { message: string };
    expect(message.slice(message.indexOf('hook'), message.indexOf('. Tried'))).toMatch(said);
    expect(message.length).toBeLessThan(1_000);
    expect(server.seen.map((s) => [s.hook, s.body['outcome']])).toEqual([
      ['quiesce', 'running'],
      ['remount', 'failed'],
    ]);
    expect(seriesOf(service)).toEqual([]);
  },
);

test('when hosts cannot be switched over, they are told that the old generation is in service again', async () => {
  const first = await (await service.startRefresh({ ...request, hooks: undefined })).result();
  server.answer('remount', { status: 422, body: 'mount failed' });
  const end = await ending(await service.startRefresh(request));
  expect(end).toMatchObject({
    ended: 'failed',
    message: expect.stringContaining('hook "remount" answered HTTP 422: mount failed'),
    details: { leftBehind: [], undone: expect.arrayContaining(['hook "remount" called, to resume']) },
  });
  expect(inGroup(service)).toEqual(idsOf(first));
  expect(server.seen.at(-1)).toMatchObject({
    hook: 'remount',
    body: { outcome: 'failed', inService: { generation: 1, volumes: first.volumes } },
  });
  const keys = server.seen.map((s) => s.headers['idempotency-key']);
  expect(new Set(keys).size).toBe(keys.length);
});
