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

/** The cluster's certificate does not pass. Nothing has been sent. */
export class CertificateRefused extends Error {
  readonly code = 'ELEMENT_CERTIFICATE_REFUSED';
  /** Node's code for what is wrong with it, or `PIN`: it is not the pinned one. */
  readonly fault: string;
  /** `sha256:…`, where the cluster showed one. */
  readonly presented: string | undefined;

  constructor(fault: string, presented: string | undefined) {
    super(fault);
    this.fault = fault;
    this.presented = presented;
  }
}

/** OpenSSL's verdicts on a chain, and Node's on a host name. */
const VERDICT =
  /^(CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE)|PATH_LENGTH_|ERR_TLS_CERT_)/;

const BASE = {
  // Sessions are not resumed, so that each connection shows its certificate.
  maxCachedSessions: 0,
};

/** A connector for undici. */
export function tlsConnector(options: TlsOptions, timeoutMs: number): buildConnector.connector {
  const unchecked = buildConnector({ ...BASE, timeout: timeoutMs, rejectUnauthorized: false });
  if ('insecureSkipVerify' in options) return unchecked;
  if ('fingerprint' in options) return pinned(options.fingerprint, unchecked);
  const checked = buildConnector({
    ...BASE,
    timeout: timeoutMs,
    rejectUnauthorized: true,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  });
  return explained(checked, unchecked);
}

/** Checks the certificate itself in place of its chain and name. */
function pinned(fingerprint: string, unchecked: buildConnector.connector): buildConnector.connector {
  if (!isFingerprint(fingerprint)) throw new TypeError('tls.fingerprint must be sha256: and 64 hexadecimal digits');
  const wanted = normalise(fingerprint);
  return (target, callback) =>
    unchecked(target, (...[error, socket]) => {
      if (error) return callback(error, null);
      const presented = fingerprintOf(socket as TLSSocket);
      if (presented !== undefined && normalise(presented) === wanted) return callback(null, socket);
      socket.destroy();
      return callback(new CertificateRefused('PIN', presented), null);
    });
}

/**
 * Node tells that a certificate is not trusted, not which one it was. A second connection, over which nothing is sent,
 * reads its fingerprint: whoever has to decide about trust can compare it.
 */
function explained(checked: buildConnector.connector, unchecked: buildConnector.connector): buildConnector.connector {
  return (target, callback) =>
    checked(target, (...[error, socket]) => {
      if (!error) return callback(null, socket);
      const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
      if (!VERDICT.test(code)) return callback(error, null);
      return unchecked(target, (...[, second]) => {
        const presented = second ? fingerprintOf(second as TLSSocket) : undefined;
        second?.destroy();
        callback(new CertificateRefused(code, presented), null);
      });
    });
}

function fingerprintOf(socket: TLSSocket): string | undefined {
  const { fingerprint256 } = socket.getPeerCertificate();
  return fingerprint256 ? `sha256:${normalise(fingerprint256)}` : undefined;
}
