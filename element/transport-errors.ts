import { ElementTransportError } from './errors.ts';
import { FingerprintMismatch } from './tls.ts';

const codeOf = (err: unknown): string =>
  err instanceof Error && 'code' in err && typeof err.code === 'string' ? err.code : '';

/** The error that says why: undici and Node wrap it in others. */
function innermost(err: unknown): Error {
  let e = err instanceof Error ? err : new Error(String(err));
  if (e instanceof AggregateError && e.errors[0] instanceof Error) e = e.errors[0];
  while (e.cause instanceof Error) e = e.cause;
  return e;
}

const CERTIFICATE = /^(CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO|ERR_TLS_|HOSTNAME_MISMATCH|ERR_SSL|EPROTO)/;

/**
 * What went wrong on the way, in our words: the original error is dropped, since it may carry the request's headers.
 * The question that matters is whether the call may have had an effect.
 */
export function fromUndici(
  method: string,
  err: unknown,
  context: { timedOut: boolean; timeoutMs: number; endpoint: string },
): ElementTransportError {
  const { endpoint } = context;
  const cause = innermost(err);
  const code = codeOf(cause) || codeOf(err);
  const never = { mayHaveActed: false };
  if (cause instanceof FingerprintMismatch) {
    return new ElementTransportError(
      method,
      'tls',
      `${cause.message}, not the pinned one; if it was renewed, correct tls.fingerprint in the configuration`,
      never,
    );
  }
  if (code === 'ECONNREFUSED' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH') {
    return new ElementTransportError(method, 'connect', `no connection to ${endpoint} (${code})`, never);
  }
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT') {
    return new ElementTransportError(method, 'connect', `no connection to ${endpoint} in time`, never);
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return new ElementTransportError(method, 'dns', `the name in ${endpoint} cannot be resolved (${code})`, never);
  }
  if (CERTIFICATE.test(code)) {
    return new ElementTransportError(
      method,
      'tls',
      `the certificate of ${endpoint} is not trusted (${code}); give its authority as tls.caFile, or pin it as tls.fingerprint`,
      never,
    );
  }
  if (/before secure TLS connection was established/.test(cause.message)) {
    return new ElementTransportError(method, 'tls', `${endpoint} closed the connection before it was secure`, never);
  }
  const maybe = { mayHaveActed: true };
  if (context.timedOut) {
    return new ElementTransportError(
      method,
      'timeout',
      `no answer from ${endpoint} within ${context.timeoutMs / 1_000} s`,
      maybe,
    );
  }
  if (cause.name === 'AbortError' || code === 'UND_ERR_ABORTED') {
    return new ElementTransportError(method, 'aborted', 'the call was cut short', maybe);
  }
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') {
    return new ElementTransportError(method, 'tooLarge', 'the answer is larger than 64 MiB', maybe);
  }
  return new ElementTransportError(
    method,
    'reset',
    `the connection to ${endpoint} was lost (${code || cause.name})`,
    maybe,
  );
}
