import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { ElementTransportError } from '../../element/index.ts';
import { makeCertificates } from '../../simulator/certificates.ts';
import { clientOf, failureOf, startApi } from './api-server.ts';

const fine = () => ({ result: { fullness: 'stage1Happy' } });

/** The end of a call that goes to a server which speaks no Element API. */
async function callTo(server: ReturnType<typeof createServer>, ca = '', timeoutMs?: number) {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const endpoint = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const api = clientOf(await startApi(fine), {
    endpoint,
    tls: { ca },
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  return failureOf(ElementTransportError, api.cloneVolume({ volumeID: 42, name: 'db-uat' }));
}

const onHello = (act: (socket: Socket) => void) =>
  createServer((socket) => socket.on('error', () => {}).once('data', () => act(socket)));

test('knows that a call cannot have acted when the connection ends before TLS is up', async () => {
  const err = await callTo(onHello((socket) => socket.end()));
  expect(err).toMatchObject({ reason: 'tls', mayHaveActed: false });
});

test('knows that a call cannot have acted when the connection is reset before TLS is up', async () => {
  const err = await callTo(onHello((socket) => socket.resetAndDestroy()));
  expect(err).toMatchObject({ mayHaveActed: false });
});

test('knows that a call cannot have acted when TLS does not come up in time', async () => {
  const open: Socket[] = [];
  onTestFinished(() => open.forEach((socket) => socket.destroy()));
  const err = await callTo(
    onHello((socket) => open.push(socket)),
    '',
    100,
  );
  expect(err).toMatchObject({ mayHaveActed: false });
  expect(err.message).toContain('no connection to https://127.0.0.1');
});

test('takes what does not speak HTTP for a call that may have acted', async () => {
  const { caPem, certificatePem, privateKeyPem } = makeCertificates();
  const server = createTlsServer({ cert: certificatePem, key: privateKeyPem }, (socket) =>
    socket.once('data', () => socket.end('SSH-2.0-OpenSSH_9.6\r\n')),
  );
  expect(await callTo(server, caPem)).toMatchObject({ reason: 'http', mayHaveActed: true });
});

test.each([301, 500, 502, 504])('takes a page with HTTP %i for a call that may have acted', async (status) => {
  const server = await startApi(() => ({ status, body: '<html>try again</html>' }));
  const err = await failureOf(ElementTransportError, clientOf(server).deleteVolume({ volumeID: 9 }));
  expect(err).toMatchObject({ reason: 'http', httpStatus: status, mayHaveActed: true });
  expect(err.message).toBe(`DeleteVolume of volumeID 9: HTTP ${status} without an answer of the Element API`);
});

test('a call whose signal was aborted beforehand is not made', async () => {
  const server = await startApi(fine);
  const call = clientOf(server).deleteVolume({ volumeID: 1 }, { signal: AbortSignal.abort() });
  expect(await failureOf(ElementTransportError, call)).toMatchObject({ reason: 'aborted', mayHaveActed: false });
  expect(server.calls).toEqual([]);
});

test('makes calls that follow one another over one connection', async () => {
  const server = await startApi(fine);
  const client = clientOf(server, { maxConnections: 1 });
  for (let i = 0; i < 10; i++) await client.getClusterFullThreshold({});
  expect(server.connections()).toBe(1);
});
