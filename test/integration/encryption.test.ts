import { randomBytes } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { run } from '../../client/cli/program.ts';
import { CloneClient } from '../../client/index.ts';
import { failureConverterPath } from '../../connection/index.ts';
import type { TemporalServer } from '../../scripts/temporal-server.ts';
import { fakeIo } from '../support/fake-io.ts';
import { startOwnTemporal } from '../support/own-temporal.ts';
import { productionWorkers, type ProductionWorkers } from '../support/production-workers.ts';
import { startService, type Service } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

/** In each request, and in an answer of the cluster. */
const SECRET = 'payroll-of-2026';

let dir: string;
let temporal: TemporalServer;
let service: Service;
let workers: ProductionWorkers;
let client: CloneClient;

const keys = { a: randomBytes(32).toString('base64'), b: randomBytes(32).toString('base64') };
const lines = (...ids: (keyof typeof keys)[]) => ids.map((id) => `${id} ${keys[id]}`).join('\n');
const writeKeys = async (text: string, name = 'keys') => {
  await writeFile(join(dir, 'next'), text);
  await rename(join(dir, 'next'), join(dir, name));
};

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'element-clone-encryption-'));
  await writeKeys(lines('a'));
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
    failureConverterPath,
    logger: { log() {}, trace() {}, debug() {}, info() {}, warn: console.warn, error: console.error },
  });
  await writeFile(join(dir, 'bundle.js'), code);
  // Of its own: whoever lists what is on a server must be able to read it.
  temporal = await startOwnTemporal();
  service = await startService({
    address: temporal.address,
    worker: false,
    simulator: {
      behaviour: { cloneSeconds: 1, youngVolumeSeconds: 0, copyRules: [{ name: 'long', cloneSeconds: 3_600 }] },
    },
  });
  vi.stubEnv('TEMPORAL_ADDRESS', service.address);
  vi.stubEnv('ELEMENT_CLONE_TASK_QUEUE', service.taskQueue);
  vi.stubEnv('ELEMENT_CLONE_ENCRYPTION_KEYS_FILE', join(dir, 'keys'));
  workers = await productionWorkers(service);
  workers.start('all', join(dir, 'bundle.js'));
  client = await CloneClient.connect();
});
afterAll(async () => {
  await client?.close();
  await workers?.stop();
  vi.unstubAllEnvs();
  await service?.stop();
  await temporal?.stop();
  await rm(dir, { recursive: true, force: true });
});

const request = (name: string) => ({
  ...{ cluster: 'lab', volumeID: 42, name },
  modify: { attributes: { note: SECRET } },
  requestedBy: `hr-${SECRET}`,
});

const cli = async (...args: string[]) => {
  const io = fakeIo();
  const code = await run([...args, '--output', 'json'], io);
  return { code, out: io.stdout(), text: io.stdout() + io.stderr() };
};

/** Everything that Temporal holds of a run, bytes as text. */
const inClear = async (id: string): Promise<string> => {
  const history = await service.client.workflow.getHandle(id).fetchHistory();
  // Not by describe(), which decodes the memo.
  const description = await service.client.workflowService.describeWorkflowExecution({
    namespace: 'default',
    execution: { workflowId: id },
  });
  return textOf(history) + textOf(description);
};

function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return `${Buffer.from(value).toString()}\n`;
  if (value !== null && typeof value === 'object')
    return Object.entries(value)
      .map(([k, v]) => `${k}\n${textOf(v)}`)
      .join('');
  return `${String(value)}\n`;
}

test('a clone is made, watched and listed as without encryption, and Temporal holds nothing of it in clear', async () => {
  const clone = await client.start(request('sealed'));
  const { volumeID } = await clone.result();
  expect(JSON.parse((await cli('show', clone.workflowId)).out)).toMatchObject({
    request: { name: 'sealed', requestedBy: `hr-${SECRET}` },
    result: { volumeID },
  });
  expect((await cli('watch', clone.workflowId)).code).toBe(0);
  // Of all that there is on the server, as soon as it is listed.
  await waitFor('it to be listed', async () => (await cli('list', '--limit', '1000')).out.includes(SECRET));
  const held = await inClear(clone.workflowId);
  expect(held).toContain('binary/encrypted');
  expect(held).not.toContain(SECRET);
});

