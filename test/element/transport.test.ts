import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import {
  createElementClient,
  ElementApiError,
  ElementProtocolError,
  ElementTransportError,
  type CallInfo,
} from '../../element/index.ts';
import { waitFor } from '../support/wait.ts';
import { clientOf, failureOf, startApi, type Reply } from './api-server.ts';

const never: Reply = () => {};
const limits = { fullness: 'stage1Happy' };

test('posts one JSON-RPC request with the credentials to the path of the API version', async () => {
  const server = await startApi(() => ({ result: limits }));
  await clientOf(server, { userAgent: 'nightly/1.0' }).getClusterFullThreshold({});
  const [call] = server.calls;
  expect(call).toMatchObject({ method: 'GetClusterFullThreshold', params: {}, path: '/json-rpc/12.5' });
  expect(call?.login).toBe('admin:correct horse');
  expect(call?.headers).toMatchObject({ 'content-type': 'application/json-rpc', 'user-agent': 'nightly/1.0' });
});

test('keeps connections open for the next call', async () => {
  const server = await startApi(() => ({ result: limits }));
  const client = clientOf(server);
  for (let i = 0; i < 10; i++) await client.getClusterFullThreshold({});
  // A second one is made when a call comes before the first has been given back.
  expect(server.connections()).toBeLessThanOrEqual(2);
});

test('keeps no more connections than it may, and makes the other calls wait', async () => {
  let running = 0;
  let most = 0;
  const server = await startApi(() => (res) => {
    most = Math.max(most, ++running);
    setImmediate(() => {
      running -= 1;
      res.end(JSON.stringify({ result: limits }));
    });
  });
  const client = clientOf(server, { maxConnections: 3 });
  await Promise.all(Array.from({ length: 30 }, () => client.getClusterFullThreshold({})));
  expect(server.calls).toHaveLength(30);
  expect(server.connections()).toBeLessThanOrEqual(3);
  expect(most).toBeLessThanOrEqual(3);
});

test('says which call the cluster refused, and about what', async () => {
  const server = await startApi(() => ({
    error: { code: 500, name: 'xVolumeIDDoesNotExist', message: 'VolumeID 42 does not exist.' },
  }));
  const attributes = { note: 'not for messages' };
  const err = await failureOf(
    ElementApiError,
    clientOf(server).cloneVolume({ volumeID: 42, name: 'db-uat', attributes }),
  );
  expect(err.message).toBe(
    'CloneVolume of volumeID 42, name "db-uat" failed with xVolumeIDDoesNotExist: VolumeID 42 does not exist.',
  );
  expect(err).toMatchObject({ method: 'CloneVolume', apiName: 'xVolumeIDDoesNotExist', code: 500 });
});

test('names a few of many volumes', async () => {
  const server = await startApi(() => ({ error: { name: 'xSomething' } }));
  const volumes = [1, 2, 3, 4, 5, 6, 7].map((volumeID) => ({ volumeID, attributes: { long: 'x'.repeat(1_000) } }));
  const err = await failureOf(ElementApiError, clientOf(server).cloneMultipleVolumes({ volumes }));
  expect(err.message).toBe('CloneMultipleVolumes of volumes 1+2+3+4+5 and 2 more failed with xSomething');
});

test.each<[string, Reply, Partial<ElementTransportError>]>([
  ['an HTML page', { status: 200, body: '<html>' }, { reason: 'notJson', httpStatus: 200, mayHaveActed: true }],
  ['JSON of another kind', { status: 200, body: '[1]' }, { reason: 'notJson', mayHaveActed: true }],
  ['an empty body', { status: 200, body: '' }, { reason: 'notJson', mayHaveActed: true }],
  ['HTTP 503', { status: 503, body: '<html>' }, { reason: 'http', httpStatus: 503, mayHaveActed: true }],
  ['HTTP 404', { status: 404, body: '<html>' }, { reason: 'http', httpStatus: 404, mayHaveActed: false }],
  ['HTTP 403', { status: 403, body: '{}' }, { reason: 'http', httpStatus: 403, mayHaveActed: false }],
  ['a lost connection', (res) => res.socket?.destroy(), { reason: 'reset', mayHaveActed: true }],
  [
    'half an answer',
    (res) => void res.writeHead(200, { 'content-length': '100' }).write('{"re', () => res.socket?.destroy()),
    { reason: 'reset', mayHaveActed: true },
  ],
])('tells %s from an answer', async (_what, reply, expected) => {
  const server = await startApi(() => reply);
  const err = await failureOf(ElementTransportError, clientOf(server).deleteVolume({ volumeID: 9 }));
  expect(err).toMatchObject({ method: 'DeleteVolume', ...expected });
  expect(err.message).toContain('DeleteVolume of volumeID 9: ');
});

