import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { InvalidRequestError } from '../../contracts/faults.ts';
import { PARSE } from '../../contracts/parse.ts';
import { parseRunbookRequest } from '../../contracts/runbook/check.ts';
import { SAMPLES } from '../../scripts/reference/samples.ts';
import { startHookServer, type HookServer } from '../support/hook-server.ts';
import { ending } from '../support/invariants.ts';
import { startRunbook } from '../support/runbook.ts';
import { startFleet, type Fleet, type Service } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

/** Where no request may lead: it listens, and counts who comes. */
async function canary() {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on('error', () => {}).destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, url: `http://127.0.0.1:${port}/`, connections: () => connections, close: () => void server.close() };
}

let bird: Awaited<ReturnType<typeof canary>>;
let hooks: HookServer;
let fleet: Fleet;
let service: Service;

beforeAll(async () => {
  bird = await canary();
  hooks = await startHookServer(['app']);
  fleet = await startFleet({ hooks: hooks.hooks });
  service = await fleet.add({ simulator: { behaviour: { cloneSeconds: 0.2, youngVolumeSeconds: 0 } } });
});
afterAll(async () => {
  await fleet?.stop();
  await service?.stop();
  await hooks?.close();
  bird?.close();
});

type Json = Record<string, unknown>;
type Path = (string | number)[];

/** Where texts stand in a request; its cluster must stay, or nobody would serve it. */
function texts(value: unknown, path: Path = []): Path[] {
  if (typeof value === 'string') return [path];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, member]) => texts(member, [...path, key]));
}

function withText(request: unknown, path: Path, text: string): unknown {
  const copy = structuredClone(request);
  const at = path.slice(0, -1).reduce((node, key) => (node as Json)[key], copy) as Json;
  at[path.at(-1)!] = text;
  return copy;
}

const own = (request: unknown): unknown =>
  JSON.parse(JSON.stringify(request).replaceAll('"cluster":"lab"', `"cluster":"${service.alias}"`));

const accepts = (type: string, request: unknown): boolean => {
  try {
    if (type === 'runbook') parseRunbookRequest(request);
    else PARSE[type as keyof typeof PARSE](request);
    return true;
  } catch (err) {
    if (err instanceof InvalidRequestError) return false;
    throw err;
  }
};

/** An address in every text that takes one, and in every text at all. */
function poisoned(type: string, sample: unknown): { accepted: unknown; fields: number; refused: unknown } {
  const spellings = [bird.url, `//127.0.0.1:${bird.port}/`, `127.0.0.1:${bird.port}`, '127.0.0.1'];
  let [accepted, refused, fields] = [own(sample), own(sample), 0];
  for (const path of texts(sample)) {
    refused = withText(refused, path, bird.url);
    if (path.at(-1) === 'cluster' || path.at(-1) === 'requestId') continue;
    for (const spelling of spellings) {
      const next = withText(accepted, path, spelling);
      if (!accepts(type, next)) continue;
      accepted = next;
      fields += 1;
      break;
    }
  }
  return { accepted, fields, refused };
}

async function run(type: string, request: unknown) {
  const handle = await service.client.workflow.start(type, {
    workflowId: `test-addresses-${crypto.randomUUID()}`,
    taskQueue: service.taskQueue,
    args: [request],
  });
  return ending(handle);
}

/** Without the key, which others have too, and without a lease, which would go on. */
const alone = (type: string, request: unknown): Json => {
  const { requestId: _key, lease, leaseMax, leaseGrace, ...rest } = request as Json;
  return type === 'cloneLease' ? { ...rest, lease, leaseMax, leaseGrace } : rest;
};

describe('a request with addresses in its texts leads nowhere', () => {
  const types = [
    'cloneVolume',
    'cloneGroup',
    'cloneFanOut',
    'copyVolume',
    'undoCopy',
    'refreshClone',
    'cloneLease',
    'runbook',
  ];

  test.concurrent.each(types)('%s', async (type) => {
    let fields = 0;
    for (const sample of SAMPLES[type]!) {
      const made = poisoned(type, alone(type, sample));
      fields += made.fields;
      expect(await run(type, made.refused)).toMatchObject({ ended: 'failed', type: 'InvalidRequest' });
      // Most of these name what this cluster has not; what they are asked for is looked up on it all the same.
      const end = await run(type, made.accepted);
      expect(['completed', 'failed']).toContain(end.ended);
    }
    expect(fields).toBeGreaterThan(0);
    expect(bird.connections()).toBe(0);
  });

  test('also when it is carried out to its end', async () => {
    const { url } = bird;
    const clone = { cluster: service.alias, volumeID: 42, requestedBy: url, attributes: { url, [url]: url } };
    const done = [
      run('cloneVolume', { ...clone, name: url, snapshot: { name: url }, modify: { attributes: { url } } }),
      run('cloneGroup', { cluster: service.alias, requestedBy: url, volumes: [{ volumeID: 41, name: url }] }),
      run('cloneFanOut', { cluster: service.alias, volumeID: 43, requestedBy: url, clones: [{ name: url }] }),
      run('cloneVolume', { ...clone, name: 'by-key', requestId: url }),
    ];
    for (const end of await Promise.all(done)) expect(end).toMatchObject({ ended: 'completed' });
    expect(bird.connections()).toBe(0);
  });
});

describe('a hook', () => {
  test.concurrent.each([
    ['//127.0.0.1:PORT/x'],
    ['http://127.0.0.1:PORT/x'],
    ['/\\127.0.0.1:PORT/x'],
    ['/../../127.0.0.1:PORT/x'],
    ['/%2e%2e/%2e%2e/x'],
    ['@127.0.0.1:PORT/x'],
    ['?to=http://127.0.0.1:PORT/x'],
  ])('is called where the configuration says, with the path %s or not at all', async (template) => {
    const path = template.replace('PORT', String(bird.port));
    const step = { id: 'call', http: { hook: 'app', path, query: { to: bird.url }, body: { to: bird.url } } };
    await startRunbook(service, [step]).then(ending);
    expect(bird.connections()).toBe(0);
    for (const { hook } of hooks.seen) expect(hook).toMatch(/^app(\/|\?|$)/);
  });

  test.each([301, 302, 303, 307, 308])('that redirects by HTTP %i is not followed', async (status) => {
    hooks.answer(`app/redirect-${status}`, { status, location: bird.url });
    const end = await ending(
      await startRunbook(service, [{ id: 'call', http: { hook: 'app', path: `/redirect-${status}` } }]),
    );
    expect(end).toMatchObject({
      ended: 'failed',
      message: expect.stringContaining('redirects are not followed') as string,
    });
    expect(bird.connections()).toBe(0);
  });
});

test('the canary hears whoever comes', async () => {
  createConnection(bird.port, '127.0.0.1').on('error', () => {});
  await waitFor('the visit', () => bird.connections() > 0);
});
