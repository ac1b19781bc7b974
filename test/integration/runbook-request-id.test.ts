import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CloneClient, RequestConflictError } from '../../client/index.ts';
import type { RunbookRequest, RunbookStep } from '../../contracts/runbook/types.ts';
import { workflowIDForRequest } from '../../contracts/workflow-id.ts';
import { startHookServer, type HookServer } from '../support/hook-server.ts';
import { ending } from '../support/invariants.ts';
import { decide, startRunbook, untilStep, type Runbook } from '../support/runbook.ts';
import { startService, type Service } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

let server: HookServer;
let service: Service;
let client: CloneClient;
beforeAll(async () => {
  server = await startHookServer(['app']);
  service = await startService({ hooks: server.hooks });
  client = new CloneClient(service.client, { taskQueue: service.taskQueue });
});
afterAll(async () => {
  await service?.stop();
  await server?.close();
});

const newKey = () => `key-${randomUUID()}`;
const asked = (key: string) => server.seen.filter((s) => s.hook === `app/${key}`).length;
const inputs = { n: { type: 'integer', default: 1 } } as const;
const outputs = { n: '${inputs.n}', status: '${steps.call.status}' };

/** An approval, and a call after it. */
const stepsOf = (key: string): RunbookStep[] => [
  { id: 'ok', approval: { from: ['dba'] } },
  { id: 'call', needs: ['ok'], http: { hook: 'app', path: `/${key}` } },
];
/** As another SDK does: under an ID of its own. */
const start = (key: string, values = {}, more: { steps?: RunbookStep[]; name?: string } = {}) => {
  const { steps = stepsOf(key), ...rest } = more;
  const workflowId = `theirs-${randomUUID()}`;
  return startRunbook(service, steps, { inputs, outputs, requestId: key, workflowId, ...rest }, values);
};
const holderOf = (key: string) => service.client.workflow.getHandle<Runbook>(workflowIDForRequest(key));
const approve = async (key: string) => {
  await waitFor('the run under the key', () => holderOf(key).describe());
  await untilStep(holderOf(key), 'ok', 'waiting');
  await decide(holderOf(key), { step: 'ok', decision: 'approve', who: 'dba' });
};
const requestOf = (key: string): RunbookRequest => ({
  runbook: { name: 'test', cluster: 'lab', inputs, steps: stepsOf(key), outputs },
  requestId: key,
});
const CONFLICT = {
  ended: 'failed',
  type: 'RequestConflict',
  message: expect.stringMatching(/was used before for a different request \(clone-for-request-.*use a new key/),
};

describe.concurrent('the same requestId never runs a runbook twice', () => {
  test('two workflows at once, and a third one later, share one run', async () => {
    const key = newKey();
    const [a, b] = await Promise.all([start(key), start(key)]);
    await approve(key);
    const result = await holderOf(key).result();
    expect(await Promise.all([a.result(), b.result()])).toEqual([result, result]);
    expect(await (await start(key)).result()).toEqual(result);
    expect(result.outputs).toEqual({ n: 1, status: 200 });
    expect(asked(key)).toBe(1);
  });

  test('another document, or other inputs, are refused while it runs and when it is done', async () => {
    const key = newKey();
    const first = await start(key, { n: 2 });
    await waitFor('the run under the key', () => holderOf(key).describe());
    const others = () =>
      Promise.all([
        start(key, { n: 3 }),
        start(key, { n: 2 }, { name: 'other' }),
        start(key, { n: 2 }, { steps: stepsOf(`${key}-other`) }),
      ]);
    for (const other of await others()) expect(await ending(other)).toMatchObject(CONFLICT);
    await approve(key);
    expect((await first.result()).outputs).toMatchObject({ n: 2 });
    for (const other of await others()) expect(await ending(other)).toMatchObject(CONFLICT);
    expect([asked(key), asked(`${key}-other`)]).toEqual([1, 0]);
  });

  test('the client joins what runs and what is done, and is refused another document, whoever began it', async () => {
    const key = newKey();
    const begun = await client.runbooks.start(requestOf(key));
    const joined = await client.runbooks.start(requestOf(key));
    expect({ begun: begun.joined, joined: joined.joined }).toEqual({ begun: false, joined: true });
    const other = { ...requestOf(key), inputs: { n: 7 } };
    await expect(client.runbooks.start(other)).rejects.toThrow(
      `(${begun.workflowId}: another inputs.n); use a new key, or repeat the request unchanged`,
    );
    await approve(key);
    expect(await joined.result()).toEqual(await begun.result());
    expect(await client.runbooks.run(requestOf(key))).toEqual(await begun.result());
    await expect(client.runbooks.start(other)).rejects.toBeInstanceOf(RequestConflictError);

    // Under the ID of the key and without a memo, as "temporal workflow start" leaves it.
    const plain = newKey();
    const run = await startRunbook(service, stepsOf(plain), { inputs, outputs, requestId: plain });
    expect((await client.runbooks.start(requestOf(plain))).joined).toBe(true);
    const another = { ...requestOf(plain), runbook: { ...requestOf(plain).runbook, timeout: '1h' } };
    await expect(client.runbooks.start(another)).rejects.toMatchObject({
      ...{ code: 'REQUEST_CONFLICT', workflowId: run.workflowId },
      message: expect.stringContaining('another runbook.timeout'),
    });
    await run.cancel();
    expect(await ending(run)).toEqual({ ended: 'cancelled' });
  });

  test('a key whose run failed or was cancelled may be used again, also for another document', async () => {
    const key = newKey();
    const first = await start(key);
    await waitFor('the run under the key', () => holderOf(key).describe());
    await untilStep(holderOf(key), 'ok', 'waiting');
    await decide(holderOf(key), { step: 'ok', decision: 'reject', who: 'dba', comment: 'not today' });
    expect(await ending(first)).toMatchObject({
      ...{ ended: 'failed', type: 'RunbookFailed', details: { step: 'ok' } },
      message: expect.stringContaining('not today'),
    });
    const second = await start(key, { n: 2 });
    await waitFor(
      'the second run under the key',
      async () => (await holderOf(key).describe()).status.name === 'RUNNING',
    );
    await second.cancel();
    expect(await ending(second)).toEqual({ ended: 'cancelled' });
    const third = await start(key, { n: 3 });
    await waitFor(
      'the third run under the key',
      async () => (await holderOf(key).describe()).status.name === 'RUNNING',
    );
    await approve(key);
    expect((await third.result()).outputs).toEqual({ n: 3, status: 200 });
    expect(asked(key)).toBe(1);
  });

  test('who waits for the run of another hears that it was cancelled, and cancelling who waits leaves it alone', async () => {
    const key = newKey();
    const first = await start(key);
    await waitFor('the run under the key', () => holderOf(key).describe());
    const [waits, leaves] = [await start(key), await start(key)];
    for (const run of [waits, leaves]) {
      await waitFor('the wait for the run', async () =>
        (await run.describe()).raw.pendingActivities?.some((a) => a.activityType?.name === 'joinRequest'),
      );
    }
    await leaves.cancel();
    expect(await ending(leaves)).toEqual({ ended: 'cancelled' });
    expect((await holderOf(key).describe()).status.name).toBe('RUNNING');
    await first.cancel();
    expect(await ending(first)).toEqual({ ended: 'cancelled' });
    expect(await ending(waits)).toMatchObject({ ended: 'failed', message: expect.stringContaining('was cancelled') });
    expect(asked(key)).toBe(0);
  });
});
