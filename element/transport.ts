import { Agent } from 'undici';
import type { CallOutcome } from '../contracts/metrics.ts';
import { readAnswer } from './answer.ts';
import { outcomeOf } from './call-outcome.ts';
import { createKeyring, type Credentials, type CredentialsProvider } from './credentials.ts';
import { ElementApiError, ElementAuthError, ElementTransportError } from './errors.ts';
import { BrokenExchange, exchange, type HttpAnswer } from './exchange.ts';
import { subjectOf } from './subject.ts';
import { tlsConnector, type TlsOptions } from './tls.ts';
import { explain } from './transport-errors.ts';

export interface CallOptions {
  /** Cuts the call short. `undefined` lets it run to its time-out. */
  signal?: AbortSignal | undefined;
  /** Milliseconds for the whole call, waiting for a connection included. @default the client's */
  timeoutMs?: number | undefined;
}

/** What became of one call, for metrics and logs; holds no parameters. */
export interface CallInfo {
  /** The API method. */
  method: string;
  outcome: CallOutcome;
  /** The API's name of the error, else the transport's reason, else the class of the error. */
  errorName?: string;
  durationMs: number;
}

export interface TransportOptions {
  /** `https://MVIP[:port]`. */
  endpoint: string;
  /** Asked for lazily, and again after an HTTP 401: rotated credentials need no restart. */
  credentials: CredentialsProvider;
  /** @default verified by the authorities that Node trusts */
  tls?: TlsOptions;
  /** Milliseconds for one call. @default 30_000 */
  timeoutMs?: number;
  /** Connections kept to the cluster; more calls than these wait for their turn. @default 8 */
  maxConnections?: number;
  /** Larger answers are refused; 4000 volumes take about 6 MiB. @default 64 MiB */
  maxAnswerBytes?: number;
  /** Shows in the cluster's API log. @default "element-clone" */
  userAgent?: string;
  /** Told about each call when it has ended. What it throws is ignored. */
  onCall?: (info: CallInfo) => void;
}

export interface Transport {
  /** One JSON-RPC call at this API version; the raw result. */
  call(version: string, method: string, params: object, options?: CallOptions): Promise<unknown>;
  /** The answer's Date header minus our clock at the last answer, in milliseconds. */
  clockSkewMs(): number | undefined;
  close(): Promise<void>;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const MAX_ANSWER_BYTES = 64 * 1_048_576;
/** A cluster that takes longer to accept a connection is not there. */
const CONNECT_TIMEOUT_MS = 10_000;

export function createTransport(options: TransportOptions): Transport {
  const endpoint = originOf(options.endpoint);
  const maxBytes = options.maxAnswerBytes ?? MAX_ANSWER_BYTES;
  const defaultTimeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const keyring = createKeyring(options.credentials);
  const agent = new Agent({
    connections: options.maxConnections ?? 8,
    connect: tlsConnector(options.tls ?? {}, Math.min(defaultTimeoutMs, CONNECT_TIMEOUT_MS)),
    // Each call has its own time-out over all of it.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  let nextID = 1;
  let skew: number | undefined;

  async function post(version: string, method: string, params: object, call: CallOptions): Promise<unknown> {
    const subject = subjectOf(params);
    const send = async (as: Credentials) => {
      const id = nextID++;
      const timeoutMs = call.timeoutMs ?? defaultTimeoutMs;
      const request = {
        origin: endpoint,
        path: `/json-rpc/${version}`,
        headers: headersFor(as, options.userAgent),
        body: JSON.stringify({ method, params, id }),
      };
      try {
        const answer = await exchange(agent, request, { signal: call.signal, timeoutMs, maxBytes });
        skew = skewOf(answer) ?? skew;
        return { answer, question: { method, subject, id, username: as.username } };
      } catch (err) {
        if (err instanceof BrokenExchange) throw explain(err, { method, subject, endpoint, timeoutMs, maxBytes });
        throw err;
      }
    };
    const used = await keyring.current({ method, subject });
    const first = await send(used);
    if (first.answer.status !== 401) return readAnswer(first.question, first.answer);
    const fresh = await keyring.others({ method, subject }, used);
    if (fresh) {
      const second = await send(fresh);
      if (second.answer.status !== 401) return readAnswer(second.question, second.answer);
    }
    if (fresh) keyring.forget(fresh);
    throw new ElementAuthError(method, (fresh ?? used).username);
  }

  return {
    async call(version, method, params, call = {}) {
      const began = performance.now();
      const report = (end: Pick<CallInfo, 'outcome' | 'errorName'>) => {
        try {
          options.onCall?.({ method, ...end, durationMs: performance.now() - began });
        } catch {
          // A fault in somebody's metrics must not turn a clone that was made into one that failed.
        }
      };
      try {
        const result = await post(version, method, params, call);
        report({ outcome: 'ok' });
        return result;
      } catch (err) {
        report({ outcome: outcomeOf(err), errorName: nameOf(err) });
        throw err;
      }
    },
    clockSkewMs: () => skew,
    close: () => agent.destroy(),
  };
}

/** Drops path and user name. HTTP Basic over plain HTTP would hand the password to anyone on the way. */
function originOf(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url?.protocol !== 'https:') throw new TypeError('endpoint must be https:// and the address of the cluster');
  return url.origin;
}

const headersFor = (as: Credentials, userAgent = 'element-clone') => ({
  'content-type': 'application/json-rpc',
  accept: 'application/json',
  'user-agent': userAgent,
  authorization: `Basic ${Buffer.from(`${as.username}:${as.password}`).toString('base64')}`,
});

function skewOf({ headers }: HttpAnswer): number | undefined {
  const date = Date.parse(String(headers['date'] ?? ''));
  return Number.isFinite(date) ? date - Date.now() : undefined;
}

function nameOf(err: unknown): string {
  if (err instanceof ElementApiError) return err.apiName;
  if (err instanceof ElementTransportError) return err.reason;
  return err instanceof Error ? err.name : 'unknown';
}
