import { X509Certificate } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { createElementClient, type ElementClient, type ElementClientOptions } from '../../element/index.ts';
import { makeCertificates } from '../../simulator/certificates.ts';

export interface ApiCall {
  method: string;
  params: Record<string, unknown>;
  id: number;
  /** Path and headers of its request. */
  path: string;
  headers: IncomingMessage['headers'];
  /** `user:password` of HTTP Basic. */
  login: string;
}

/** What becomes of a call: a result, an error of the API, or whatever is done to the response by hand. */
export type Reply =
  | { result: unknown; id?: unknown }
  | { error: unknown; id?: unknown }
  | { status: number; body: string }
  | ((response: ServerResponse) => void);

export interface ApiServer {
  endpoint: string;
  port: number;
  ca: string;
  /** Of its certificate, lower case, without colons. */
  fingerprint: string;
  calls: ApiCall[];
  /** Connections made so far. */
  connections(): number;
  /** An abrupt end of all connections and of the listening. */
  stop(): void;
}

const certificates = makeCertificates();
const fingerprint = `sha256:${new X509Certificate(certificates.certificatePem).fingerprint256.replaceAll(':', '').toLowerCase()}`;

/** A real HTTPS server on a free port, for one test. */
export async function startApi(reply: (call: ApiCall) => Reply, host = '127.0.0.1'): Promise<ApiServer> {
  const calls: ApiCall[] = [];
  let connections = 0;
  const server = createServer({ key: certificates.privateKeyPem, cert: certificates.certificatePem }, (req, res) => {
    let text = '';
    req.setEncoding('utf8');
    req.on('data', (chunk: string) => (text += chunk));
    req.on('end', () => {
      const body = JSON.parse(text) as Pick<ApiCall, 'method' | 'params' | 'id'>;
      const login = Buffer.from(String(req.headers.authorization).slice('Basic '.length), 'base64').toString();
      const call = { ...body, path: req.url ?? '', headers: req.headers, login };
      calls.push(call);
      answer(res, call.id, reply(call));
    });
  });
  server.on('secureConnection', () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  onTestFinished(stop);
  return {
    endpoint: `https://${host}:${port}`,
    port,
    ca: certificates.caPem,
    fingerprint,
    calls,
    connections: () => connections,
    stop,
  };
}

function answer(res: ServerResponse, id: number, reply: Reply): void {
  if (typeof reply === 'function') return reply(res);
  if ('status' in reply) {
    res.writeHead(reply.status, { 'content-type': 'text/html' }).end(reply.body);
    return;
  }
  res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ id, ...reply }));
}

/** A client of it that trusts its authority, for one test. */
export function clientOf(server: ApiServer, options: Partial<ElementClientOptions> = {}): ElementClient {
  const client = createElementClient({
    endpoint: server.endpoint,
    apiVersion: '12.5',
    credentials: () => ({ username: 'admin', password: 'correct horse' }),
    tls: { ca: server.ca },
    ...options,
  });
  onTestFinished(() => client.close());
  return client;
}

/** The error that a call ends with. */
export async function failureOf<E extends Error>(
  kind: abstract new (...args: never[]) => E,
  call: Promise<unknown>,
): Promise<E> {
  const end = await call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if (!('error' in end)) throw new Error(`expected ${kind.name}, got ${JSON.stringify(end.value)}`);
  if (!(end.error instanceof kind)) throw new Error(`expected ${kind.name}`, { cause: end.error });
  return end.error;
}
