import { ElementTransportError, type TransportReason } from './errors.ts';
import type { BrokenExchange } from './exchange.ts';
import { CertificateRefused } from './tls.ts';

export interface Circumstances {
  method: string;
  subject: string;
  /** Origin of the cluster. */
  endpoint: string;
  timeoutMs: number;
  maxBytes: number;
}

/**
 * What went wrong on the way, in our words: undici's error is dropped, since it may carry the request's headers. Whether
 * the call may have had an effect does not follow from the kind of error (a route can vanish under a request that is out
 * already) but from whether it was ever written to a connection.
 */
export function explain(broken: BrokenExchange, at: Circumstances): ElementTransportError {
  const [reason, detail] = reasonFor(broken, at);
  return new ElementTransportError(at.method, reason, detail, { subject: at.subject, mayHaveActed: broken.sent });
}

function reasonFor(broken: BrokenExchange, at: Circumstances): [TransportReason, string] {
  const { endpoint } = at;
  switch (broken.by) {
    case 'timeout': {
      const within = `within ${at.timeoutMs / 1_000} s`;
      return [
        'timeout',
        broken.sent ? `no answer from ${endpoint} ${within}` : `no connection to ${endpoint} ${within}`,
      ];
    }
    case 'aborted':
      return ['aborted', 'the call was cut short by its caller'];
    case 'tooLarge':
      return ['tooLarge', `the answer is larger than ${at.maxBytes} bytes`];
    case 'network':
      return networkFault(innermost(broken.cause), endpoint);
  }
}

function networkFault(cause: Error, endpoint: string): [TransportReason, string] {
  if (cause instanceof CertificateRefused) return ['tls', certificateFault(cause, endpoint)];
  const code = codeOf(cause);
  if (code === 'ENOTFOUND' || code.startsWith('EAI_')) {
    return ['dns', `the name in ${endpoint} cannot be resolved (${code})`];
  }
  if (code === 'ECONNREFUSED' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH') {
    return ['connect', `no connection to ${endpoint} (${code})`];
  }
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return ['connect', `no connection to ${endpoint} in time`];
  if (code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED') return ['aborted', 'the client was closed'];
  if (/^(EPROTO|ERR_SSL_|ERR_TLS_)/.test(code) || /before secure TLS connection/.test(cause.message)) {
    return ['tls', `no secure connection to ${endpoint} (${code}); is this the address and port of the cluster's API?`];
  }
  if (cause.name === 'HTTPParserError') return ['http', `what answers at ${endpoint} does not speak HTTP`];
  return ['reset', `the connection to ${endpoint} was lost (${code || cause.name})`];
}

function certificateFault({ fault, presented }: CertificateRefused, endpoint: string): string {
  const shown = presented === undefined ? '' : ` It shows ${presented}.`;
  if (fault === 'PIN') {
    return `the certificate of ${endpoint} is not the pinned one.${shown} If it was renewed, correct tls.fingerprint in the configuration`;
  }
  const pin = 'or, once compared with the cluster, pin it as tls.fingerprint';
  if (fault === 'CERT_HAS_EXPIRED' || fault === 'CERT_NOT_YET_VALID') {
    return `the certificate of ${endpoint} is out of its time (${fault}).${shown} Renew it, check this machine's clock, ${pin}`;
  }
  if (fault === 'ERR_TLS_CERT_ALTNAME_INVALID' || fault === 'HOSTNAME_MISMATCH') {
    return `the certificate of ${endpoint} is for another name (${fault}).${shown} Use a name from it as the endpoint, ${pin}`;
  }
  return `the certificate of ${endpoint} is not trusted (${fault}).${shown} Name its authority's file as tls.caFile, ${pin}`;
}

/** The error that says why: undici and Node wrap it in others. */
function innermost(err: unknown): Error {
  let e = err instanceof Error ? err : new Error(String(err));
  // One address of a name after another was tried.
  if (e instanceof AggregateError && e.errors[0] instanceof Error) e = e.errors[0];
  while (e.cause instanceof Error) e = e.cause;
  return e;
}

const codeOf = (err: Error): string => ('code' in err && typeof err.code === 'string' ? err.code : '');
