import { request, type Agent } from 'node:https';
import { onTestFinished } from 'vitest';
import { startSimulator, type RunningSimulator, type SimulatorOptions } from '../../simulator/index.ts';

/** A clock that stands still until the test moves it. */
export const manualClock = (startMs = Date.parse('2026-01-01T00:00:00Z')) => {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    advance: (seconds: number) => {
      nowMs += seconds * 1000;
    },
  };
};

/** A simulator for one test, closed when the test is over. */
export const simulate = async (options: SimulatorOptions = {}): Promise<RunningSimulator> => {
  const simulator = await startSimulator(options);
  onTestFinished(() => simulator.close());
  return simulator;
};

export interface Reply {
  status: number;
  contentType: string;
  text: string;
}

interface Wire {
  version?: string;
  path?: string;
  auth?: string;
  httpMethod?: string;
  body?: string;
  timeoutMs?: number;
  agent?: Agent;
}

/** One request as a client makes it, with the CA checked. */
export const post = (sim: RunningSimulator, body: unknown, wire: Wire = {}): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const path = wire.path ?? `/json-rpc/${wire.version ?? '12.5'}`;
    const outgoing = request(
      `${sim.endpoint}${path}`,
      {
        method: wire.httpMethod ?? 'POST',
        ca: sim.caPem,
        auth: wire.auth ?? 'admin:simulator',
        agent: wire.agent ?? false,
        headers: { 'content-type': 'application/json-rpc' },
      },
      (incoming) => {
        let text = '';
        incoming.setEncoding('utf8');
        incoming.on('data', (chunk: string) => {
          text += chunk;
        });
        incoming.on('error', reject);
        incoming.on('end', () => {
          resolve({ status: incoming.statusCode ?? 0, contentType: incoming.headers['content-type'] ?? '', text });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(wire.body ?? JSON.stringify(body));
  });

/** What the cluster answers; `error` on refusal. Tests read what they expect from it. */
export interface Answer {
  id: unknown;
  // eslint-disable-next-line typescript/no-explicit-any
  result?: any;
  error?: { code: number; name: string; message: string };
}

export const call = async (
  sim: RunningSimulator,
  method: string,
  params: Record<string, unknown> = {},
  wire: Wire = {},
): Promise<Answer> => JSON.parse((await post(sim, { method, params, id: 1 }, wire)).text) as Answer;

/** The result of a call that must succeed. */
export const result = async (
  sim: RunningSimulator,
  method: string,
  params: Record<string, unknown> = {},
  wire: Wire = {},
): Promise<NonNullable<Answer['result']>> => {
  const answer = await call(sim, method, params, wire);
  if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.name}: ${answer.error.message}`);
  return answer.result;
};

/** The name of the error of a call that must be refused. */
export const refusal = async (
  sim: RunningSimulator,
  method: string,
  params: Record<string, unknown> = {},
  wire: Wire = {},
): Promise<string> => (await call(sim, method, params, wire)).error?.name ?? 'no error';

/** A request to the control port. */
export const control = async (
  sim: RunningSimulator,
  route: string,
  body?: unknown,
): Promise<{ status: number; body: Record<string, unknown> }> => {
  const [method = 'GET', path = '/'] = route.split(' ');
  const response = await fetch(`${sim.controlUrl}${path}`, {
    method,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
