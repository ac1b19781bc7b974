import { createServer, type IncomingMessage, type Server } from 'node:http';
import { z } from 'zod';
import { behaviourChange, type Behaviour } from './behaviour.ts';
import type { Cluster } from './cluster.ts';
import { ElementError } from './errors.ts';
import { faultSchema } from './fault-shapes.ts';
import type { Front } from './front.ts';
import { limitNames } from './limits.ts';

/** What `POST /faults` takes: one fault, a list that is appended, or a list with the mode spelled out. */
const faultsBody = z.union([
  faultSchema.transform((fault) => ({ mode: 'append' as const, faults: [fault] })),
  z.array(faultSchema).transform((faults) => ({ mode: 'append' as const, faults })),
  z.strictObject({ mode: z.enum(['append', 'replace']).default('append'), faults: z.array(faultSchema) }),
]);

const clockBody = z
  .strictObject({ speed: z.number().nonnegative(), advanceSeconds: z.number().nonnegative(), nowMs: z.number() })
  .partial();

const actBody = z.strictObject({ method: z.string(), params: z.record(z.string(), z.unknown()).default({}) });

const limitsBody = z.partialRecord(z.enum(limitNames), z.number().nonnegative());
const optionsBody = z.strictObject({ ...behaviourChange.shape, limits: limitsBody.optional() });

const sessionsBody = z.strictObject({
  sessions: z.array(
    z.strictObject({ volumeID: z.int(), initiatorName: z.string(), initiatorIP: z.string().optional() }),
  ),
});

const writeBody = z.strictObject({ volumeID: z.int() });

/** Wrong input to the control port. */
class BadInput extends Error {}

const describe = (error: z.ZodError): string =>
  error.issues
    .map((issue) => {
      const field = [...issue.path, ...(issue.code === 'unrecognized_keys' ? issue.keys : [])].map(String).join('.');
      return `${field === '' ? 'body' : field}: ${issue.message}`;
    })
    .join('; ');

const parse = <S extends z.ZodType>(schema: S, body: unknown): z.output<S> => {
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw new BadInput(describe(parsed.error));
  return parsed.data;
};

/** A union's own message names no field; the form that was meant is told from the shape of the body. */
const parseFaults = (body: unknown): z.output<typeof faultsBody> => {
  if (Array.isArray(body)) return { mode: 'append', faults: parse(z.array(faultSchema), body) };
  if (typeof body === 'object' && body !== null && 'faults' in body) return parse(faultsBody.options[2], body);
  return { mode: 'append', faults: [parse(faultSchema, body)] };
};

const optionsView = (cluster: Cluster) => ({ ...cluster.behaviour, limits: cluster.limits });

type Handler = (body: unknown, query: URLSearchParams) => unknown;

const routes = (cluster: Cluster, front: Front): Record<string, Handler> => {
  const { clock, faults, calls } = cluster;
  const clockView = () => ({ nowMs: clock.now(), now: new Date(clock.now()).toISOString(), speed: clock.speed() });
  return {
    'GET /state': () => cluster.state(),
    'GET /calls': () => calls.counts(),
    'GET /calls/log': (_body, query) => ({ calls: calls.log(Number(query.get('last') ?? 200)) }),
    'GET /faults': () => ({ faults: faults.list() }),
    'POST /faults': (body) => {
      const { mode, faults: given } = parseFaults(body);
      if (mode === 'replace') faults.replace(given);
      else faults.append(given);
      return { faults: faults.list() };
    },
    'DELETE /faults': () => {
      faults.clear();
      front.recover();
      return { faults: [] };
    },
    'POST /reset': () => {
      cluster.reset();
      front.recover();
      return {};
    },
    'GET /clock': () => clockView(),
    'POST /clock': (body) => {
      clock.set(parse(clockBody, body));
      return clockView();
    },
    'GET /options': () => optionsView(cluster),
    'POST /options': (body) => {
      const { limits, ...behaviour } = parse(optionsBody, body);
      cluster.setBehaviour(behaviour as Partial<Behaviour>);
      if (limits !== undefined) cluster.setLimits(limits);
      return optionsView(cluster);
    },
    'POST /sessions': (body) => {
      cluster.setSessions(parse(sessionsBody, body).sessions);
      return { sessions: cluster.state().sessions };
    },
    'POST /write': (body) => {
      const { volumeID } = parse(writeBody, body);
      return { volumeID, content: cluster.write(volumeID) };
    },
    'POST /act': (body) => {
      const { method, params } = parse(actBody, body);
      return { result: cluster.act(method, params) };
    },
  };
};

const readJson = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  if (text === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new BadInput('body: not JSON');
  }
};

/** How an error of a handler is told: what the person asked for wrongly is 400, as is what the cluster refuses. */
const failure = (error: unknown): { status: number; body: object } => {
  if (error instanceof ElementError) {
    return { status: 400, body: { error: error.message, name: error.apiName } };
  }
  if (error instanceof BadInput || error instanceof RangeError) return { status: 400, body: { error: error.message } };
  return { status: 500, body: { error: String(error) } };
};

/** The control interface: plain HTTP, for whoever runs the simulator. The caller makes it listen. */
export const makeControl = (cluster: Cluster, front: Front): Server => {
  const table = routes(cluster, front);
  const reply = async (request: IncomingMessage): Promise<{ status: number; body: unknown }> => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const handler = table[`${request.method} ${pathname}`];
    if (handler === undefined) {
      const known = Object.keys(table).join(', ');
      return { status: 404, body: { error: `no ${request.method} ${pathname}; there are: ${known}` } };
    }
    try {
      return { status: 200, body: handler(await readJson(request), searchParams) };
    } catch (error) {
      return failure(error);
    }
  };
  return createServer((request, response) => {
    void reply(request).then(
      ({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        return response.end(`${JSON.stringify(body)}\n`);
      },
      () => response.destroy(),
    );
  });
};
