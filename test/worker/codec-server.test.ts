import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { defaultPayloadConverter } from '@temporalio/common';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { describe, expect, onTestFinished, test } from 'vitest';
import { encryptionOf } from '../../connection/index.ts';
import { startCodecServer, type CodecAuth } from '../../worker/codec-server.ts';

const UI = 'https://temporal.example.com';
const { codec } = encryptionOf({ text: `k ${randomBytes(32).toString('base64')}`, name: 'KEYS' });

async function serve(auth: CodecAuth = { kind: 'none' }) {
  const seen: { path: string; status: number }[] = [];
  const server = await startCodecServer({
    ...{ codec, host: '127.0.0.1', port: 0, origins: [UI], auth },
    onRequest: ({ path, status }) => seen.push({ path, status }),
  });
  onTestFinished(() => server.close());
  const ask = (path: string, body: unknown, headers: Record<string, string> = {}, method = 'POST') =>
    fetch(server.url + path, {
      ...{ method, headers },
      ...(method === 'POST' ? { body: typeof body === 'string' ? body : JSON.stringify(body) } : {}),
    });
  return { ask, seen };
}

interface Sent {
  payloads: { metadata: Record<string, string>; data: string }[];
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const plain = defaultPayloadConverter.toPayload({ name: 'payroll' });
const sent: Sent = {
  payloads: [{ metadata: { encoding: base64(plain.metadata!['encoding']!) }, data: base64(plain.data!) }],
};

test('encodes and decodes as the UI and the CLI of Temporal ask for it', async () => {
  const { ask } = await serve();
  const encoded = (await (await ask('/encode', sent)).json()) as Sent;
  expect(Buffer.from(encoded.payloads[0]!.metadata['encoding']!, 'base64').toString()).toBe('binary/encrypted');
  const answer = await ask('/decode', encoded, { origin: UI });
  expect(await answer.json()).toEqual(sent);
  expect(answer.headers.get('cache-control')).toBe('no-store');
});

describe('pages', () => {
  test('of the UI may ask', async () => {
    const { ask } = await serve();
    const headers = { origin: UI, 'access-control-request-headers': 'x-namespace,authorization' };
    const answer = await ask('/decode', undefined, headers, 'OPTIONS');
    expect(answer.status).toBe(204);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'access-control-allow-origin': UI,
      'access-control-allow-headers': expect.stringContaining('x-namespace'),
      vary: 'Origin',
    });
  });

  test('of anybody else may not, and are told nothing', async () => {
    const { ask } = await serve();
    for (const origin of ['https://evil.example.com', `${UI}.evil.example.com`, 'null']) {
      for (const method of ['OPTIONS', 'POST']) {
        const answer = await ask('/decode', sent, { origin }, method);
        expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([403, null]);
      }
    }
  });
});

describe('who may ask', () => {
  test('has the token, which can be renewed', async () => {
    let token = 'first';
    const { ask, seen } = await serve({ kind: 'token', token: async () => token });
    const status = async (authorization?: string) =>
      (await ask('/decode', sent, authorization === undefined ? {} : { authorization })).status;
    expect(await status('Bearer first')).toBe(200);
    for (const wrong of [undefined, 'Bearer second', 'first', 'Basic first', 'Bearer '])
      expect(await status(wrong)).toBe(401);
    token = 'second';
    expect([await status('Bearer first'), await status('Bearer second')]).toEqual([401, 200]);
    expect(seen.map((s) => s.status)).toEqual([200, 401, 401, 401, 401, 401, 401, 200]);
  });

  test('is signed in to the UI: the token is the provider’s, for this audience, and has not expired', async () => {
    const [ours, others] = [await generateKeyPair('RS256'), await generateKeyPair('RS256')];
    const jwk = { ...(await exportJWK(ours.publicKey)), kid: '1', alg: 'RS256' };
    const provider = createServer((_req, res) => res.end(JSON.stringify({ keys: [jwk] }))).listen(0, '127.0.0.1');
    onTestFinished(() => void provider.close());
    await new Promise((resolve) => provider.once('listening', resolve));
    const jwks = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/keys`;
    const { ask } = await serve({ kind: 'jwt', jwks, issuer: 'https://login', audience: 'temporal' });
    const status = async (
      { issuer = 'https://login', audience = 'temporal', expires = '5m' }: Record<string, string>,
      key = ours.privateKey,
    ) => {
      const token = new SignJWT({})
        .setProtectedHeader({ alg: 'RS256', kid: '1' })
        .setIssuer(issuer)
        .setAudience(audience);
      if (expires !== 'never') token.setExpirationTime(expires);
      return (await ask('/decode', sent, { authorization: `Bearer ${await token.sign(key)}` })).status;
    };
    expect(await status({})).toBe(200);
    expect(await status({ issuer: 'https://other' })).toBe(401);
    expect(await status({ audience: 'mail' })).toBe(401);
    expect(await status({ expires: '-5m' })).toBe(401);
    expect(await status({ expires: 'never' })).toBe(401);
    expect(await status({}, others.privateKey)).toBe(401);
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{}').toString('base64url')}.`;
    expect((await ask('/decode', sent, { authorization: `Bearer ${unsigned}` })).status).toBe(401);
  });
});

test.each([
  ['/decode', 'no JSON', 400],
  ['/decode', { payloads: 'x' }, 400],
  ['/decode', { payloads: [{ metadata: { encoding: 1 } }] }, 400],
  ['/decode', { payloads: [null] }, 400],
  ['/', sent, 404],
  ['/decode', {}, 200],
])('%s of %j is answered by %i', async (path, body, status) => {
  const { ask } = await serve();
  const answer = await ask(path, body);
  expect(answer.status).toBe(status);
  expect(await answer.json()).toEqual(status === 200 ? { payloads: [] } : { error: expect.any(String) });
});

test('what takes another key is refused with its ID', async () => {
  const other = encryptionOf({ text: `gone ${randomBytes(32).toString('base64')}`, name: 'OTHER' });
  const [payload] = await other.codec.encode([plain]);
  const { ask } = await serve();
  const metadata = Object.fromEntries(Object.entries(payload!.metadata!).map(([k, v]) => [k, base64(v)]));
  const answer = await ask('/decode', { payloads: [{ metadata, data: base64(payload!.data!) }] });
  expect([answer.status, await answer.json()]).toEqual([400, { error: expect.stringContaining('the key "gone"') }]);
});

test('a body without end is not read to its end', async () => {
  const { ask } = await serve();
  const answer = await ask('/decode', `{"payloads":"${'x'.repeat(17 * 1024 * 1024)}"}`).catch(() => undefined);
  // The connection may be closed before the answer is read.
  expect([413, undefined]).toContain(answer?.status);
});
