import { once } from 'node:events';
import { connect, constants, createSecureServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { ServerCertificates } from '../../simulator/certificates.ts';

/** What the guard lets in: clients with a certificate of one of these authorities, and one of these API keys. */
export interface Admitted {
  authorities: readonly string[];
  apiKeys: readonly string[];
}

export interface GuardedTemporal {
  address: string;
  /** Calls that came in, by fingerprint of the certificate and by API key. */
  seen: { certificate: string; apiKey: string; path: string }[];
  /** From now on; all connections are cut, so that nobody goes on by what it had. */
  admit(next: Admitted): void;
  close(): Promise<void>;
}

/** A Temporal server behind mutual TLS and API keys: passes each call on, or refuses it as a cloud would. */
export async function guardTemporal(
  address: string,
  { certificatePem: cert, privateKeyPem: key }: ServerCertificates,
  first: Admitted,
): Promise<GuardedTemporal> {
  let admitted = first;
  const sessions = new Set<ServerHttp2Session>();
  const seen: GuardedTemporal['seen'] = [];
  const temporal = connect(`http://${address}`).on('error', () => {});
  const tls = () => ({ cert, key, ca: [...admitted.authorities] });
  const server = createSecureServer({ ...tls(), requestCert: true, rejectUnauthorized: true });
  server.on('session', (session) =>
    sessions.add(session.on('close', () => sessions.delete(session)).on('error', () => {})),
  );
  server.on('tlsClientError', () => {});
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on('error', () => {});
    const apiKey = (headers.authorization ?? '').replace(/^Bearer /, '');
    const certificate = (stream.session!.socket as TLSSocket).getPeerCertificate().fingerprint256;
    seen.push({ certificate, apiKey, path: String(headers[':path']) });
    if (!admitted.apiKeys.includes(apiKey)) {
      const refusal = {
        ':status': 200,
        'content-type': 'application/grpc',
        'grpc-status': '16',
        'grpc-message': 'bad key',
      };
      return stream.respond(refusal, { endStream: true });
    }
    pass(stream, temporal.request({ ...headers, ':authority': address, ':scheme': 'http' }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => sessions.forEach((s) => s.destroy());
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    admit(next) {
      admitted = next;
      server.setSecureContext(tls());
      cut();
    },
    close: async () => {
      cut();
      temporal.destroy();
      server.close();
    },
  };
}

function pass(stream: ServerHttp2Stream, call: ReturnType<ReturnType<typeof connect>['request']>): void {
  let trailers = {};
  call.on('error', () => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
  call.on('trailers', (given) => (trailers = given));
  call.on('response', (headers, flags) => {
    if (stream.destroyed) return;
    const isOver = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    stream.respond(headers, isOver ? { endStream: true } : { waitForTrailers: true });
    if (!isOver) call.pipe(stream);
  });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.on('close', () => call.close());
  stream.pipe(call);
}
