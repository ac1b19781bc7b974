import { createServer as createHttpServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { ElementTransportError } from '../../element/index.ts';
import { connect, failureOf, listen, startElementServer, type Reply } from '../support/element-server.ts';

const answering = (reply: Reply) => startElementServer(() => reply);

/** The transport error of one CloneVolume, the call for which it matters whether it acted. */
async function faultOf(endpoint: string, options: Parameters<typeof connect>[1] = {}): Promise<ElementTransportError> {
  const err = await failureOf(connect(endpoint, options).cloneVolume({ volumeID: 42, name: 'db-uat' }));
  expect(err).toBeInstanceOf(ElementTransportError);
  expect(err.message).toMatch(/^CloneVolume of volumeID 42, name "db-uat": /);
  return err as ElementTransportError;
}

describe('a call that never left this machine has had no effect', () => {
  test('when the connection is refused', async () => {
    const closed = createTcpServer();
    const port = await listen(closed);
    await new Promise((resolve) => closed.close(resolve));
    const err = await faultOf(`https://127.0.0.1:${port}`);
    expect(err).toMatchObject({ reason: 'connect', mayHaveActed: false });
    expect(err.detail).toBe(`no connection to https://127.0.0.1:${port} (ECONNREFUSED)`);
  });

  test('when the name has no address', async () => {
    const err = await faultOf('https://cluster.invalid');
    expect(err).toMatchObject({ reason: 'dns', mayHaveActed: false });
    expect(err.detail).toContain('the name in https://cluster.invalid cannot be resolved');
  });

  test('when the connection is cut before TLS is up', async () => {
    const port = await listen(createTcpServer((socket) => socket.once('data', () => socket.end())));
    expect(await faultOf(`https://127.0.0.1:${port}`)).toMatchObject({ reason: 'tls', mayHaveActed: false });
  });

  test('when the connection is reset before TLS is up', async () => {
    const port = await listen(createTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy())));
    expect((await faultOf(`https://127.0.0.1:${port}`)).mayHaveActed).toBe(false);
  });

  test('when the port does not speak TLS, and the message asks for the address', async () => {
    const port = await listen(createHttpServer((_req, res) => res.end()));
    const err = await faultOf(`https://127.0.0.1:${port}`);
    expect(err).toMatchObject({ reason: 'tls', mayHaveActed: false });
    expect(err.detail).toContain("is this the address and port of the cluster's API?");
  });

  test('when TLS does not come up in time', async () => {
    const port = await listen(createTcpServer());
    const err = await faultOf(`https://127.0.0.1:${port}`, { timeoutMs: 100 });
    expect(err.mayHaveActed).toBe(false);
    expect(err.detail).toContain(`no connection to https://127.0.0.1:${port}`);
  });

  test('when it was aborted before it began', async () => {
    const server = await answering({ result: {} });
    const err = await failureOf(
      connect(server.endpoint).deleteVolume({ volumeID: 1 }, { signal: AbortSignal.abort() }),
    );
    expect(err).toMatchObject({ reason: 'aborted', mayHaveActed: false });
    expect(server.received).toEqual([]);
  });

  test('when its time ran out while it stood in line for a connection', async () => {
    const server = await answering('hang');
    const client = connect(server.endpoint, { maxConnections: 1 });
    const leave = new AbortController();
    const first = failureOf(client.deleteVolume({ volumeID: 1 }, { signal: leave.signal }));
    const second = await failureOf(client.deleteVolume({ volumeID: 2 }, { timeoutMs: 300 }));
    expect(second).toMatchObject({ reason: 'timeout', mayHaveActed: false });
    leave.abort();
    expect(await first).toMatchObject({ reason: 'aborted' });
    expect(server.received.map((r) => r.params['volumeID'])).not.toContain(2);
  });

  test.each([403, 404])('when the front of the API answers HTTP %i', async (status) => {
    const server = await answering({ status, body: '<html>no</html>' });
    const err = await faultOf(server.endpoint);
    expect(err).toMatchObject({ reason: 'http', httpStatus: status, mayHaveActed: false });
    expect(err.detail).toContain(`HTTP ${status}`);
  });

  test('when the credentials cannot be read', async () => {
    const server = await answering({ result: {} });
    const err = await faultOf(server.endpoint, {
      credentials: () => Promise.reject(new Error('the vault is sealed')),
    });
    expect(err).toMatchObject({ reason: 'credentials', mayHaveActed: false });
    expect(err.detail).toBe('the credentials cannot be read: the vault is sealed');
    expect(server.received).toEqual([]);
  });
});

