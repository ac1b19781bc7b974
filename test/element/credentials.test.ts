import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { createElementClient, ElementAuthError, ElementTransportError } from '../../element/index.ts';
import { clientOf, failureOf, startApi, type ApiCall, type Reply } from './api-server.ts';

const SECRET = 'hunter2-Zq9';
const ENCODED = Buffer.from(`admin:${SECRET}`).toString('base64');
const fine = { result: { fullness: 'stage1Happy' } };
const unauthorized = { status: 401, body: '<html>Unauthorized</html>' };

const accepting =
  (...passwords: string[]) =>
  ({ login }: ApiCall): Reply =>
    passwords.some((p) => login === `admin:${p}`) ? fine : unauthorized;

/** Gives these passwords one after another, the last for ever. */
const rotating = (...passwords: string[]) => {
  const state = { reads: 0 };
  const credentials = () => ({
    username: 'admin',
    password: passwords[Math.min(state.reads++, passwords.length - 1)] ?? '',
  });
  return { state, credentials };
};

test('reads credentials at the first call and keeps them', async () => {
  const server = await startApi(accepting('one'));
  const { state, credentials } = rotating('one');
  const client = clientOf(server, { credentials });
  expect(state.reads).toBe(0);
  await Promise.all([1, 2, 3].map(() => client.getClusterFullThreshold({})));
  expect(state.reads).toBe(1);
});

test('reads rotated credentials after a 401, and the call does not notice', async () => {
  const valid = { password: 'old' };
  const server = await startApi((call) => accepting(valid.password)(call));
  const { state, credentials } = rotating('old', 'new');
  const client = clientOf(server, { credentials });
  await client.getClusterFullThreshold({});
  valid.password = 'new';
  await client.getClusterFullThreshold({});
  expect(state.reads).toBe(2);
});

test('calls that are refused together read rotated credentials once', async () => {
  const valid = { password: 'old' };
  const server = await startApi((call) => accepting(valid.password)(call));
  const { state, credentials } = rotating('old', 'new');
  const client = clientOf(server, { credentials });
  await client.getClusterFullThreshold({});
  valid.password = 'new';
  await Promise.all(Array.from({ length: 20 }, () => client.getClusterFullThreshold({})));
  expect(state.reads).toBe(2);
});

test('does not repeat refused credentials that the provider gives again', async () => {
  const server = await startApi(accepting());
  const client = clientOf(server, { credentials: rotating('wrong').credentials });
  const err = await failureOf(ElementAuthError, client.deleteVolume({ volumeID: 1 }));
  expect(err.message).toContain('refused the credentials of user "admin" (HTTP 401)');
  expect(err.mayHaveActed).toBe(false);
  expect(server.calls).toHaveLength(1);
});

test('tries other credentials once only', async () => {
  const server = await startApi(accepting());
  const client = clientOf(server, { credentials: rotating('a', 'b', 'c').credentials });
  await failureOf(ElementAuthError, client.getLimits({}));
  expect(server.calls.map((c) => c.login)).toEqual(['admin:a', 'admin:b']);
});

test('reads anew at the next call after credentials were refused', async () => {
  const server = await startApi(accepting('right'));
  const client = clientOf(server, { credentials: rotating('wrong', 'wrong', 'right').credentials });
  await failureOf(ElementAuthError, client.getClusterFullThreshold({}));
  await client.getClusterFullThreshold({});
  expect(server.calls.map((c) => c.login)).toEqual(['admin:wrong', 'admin:right']);
});

test('says when credentials cannot be read, and reads them again at the next call', async () => {
  const server = await startApi(accepting('right'));
  let there = false;
  const credentials = () => {
    if (!there) throw new Error('/run/secrets/lab is missing');
    return { username: 'admin', password: 'right' };
  };
  const client = clientOf(server, { credentials });
  const err = await failureOf(ElementTransportError, client.getClusterFullThreshold({}));
  expect(err).toMatchObject({ reason: 'credentials', mayHaveActed: false });
  expect(err.message).toContain('/run/secrets/lab is missing');
  there = true;
  await client.getClusterFullThreshold({});
});

test.each<[string, Reply]>([
  ['an answer', fine],
  ['HTTP 401', unauthorized],
  ['an error of the API', { error: { name: 'xNotPrimary', message: 'no' } }],
  ['a page', { status: 503, body: '<html>' }],
  ['another shape', { result: { fullness: 5 } }],
  ['a lost connection', (res) => res.socket?.destroy()],
  ['an answer that is no HTTP', (res) => void res.socket?.end('nonsense\r\n\r\n')],
])('shows the password nowhere after %s', async (_what, reply) => {
  const server = await startApi(() => reply);
  const told: unknown[] = [];
  const client = clientOf(server, {
    credentials: () => ({ username: 'admin', password: SECRET }),
    onCall: (info) => told.push(info),
  });
  const end: unknown = await client.getClusterFullThreshold({}).catch((err: unknown) => err);
  expectNoSecret([client, end, told]);
});

test('shows the password nowhere when there is no connection', async () => {
  const server = await startApi(() => fine);
  server.stop();
  const client = clientOf(server, { credentials: () => ({ username: 'admin', password: SECRET }) });
  expectNoSecret([client, await failureOf(ElementTransportError, client.getLimits({}))]);
});

test('shows no password that somebody wrote into the endpoint', async () => {
  const credentials = () => ({ username: 'admin', password: 'x' });
  const client = createElementClient({
    endpoint: `https://admin:${SECRET}@127.0.0.1:1`,
    apiVersion: '12.5',
    credentials,
  });
  expectNoSecret([await failureOf(ElementTransportError, client.getLimits({}))]);
  await client.close();
});

function expectNoSecret(things: unknown[]): void {
  for (const thing of things) {
    const everything =
      inspect(thing, { depth: Infinity, showHidden: true, getters: true, maxStringLength: null }) +
      (JSON.stringify(thing) ?? '') +
      String(thing) +
      (thing instanceof Error ? thing.stack : '');
    expect(everything).not.toContain(SECRET);
    expect(everything).not.toContain(ENCODED);
  }
}
