import type { Dispatcher } from 'undici';

export interface HttpRequest {
  origin: string;
  path: string;
  headers: Record<string, string>;
  body: string;
}

export interface HttpAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

export interface ExchangeLimits {
  signal: AbortSignal | undefined;
  /** Milliseconds from here to the last byte of the answer; waiting for a connection counts. */
  timeoutMs: number;
  maxBytes: number;
}

export type BrokenBy = 'timeout' | 'aborted' | 'tooLarge' | 'network';

/** No answer came. For use inside this folder: its cause may carry more than should be shown. */
export class BrokenExchange extends Error {
  readonly by: BrokenBy;
  /** Whether a first byte of the request may have left. */
  readonly sent: boolean;

  constructor(by: BrokenBy, sent: boolean, cause?: unknown) {
    super(by, { cause });
    this.by = by;
    this.sent = sent;
  }
}

/**
 * One POST. Driven by undici's dispatch rather than its `request`, which does not tell whether a call that failed was
 * ever written to a socket: that is what decides between "try again" and "look first what the cluster has done".
 */
export function exchange(dispatcher: Dispatcher, request: HttpRequest, limits: ExchangeLimits): Promise<HttpAnswer> {
  const { signal, timeoutMs, maxBytes } = limits;
  return new Promise((resolve, reject) => {
    let running: Dispatcher.DispatchController | undefined;
    let broken: BrokenExchange | undefined;
    let settled = false;
    let status = 0;
    let headers: HttpAnswer['headers'] = {};
    let bytes = 0;
    const chunks: Buffer[] = [];

    const settle = (end: () => void) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      end();
    };
    /** Does not wait for undici: a request that is still in line for a connection is dropped when its turn comes. */
    const breakOff = (by: BrokenBy) => {
      const failure = new BrokenExchange(by, running !== undefined);
      broken ??= failure;
      settle(() => reject(failure));
      running?.abort(failure);
    };
    const abort = () => breakOff('aborted');
    const timer = setTimeout(() => breakOff('timeout'), timeoutMs);
    if (signal?.aborted) return abort();
    signal?.addEventListener('abort', abort, { once: true });

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(controller) {
        if (broken) return controller.abort(broken);
        running = controller;
      },
      onResponseStart(_controller, statusCode, answerHeaders) {
        status = statusCode;
        headers = answerHeaders;
      },
      onResponseData(_controller, chunk) {
        bytes += chunk.length;
        if (bytes > maxBytes) breakOff('tooLarge');
        else chunks.push(chunk);
      },
      onResponseEnd() {
        settle(() => resolve({ status, headers, text: Buffer.concat(chunks).toString('utf8') }));
      },
      onResponseError(_controller, cause) {
        settle(() => reject(new BrokenExchange('network', running !== undefined, cause)));
      },
    };
    try {
      dispatcher.dispatch({ ...request, method: 'POST' }, handler);
    } catch (cause) {
      settle(() => reject(new BrokenExchange('network', running !== undefined, cause)));
    }
  });
}