test.each<[string, Reply, string]>([
  ['to another request', { result: {}, id: 999_999 }, 'id'],
  ['with an error that is none', { error: 'no' }, 'error'],
  ['with neither result nor error', { error: null }, 'result'],
])('refuses an answer %s', async (_what, reply, path) => {
  const server = await startApi(() => reply);
  const err = await failureOf(ElementProtocolError, clientOf(server).deleteVolume({ volumeID: 9 }));
  expect(err).toMatchObject({ method: 'DeleteVolume', path });
});

test('takes an error of the API that comes with an HTTP status of its own', async () => {
  const server = await startApi(() => ({ status: 500, body: '{"error":{"name":"xDBVersionMismatch"}}' }));
  const err = await failureOf(ElementApiError, clientOf(server).getLimits({}));
  expect(err.apiName).toBe('xDBVersionMismatch');
});

test('gives up an answer that grows beyond the bound', async () => {
  const server = await startApi(() => ({ result: 'x'.repeat(100_000) }));
  const client = clientOf(server, { maxAnswerBytes: 50_000 });
  const err = await failureOf(ElementTransportError, client.getLimits({}));
  expect(err).toMatchObject({ reason: 'tooLarge', mayHaveActed: true });
});

test('a call that is out when its time is up may have acted', async () => {
  const server = await startApi(({ method }) => (method === 'DeleteVolume' ? never : { result: limits }));
  const client = clientOf(server, { maxConnections: 1 });
  await client.getClusterFullThreshold({});
  const err = await failureOf(ElementTransportError, client.deleteVolume({ volumeID: 1 }, { timeoutMs: 100 }));
  expect(err).toMatchObject({ reason: 'timeout', mayHaveActed: true });
  expect(err.message).toBe(`DeleteVolume of volumeID 1: no answer from ${server.endpoint} within 0.1 s`);
});

test('a call that was still in line when its time was up cannot have acted', async () => {
  const server = await startApi(() => never);
  const client = clientOf(server, { maxConnections: 1 });
  const first = failureOf(ElementTransportError, client.getLimits({}));
  await waitFor('the first call', () => server.calls.length === 1);
  const err = await failureOf(ElementTransportError, client.deleteVolume({ volumeID: 1 }, { timeoutMs: 100 }));
  expect(err).toMatchObject({ reason: 'timeout', mayHaveActed: false });
  await client.close();
  expect(await first).toMatchObject({ reason: 'aborted', mayHaveActed: true });
  expect(server.calls).toHaveLength(1);
});

test('a call in line that is given up is not made when its turn comes', async () => {
  const held: (() => void)[] = [];
  const server = await startApi(() => (res) => held.push(() => res.end(JSON.stringify({ result: limits }))));
  const client = clientOf(server, { maxConnections: 1 });
  const first = client.getClusterFullThreshold({});
  await waitFor('the first call', () => held.length === 1);
  const stop = new AbortController();
  const second = failureOf(ElementTransportError, client.deleteVolume({ volumeID: 1 }, { signal: stop.signal }));
  stop.abort();
  expect(await second).toMatchObject({ reason: 'aborted', mayHaveActed: false });
  held[0]?.();
  await first;
  const third = client.getClusterFullThreshold({});
  await waitFor('the third call', () => held.length === 2);
  held[1]?.();
  await third;
  expect(server.calls.map((c) => c.method)).not.toContain('DeleteVolume');
});

