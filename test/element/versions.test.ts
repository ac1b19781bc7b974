import { expect, test } from 'vitest';
import { compareVersions, ElementTransportError, minimumApiVersion } from '../../element/index.ts';
import { negotiate } from '../../element/versions.ts';
import { waitFor } from '../support/wait.ts';
import { clientOf, failureOf, startApi, type Reply } from './api-server.ts';

const versions: Reply = { result: { currentVersion: '12.3', supportedVersions: ['7.0', '9.6', '12.0', '12.3'] } };
const fine: Reply = { result: { fullness: 'stage1Happy' } };

test.each<[string, string, number]>([
  ['9.6', '10.0', -1],
  ['12.10', '12.9', 1],
  ['12.5', '12.5', 0],
  ['12', '12.0', 0],
])('puts %s and %s in order', (a, b, sign) => {
  expect(Math.sign(compareVersions(a, b))).toBe(sign);
});

test('takes the newest version that both sides know, else the one the cluster runs', () => {
  expect(negotiate(['9.6', '12.3', '10.0', '99.0'], '99.0')).toBe('12.3');
  expect(negotiate(['99.0', '98.0'], '99.0')).toBe('99.0');
});

test('knows since when there is what preflight asks for', () => {
  expect(minimumApiVersion).toMatchObject({
    CloneVolume: '9.6',
    'CloneVolume.enableSnapMirrorReplication': '10.0',
    'ModifyVolume.qosPolicyID': '10.0',
  });
});

test('negotiates once for many calls', async () => {
  const server = await startApi(({ method }) => (method === 'GetAPI' ? versions : fine));
  const client = clientOf(server, { apiVersion: undefined });
  await Promise.all([1, 2, 3].map(() => client.getClusterFullThreshold({})));
  expect(server.calls.map((c) => `${c.method} ${c.path}`).sort()).toEqual([
    'GetAPI /json-rpc/7.0',
    ...Array.from({ length: 3 }, () => 'GetClusterFullThreshold /json-rpc/12.3'),
  ]);
  expect(await client.apiVersion()).toBe('12.3');
});

test('negotiates with a cluster that writes its versions as numbers', async () => {
  const server = await startApi(() => ({ result: { currentVersion: 12, supportedVersions: [11.8, 12] } }));
  const client = clientOf(server, { apiVersion: undefined });
  expect(await client.apiVersion()).toBe('12.0');
});

test('a call that failed in the negotiation was not made, and the next one negotiates again', async () => {
  const server = await startApi(({ method }) => {
    if (method !== 'GetAPI') return fine;
    return server.calls.length === 1 ? (res) => res.socket?.destroy() : versions;
  });
  const client = clientOf(server, { apiVersion: undefined });
  const err = await failureOf(ElementTransportError, client.cloneVolume({ volumeID: 1, name: 'x' }));
  expect(err).toMatchObject({ method: 'GetAPI', reason: 'reset', mayHaveActed: false });
  await client.getClusterFullThreshold({});
});

test('a caller who leaves during the negotiation leaves it to the others', async () => {
  const held: (() => void)[] = [];
  const server = await startApi(({ id, method }) =>
    method === 'GetAPI' ? (res) => held.push(() => res.end(JSON.stringify({ id, ...versions }))) : fine,
  );
  const client = clientOf(server, { apiVersion: undefined });
  const stop = new AbortController();
  const leaving = failureOf(ElementTransportError, client.deleteVolume({ volumeID: 1 }, { signal: stop.signal }));
  const staying = client.getClusterFullThreshold({});
  await waitFor('the negotiation', () => held.length === 1);
  stop.abort();
  expect(await leaving).toMatchObject({ reason: 'aborted', mayHaveActed: false });
  held[0]?.();
  await staying;
  expect(server.calls.map((c) => c.method)).toEqual(['GetAPI', 'GetClusterFullThreshold']);
});
