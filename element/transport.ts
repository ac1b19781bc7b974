import { Agent, request } from 'undici';
import { ElementApiError, ElementAuthError, ElementProtocolError, ElementTransportError } from './errors.ts';
import { fromUndici } from './transport-errors.ts';
import { tlsConnector, type TlsOptions } from './tls.ts';

export interface Credentials {
  username: string;
  password: string;
}

export interface CallOptions {
  /** Cuts the call short. `undefined` lets it run to its time-out. */
  signal?: AbortSignal | undefined;
  /** Milliseconds for the whole call. @default the client's */
  timeoutMs?: number | undefined;
}

/** What became of one call, for metrics and logs; holds no parameters. */
export interface CallInfo {
  method: string;
  outcome: 'ok' | 'error';
  errorName?: string;
  durationMs: number;
}

export interface TransportOptions {
  /** `https://MVIP[:port]`. */
  endpoint: string;
  /** Asked for lazily, and again after an HTTP 401: rotated credentials need no restart. */
  credentials: () => Credentials | Promise<Credentials>;
  tls?: TlsOptions;
  /** Milliseconds for one call. @default 30_000 */
  timeoutMs?: number;
  /** Connections kept to the cluster. @default 8 */
  maxConnections?: number;
  onCall?: (info: CallInfo) => void;
}

export interface Transport {
  /** One JSON-RPC call at this API version; the raw result. */
  call(version: string, method: string, params: object, options?: CallOptions): Promise<unknown>;
  /** The answer's Date header minus our clock at the last answer, in milliseconds. */
  clockSkewMs(): number | undefined;
  close(): Promise<void>;
}

/** Larger answers are refused: 4000 volumes take about 6 MiB. */
const MAX_BODY_BYTES = 64 * 1_048_576;

export function createTransport(options: TransportOptions): Transport {
  const { endpoint, credentials, tls = {}, timeoutMs = 30_000, maxConnections = 8, onCall } = options;
  const agent = new Agent({
    connections: maxConnections,
    connect: tlsConnector(tls, Math.min(timeoutMs, 10_000)),
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: MAX_BODY_BYTES,
  });
  let current: Promise<Credentials> | undefined;
  let nextID = 1;
  let skew: number | undefined;

  async function post(version: string, method: string, params: object, call: CallOptions): Promise<unknown> {
    const known = current !== undefined;
    const used = (current ??= Promise.resolve(credentials()));
    const answer = await postAs(await used.catch(forget), version, method, params, call);
    if (answer.status !== 401) return readAnswer(method, params, answer);
    if (current === used) current = undefined;
    if (!known) throw new ElementAuthError(method, (await used).username);
    const fresh = await (current ??= Promise.resolve(credentials())).catch(forget);
    const again = await postAs(fresh, version, method, params, call);
    if (again.status !== 401) return readAnswer(method, params, again);
    current = undefined;
    throw new ElementAuthError(method, fresh.username);
  }

  const forget = (err: unknown): never => {
    current = undefined;
    throw err;
  };

  async function postAs(as: Credentials, version: string, method: string, params: object, call: CallOptions) {
    const id = nextID++;
    const limit = AbortSignal.timeout(call.timeoutMs ?? timeoutMs);
    const signal = call.signal ? AbortSignal.any([call.signal, limit]) : limit;
    try {
      const { statusCode, headers, body } = await request(`${endpoint}/json-rpc/${version}`, {
        method: 'POST',
        dispatcher: agent,
        signal,
        headers: {
          'content-type': 'application/json-rpc',
          accept: 'application/json',
          authorization: `Basic ${Buffer.from(`${as.username}:${as.password}`).toString('base64')}`,
        },
        body: JSON.stringify({ method, params, id }),
      });
      const text = await body.text();
      const date = Date.parse(String(headers['date'] ?? ''));
      if (Number.isFinite(date)) skew = date - Date.now();
      return { id, status: statusCode, text };
    } catch (err) {
      throw fromUndici(method, err, { timedOut: limit.aborted, timeoutMs: call.timeoutMs ?? timeoutMs, endpoint });
    }
  }

  return {
    async call(version, method, params, call = {}) {
      const began = performance.now();
      const report = (outcome: CallInfo['outcome'], errorName?: string) =>
        onCall?.({
          method,
          outcome,
          durationMs: performance.now() - began,
          ...(errorName === undefined ? {} : { errorName }),
        });
      try {
        const result = await post(version, method, params, call);
        report('ok');
        return result;
      } catch (err) {
        report('error', nameOf(err));
        throw err;
      }
    },
    clockSkewMs: () => skew,
    close: () => agent.destroy(),
  };
}

function nameOf(err: unknown): string {
  if (err instanceof ElementApiError) return err.apiName;
  if (err instanceof ElementTransportError) return err.reason;
  return err instanceof Error ? err.name : 'unknown';
}

/** The result in an answer, or the error that it carries. Any body that is not JSON is no answer of the API. */
function readAnswer(
  method: string,
  params: object,
  { id, status, text }: { id: number; status: number; text: string },
): unknown {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    if (status === 200) {
      throw new ElementTransportError(method, 'notJson', 'the answer is not JSON', {
        httpStatus: status,
        mayHaveActed: true,
      });
    }
  }
  if (body === null || typeof body !== 'object' || (!('result' in body) && !('error' in body))) {
    throw new ElementTransportError(method, 'http', `HTTP ${status} without an answer of the API`, {
      httpStatus: status,
      mayHaveActed: status >= 500 || status < 400,
    });
  }
  if ('error' in body && body.error !== null && typeof body.error === 'object') {
    const { name, message, code } = body.error as Record<string, unknown>;
    throw new ElementApiError(
      method,
      {
        name: typeof name === 'string' ? name : 'xUnknown',
        message: typeof message === 'string' ? message : '',
        code: typeof code === 'number' ? code : 500,
      },
      subject(params),
    );
  }
  if ('id' in body && body.id !== id) throw new ElementProtocolError(method, 'id', 'it answers another request');
  return (body as { result?: unknown }).result;
}

/** The parameters that say what a call was about. Never attributes: they may be long. */
const TELLING = [
  'volumeID',
  'snapshotID',
  'cloneID',
  'asyncHandle',
  'volumeAccessGroupID',
  'accountID',
  'qosPolicyID',
  'name',
] as const;

function subject(params: object): string {
  const parts = TELLING.flatMap((key) => {
    const value = (params as Record<string, unknown>)[key];
    return value === undefined ? [] : [`${key} ${JSON.stringify(value)}`];
  });
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}