test('a failure is read by who has the keys, and by nobody else', async () => {
  const { faults } = service.simulator.cluster;
  const fault = {
    kind: 'error',
    method: 'ModifyVolume',
    name: 'xUnknownAccount',
    message: `no ${SECRET}`,
    count: 1,
  } as const;
  faults.append([fault]);
  const clone = await client.start(request('failing'));
  const why = new RegExp(`xUnknownAccount: no ${SECRET}\\.`);
  await expect(clone.result()).rejects.toThrow(why);
  expect((await cli('watch', clone.workflowId)).text).toMatch(why);
  const held = await inClear(clone.workflowId);
  expect(held).toContain('Encoded failure');
  expect(held).not.toContain(SECRET);
});

test('a key is renewed while a clone runs: it goes on, and what comes next has the new key', async () => {
  await writeKeys(lines('a'));
  const clone = await client.start(request('long'));
  await waitFor('the copy', async () => (await clone.describe()).pendingStep?.step === 'awaitClone');
  await writeKeys(lines('b', 'a'));
  await waitFor('a look with the new key', async () => (await inClear(clone.workflowId)).includes('\nb\n'));
  expect(JSON.parse((await cli('show', clone.workflowId)).out)).toMatchObject({ pendingStep: { step: 'awaitClone' } });
  expect((await cli('cancel', clone.workflowId)).code).toBe(0);
  expect(
    service.simulator.cluster.state().volumes.filter((v) => v['name'] === 'long' && v.status !== 'deleted'),
  ).toEqual([]);
  expect(await inClear(clone.workflowId)).not.toContain(SECRET);
});

test('leases, groups, fan-outs and schedules work, and hold nothing in clear', async () => {
  const leased = await client.start({ ...request('leased'), lease: '72h' });
  const { lease } = await leased.result();
  await client.leases.extend(lease!.workflowID, { by: '24h' });
  expect((await cli('list', '--leases')).code).toBe(0);
  const { name: _name, ...all } = request('');
  const fan = await client.startFanOut({ ...all, clones: [{ name: 'f-1' }, { name: 'f-2' }] });
  for await (const view of fan.progress()) expect(view.phase).not.toBe('failed');
  expect((await fan.result()).succeeded).toHaveLength(2);
  const { volumeID: _id, ...ofGroup } = all;
  const group = await client.startGroup({ ...ofGroup, volumes: [{ volumeID: 41 }, { volumeID: 43 }] });
  await group.result();
  const id = `nightly-${service.taskQueue}`;
  await client.schedules.create({ id, type: 'cloneVolume', request: request('nightly'), every: '30d' });
  await client.schedules.trigger(id);
  const ran = await waitFor('its run', async () =>
    (await client.schedules.describe(id)).last.find((r) => r.workflowId),
  );
  await client.schedules.delete(id);
  for (const workflowId of [lease!.workflowID, fan.workflowId, group.workflowId, ran.workflowId!]) {
    const held = await inClear(workflowId);
    expect(held).toContain('binary/encrypted');
    expect(held).not.toContain(SECRET);
  }
});

test('whoever lacks a key is told which one', async () => {
  const clone = await client.start(request('unread'));
  await clone.result();
  await writeKeys(`other ${randomBytes(32).toString('base64')}`, 'others');
  vi.stubEnv('ELEMENT_CLONE_ENCRYPTION_KEYS_FILE', join(dir, 'others'));
  const { code, text } = await cli('show', clone.workflowId);
  vi.stubEnv('ELEMENT_CLONE_ENCRYPTION_KEYS_FILE', '');
  const without = await cli('show', clone.workflowId);
  vi.stubEnv('ELEMENT_CLONE_ENCRYPTION_KEYS_FILE', join(dir, 'keys'));
  expect([code, without.code]).toEqual([1, 1]);
  expect(without.text).toContain('encrypted, and this process has no keys; set ELEMENT_CLONE_ENCRYPTION_KEYS_FILE');
  expect(text).toMatch(/encrypted with the key \\?"[ab]\\?", and .*others has only other; add that key/);
});