test('ends a call when its signal says so, whatever the reason given with it', async () => {
  const server = await startApi(() => never);
  const client = clientOf(server);
  const stop = new AbortController();
  const call = failureOf(ElementTransportError, client.getLimits({}, { signal: stop.signal }));
  await waitFor('the call', () => server.calls.length === 1);
  stop.abort(Object.assign(new Error('shutting down'), { code: 'ECONNREFUSED' }));
  expect(await call).toMatchObject({ reason: 'aborted', mayHaveActed: true });
  const late = await failureOf(ElementTransportError, client.getLimits({}, { signal: stop.signal }));
  expect(late).toMatchObject({ reason: 'aborted', mayHaveActed: false });
  expect(server.calls).toHaveLength(1);
});

test('knows that a call cannot have acted where nothing listens', async () => {
  const server = await startApi(() => never);
  server.stop();
  const err = await failureOf(ElementTransportError, clientOf(server).getLimits({}));
  expect(err).toMatchObject({ reason: 'connect', mayHaveActed: false });
  expect(err.message).toBe(`GetLimits: no connection to ${server.endpoint} (ECONNREFUSED)`);
});

test('knows that a call cannot have acted when the name has no address', async () => {
  const server = await startApi(() => never);
  const client = clientOf(server, { endpoint: 'https://cluster.invalid' });
  const err = await failureOf(ElementTransportError, client.getLimits({}));
  expect(err).toMatchObject({ reason: 'dns', mayHaveActed: false });
});

test('knows that a call cannot have acted when something else than TLS answers', async () => {
  const plain = createServer((socket) => socket.on('error', () => {}).end('220 mail.example.com ESMTP\r\n'));
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void plain.close());
  const server = await startApi(() => never);
  const endpoint = `https://127.0.0.1:${(plain.address() as AddressInfo).port}`;
  const err = await failureOf(ElementTransportError, clientOf(server, { endpoint }).getLimits({}));
  expect(err).toMatchObject({ reason: 'tls', mayHaveActed: false });
  expect(err.message).toContain('no secure connection');
});

test('a closed client makes no calls', async () => {
  const server = await startApi(() => ({ result: limits }));
  const client = clientOf(server);
  await client.close();
  const err = await failureOf(ElementTransportError, client.getLimits({}));
  expect(err).toMatchObject({ reason: 'aborted', mayHaveActed: false });
});

test.each(['http://10.0.0.5', '10.0.0.5', 'https://'])('refuses %s as an endpoint', (endpoint) => {
  const credentials = () => ({ username: 'admin', password: 'x' });
  expect(() => createElementClient({ endpoint, credentials })).toThrow(TypeError);
});

test('takes an endpoint with a slash at its end', async () => {
  const server = await startApi(() => ({ result: limits }));
  await clientOf(server, { endpoint: `${server.endpoint}/` }).getClusterFullThreshold({});
  expect(server.calls[0]?.path).toBe('/json-rpc/12.5');
});

test('reports each call once, by name and without parameters, and survives a reporter that throws', async () => {
  const server = await startApi(({ method }) =>
    method === 'GetClusterFullThreshold' ? { result: limits } : { error: { name: 'xNotPrimary', message: 'secret' } },
  );
  const seen: CallInfo[] = [];
  const onCall = (info: CallInfo) => {
    seen.push(info);
    throw new Error('the metrics are broken');
  };
  const client = clientOf(server, { onCall });
  await client.getClusterFullThreshold({});
  await failureOf(ElementApiError, client.createSnapshot({ volumeID: 5, name: 'private' }));
  expect(seen).toEqual([
    { method: 'GetClusterFullThreshold', outcome: 'ok', durationMs: expect.any(Number) as number },
    {
      method: 'CreateSnapshot',
      outcome: 'transient',
      errorName: 'xNotPrimary',
      durationMs: expect.any(Number) as number,
    },
  ]);
});

test('sees how far the clock of the cluster is from ours', async () => {
  const server = await startApi(() => (res) => {
    res.setHeader('date', new Date(Date.now() + 3_600_000).toUTCString());
    res.end(JSON.stringify({ result: limits }));
  });
  const client = clientOf(server);
  expect(client.clockSkewMs()).toBeUndefined();
  await client.getClusterFullThreshold({});
  expect(Math.round((client.clockSkewMs() ?? 0) / 600_000)).toBe(6);
});