describe('a call that was sent may have had an effect', () => {
  test('when the connection is lost before the answer', async () => {
    const server = await answering('cut');
    const err = await faultOf(server.endpoint);
    expect(err).toMatchObject({ reason: 'reset', mayHaveActed: true });
    expect(server.received).toHaveLength(1);
  });

  test('when no answer comes in time', async () => {
    const server = await answering('hang');
    const err = await faultOf(server.endpoint, { timeoutMs: 1_000 });
    expect(err).toMatchObject({ reason: 'timeout', mayHaveActed: true });
    expect(err.detail).toBe(`no answer from ${server.endpoint} within 1 s`);
  });

  test('when its caller leaves while the cluster works on it', async () => {
    const leave = new AbortController();
    const server = await startElementServer(() => {
      leave.abort();
      return 'hang';
    });
    const err = await failureOf(connect(server.endpoint).deleteVolume({ volumeID: 1 }, { signal: leave.signal }));
    expect(err).toMatchObject({ reason: 'aborted', mayHaveActed: true });
  });

  test('when the client is closed under it', async () => {
    const closing: Promise<void>[] = [];
    const server = await startElementServer(() => {
      closing.push(client.close());
      return 'hang';
    });
    const client = connect(server.endpoint);
    const err = await failureOf(client.deleteVolume({ volumeID: 1 }));
    await Promise.all(closing);
    expect(err).toMatchObject({ reason: 'aborted', mayHaveActed: true, detail: 'the client was closed' });
  });

  test.each([301, 500, 502, 503])('when HTTP %i comes with a page in place of an answer', async (status) => {
    const server = await answering({ status, body: '<html>Service Unavailable</html>' });
    expect(await faultOf(server.endpoint)).toMatchObject({ reason: 'http', httpStatus: status, mayHaveActed: true });
  });

  test.each([
    ['a page', '<html>welcome</html>', 'the answer is not JSON'],
    ['nothing', '', 'the answer is not JSON'],
    ['half of an answer', '{"id":1,"result":{', 'the answer is not JSON'],
    ['JSON of something else', '[1,2]', 'the answer is JSON but not of the Element API'],
    ['null', 'null', 'the answer is JSON but not of the Element API'],
  ])('when HTTP 200 comes with %s', async (_what, body, detail) => {
    const server = await answering({ body });
    expect(await faultOf(server.endpoint)).toMatchObject({
      reason: 'notJson',
      httpStatus: 200,
      mayHaveActed: true,
      detail,
    });
  });

  test('when the answer is larger than the client will hold', async () => {
    const server = await answering({ result: { padding: 'x'.repeat(5_000) } });
    const err = await faultOf(server.endpoint, { maxAnswerBytes: 1_000 });
    expect(err).toMatchObject({ reason: 'tooLarge', mayHaveActed: true });
    expect(err.detail).toBe('the answer is larger than 1000 bytes');
  });

  test('when what answers does not speak HTTP', async () => {
    const { createServer } = await import('node:tls');
    const { CERTIFICATES } = await import('../support/element-server.ts');
    const port = await listen(
      createServer({ cert: CERTIFICATES.certificatePem, key: CERTIFICATES.privateKeyPem }, (socket) =>
        socket.once('data', () => socket.end('SSH-2.0-OpenSSH_9.6\r\n')),
      ) as ReturnType<typeof createTcpServer>,
    );
    expect(await faultOf(`https://127.0.0.1:${port}`)).toMatchObject({ reason: 'http', mayHaveActed: true });
  });
});

test('an endpoint that is not HTTPS is refused before anything is sent', () => {
  expect(() => connect('http://127.0.0.1')).toThrow('endpoint must be https:// and the address of the cluster');
  expect(() => connect('10.0.0.5')).toThrow(TypeError);
});
