import type { TLSSocket } from 'node:tls';
import { buildConnector } from 'undici';

/** How the cluster's certificate is checked. Verified by default. */
export type TlsOptions =
  /** By the certificate authority in this PEM; without it, by those that Node trusts. */
  | { ca?: string }
  /** By the certificate's own SHA-256 fingerprint, `sha256:…`; for the self-signed ones that clusters ship with. */
  | { fingerprint: string }
  /** Not at all. Anyone on the way may read the password. */
  | { insecureSkipVerify: true };

const normalise = (fingerprint: string) =>
  fingerprint
    .replace(/^sha256:/i, '')
    .replaceAll(':', '')
    .toLowerCase();

/** True for `sha256:` and 64 hexadecimal digits, with or without colons. */
export const isFingerprint = (text: string): boolean =>
  /^sha256:/i.test(text) && /^[0-9a-f]{64}$/.test(normalise(text));

/** The presented certificate is not the pinned one. */
export class FingerprintMismatch extends Error {
  readonly code = 'ELEMENT_FINGERPRINT_MISMATCH';
}

/** A connector for undici. Sessions are not resumed, so that each connection shows its certificate. */
export function tlsConnector(options: TlsOptions, timeoutMs: number): buildConnector.connector {
  const base = { timeout: timeoutMs, maxCachedSessions: 0 };
  if ('insecureSkipVerify' in options) return buildConnector({ ...base, rejectUnauthorized: false });
  if ('fingerprint' in options) return pinned(options.fingerprint, base);
  return buildConnector({ ...base, ...(options.ca === undefined ? {} : { ca: options.ca }) });
}

/** Checks the certificate itself in place of its chain and name. */
function pinned(fingerprint: string, base: buildConnector.BuildOptions): buildConnector.connector {
  const connect = buildConnector({ ...base, rejectUnauthorized: false });
  const wanted = normalise(fingerprint);
  return (options, callback) =>
    connect(options, (...args) => {
      const [error, socket] = args;
      if (error) return callback(error, null);
      const presented = normalise((socket as TLSSocket).getPeerCertificate().fingerprint256 ?? '');
      if (presented === wanted) return callback(null, socket);
      socket.destroy();
      return callback(new FingerprintMismatch(`the cluster presents the certificate sha256:${presented}`), null);
    });
}
