import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { DecryptionError } from '../connection/index.ts';

/** Who may have payloads decrypted. */
export type CodecAuth =
  /** Whoever reaches the port: for one's own machine. */
  | { kind: 'none' }
  /** `Authorization: Bearer …` with this token; read anew for each request. */
  | { kind: 'token'; token: () => Promise<string> }
  /** The access token of whoever is signed in to the Temporal UI, checked by the keys of the identity provider. */
  | { kind: 'jwt'; jwks: string; issuer?: string; audience?: string };

export interface CodecServerOptions {
  codec: PayloadCodec;
  host: string;
  port: number;
  /** Origins of web pages that may ask, such as `http://localhost:8233`. None: no browser may. */
  origins: readonly string[];
  auth: CodecAuth;
  /** Hears of each request: the way, the answer's status, the origin. Never of contents. */
  onRequest?: (seen: { path: string; status: number; origin: string | undefined }) => void;
}

export interface CodecServer {
  /** `http://127.0.0.1:8888` */
  url: string;
  close(): Promise<void>;
}

/** Temporal's own limit for a message is 4 MiB; Base64 and JSON make a page of a history larger. */
const BODY_MAX = 16 * 1024 * 1024;
const JWKS_TIMEOUT_MS = 5_000;

/** An answer that is not one with payloads. */
class Refusal extends Error {
  readonly status: number;
  readonly headers: Record<string, string>;

  constructor(status: number, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/**
 * Decrypts what Temporal's UI and CLI show, and encrypts what is typed in there: `POST /decode` and `POST /encode` of
 * `{payloads}`, as they send it. Keys stay here: whoever asks gets the contents and nothing else.
 */
export async function startCodecServer(options: CodecServerOptions): Promise<CodecServer> {
  const allow = authorizer(options.auth);
  const handle = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const path = new URL(req.url ?? '/', 'http://x').pathname;
    const origin = req.headers.origin;
    const cors = corsHeaders(origin, options.origins);
    const answer = (status: number, body: unknown, headers: Record<string, string> = {}) => {
      options.onRequest?.({ path, status, origin });
      res.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', ...cors, ...headers });
      res.end(body === undefined ? undefined : JSON.stringify(body));
    };
    try {
      if (origin !== undefined && cors === NO_CORS) throw new Refusal(403, `pages of ${origin} may not ask`);
      if (req.method === 'OPTIONS') return answer(204, undefined);
      const act = { '/encode': 'encode', '/decode': 'decode' }[path] as 'encode' | 'decode' | undefined;
      if (act === undefined) throw new Refusal(404, 'there are /encode and /decode');
      if (req.method !== 'POST') throw new Refusal(405, 'POST only', { allow: 'POST, OPTIONS' });
      await allow(req.headers.authorization);
      const payloads = readPayloads(await readBody(req));
      answer(200, { payloads: (await options.codec[act](payloads)).map(toJSON) });
    } catch (err) {
      if (err instanceof Refusal) answer(err.status, { error: err.message }, err.headers);
      else if (err instanceof DecryptionError) answer(400, { error: err.message });
      else answer(500, { error: 'it cannot be done just now' });
    }
  };
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (req, res) => void handle(req, res));
  await new Promise<void>((resolve, reject) =>
    server.once('error', reject).listen(options.port, options.host, resolve),
  );
  const { address, port } = server.address() as AddressInfo;
  return {
    url: `http://${address.includes(':') ? `[${address}]` : address}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const NO_CORS: Record<string, string> = { vary: 'Origin' };

function corsHeaders(origin: string | undefined, origins: readonly string[]): Record<string, string> {
  if (origin === undefined || !origins.includes(origin)) return NO_CORS;
  return {
    ...NO_CORS,
    'access-control-allow-origin': origin,
    'access-control-allow-methods': 'POST, OPTIONS',
    'access-control-allow-headers': 'authorization, authorization-extras, content-type, x-namespace',
    'access-control-allow-credentials': 'true',
    'access-control-max-age': '600',
  };
}

/** Throws a Refusal. */
function authorizer(auth: CodecAuth): (header: string | undefined) => Promise<void> {
  const refuse = () => new Refusal(401, 'this needs a valid token', { 'www-authenticate': 'Bearer' });
  const bearer = (header: string | undefined): string => {
    const token = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1];
    if (token === undefined) throw refuse();
    return token;
  };
  if (auth.kind === 'none') return async () => {};
  if (auth.kind === 'token') {
    return async (header) => {
      if (!isSame(bearer(header), await auth.token())) throw refuse();
    };
  }
  const keys = createRemoteJWKSet(new URL(auth.jwks), { timeoutDuration: JWKS_TIMEOUT_MS });
  const { issuer, audience } = auth;
  const claims = { ...(issuer === undefined ? {} : { issuer }), ...(audience === undefined ? {} : { audience }) };
  return async (header) => {
    const token = bearer(header);
    // Only signatures that take the provider's private key.
    const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
    await jwtVerify(token, keys, { ...claims, algorithms, requiredClaims: ['exp'] }).catch(() => {
      throw refuse();
    });
  };
}

/** In a time that does not tell how much of it was right. */
const isSame = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));
const digest = (text: string) => createHash('sha256').update(text).digest();

async function readBody(req: IncomingMessage): Promise<unknown> {
  const tooLarge = new Refusal(413, `at most ${BODY_MAX} bytes`, { connection: 'close' });
  if (Number(req.headers['content-length'] ?? 0) > BODY_MAX) throw tooLarge;
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of req as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > BODY_MAX) throw tooLarge;
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch {
    throw new Refusal(400, 'the body must be JSON');
  }
}

/** As protobuf writes it in JSON: bytes in Base64. */
interface JSONPayload {
  metadata?: Record<string, string>;
  data?: string;
}

function readPayloads(body: unknown): Payload[] {
  const { payloads = [] } = (body ?? {}) as { payloads?: unknown };
  const isText = (value: unknown) => value === undefined || value === null || typeof value === 'string';
  const isPayload = (p: unknown): p is JSONPayload => {
    if (p === null || typeof p !== 'object') return false;
    const { metadata = {}, data } = p as { metadata?: unknown; data?: unknown };
    return isText(data) && metadata !== null && typeof metadata === 'object' && Object.values(metadata).every(isText);
  };
  if (!Array.isArray(payloads) || !payloads.every(isPayload)) {
    throw new Refusal(400, 'payloads must be a list of {metadata, data}, each in Base64');
  }
  const bytes = (text: string | undefined) => new Uint8Array(Buffer.from(text ?? '', 'base64'));
  return payloads.map(({ metadata = {}, data }) => ({
    metadata: Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key, bytes(value)])),
    data: bytes(data),
  }));
}

const toJSON = ({ metadata, data }: Payload): JSONPayload => ({
  metadata: Object.fromEntries(
    Object.entries(metadata ?? {}).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  ),
  data: Buffer.from(data ?? new Uint8Array()).toString('base64'),
});
