import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import type { CallEntry } from './calls.ts';
import type { ServerCertificates } from './certificates.ts';
import type { Cluster } from './cluster.ts';
import { ElementError } from './errors.ts';
import type { CallFault, JobFault } from './fault-shapes.ts';
import { makeFront, type Front } from './front.ts';
import { parseRequest, type ApiRequest } from './request.ts';

const html = (title: string): string =>
  `<!DOCTYPE html>\n<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>\n`;

const sendHtml = (response: ServerResponse, status: number, title: string): void => {
  response.writeHead(status, { 'content-type': 'text/html' });
  response.end(html(`${status} ${title}`));
};

const readBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
};

const credentials = (header: string | undefined): [string, string] => {
  const [scheme, encoded = ''] = (header ?? '').split(' ');
  if (scheme?.toLowerCase() !== 'basic') return ['', ''];
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return [text.slice(0, colon), text.slice(colon + 1)];
};

/** The API of a cluster over HTTPS. Source of the wire: `concept_element_api_about_the_api`. */
export const makeServer = (
  cluster: Cluster,
  certificates: ServerCertificates,
  address: { host: string; port: number },
): Front => {
  const https = createServer({
    key: certificates.privateKeyPem,
    cert: certificates.certificatePem,
    // Longer than any client keeps a connection idle: which side closes first is then never a race.
    keepAliveTimeout: 120_000,
  });
  const front = makeFront(address.host, address.port, (socket) => void https.emit('connection', socket));
  https.on('tlsClientError', (_error, socket) => socket.destroy());
  https.on('clientError', (_error, socket) => socket.destroy());
  const late = makeLateCalls();
  https.on('request', (request, response) => {
    handle(cluster, front, late, request, response).catch(() => request.socket.destroy());
  });
  return front;
};

/** Calls that act after the next one of their method. */
interface LateCalls {
  add(method: string, act: () => void): void;
  take(method: string): (() => void)[];
}

const makeLateCalls = (): LateCalls => {
  const waiting = new Map<string, (() => void)[]>();
  return {
    add: (method, act) => void waiting.set(method, [...(waiting.get(method) ?? []), act]),
    take(method) {
      const acts = waiting.get(method) ?? [];
      waiting.delete(method);
      return acts;
    },
  };
};

const handle = async (
  cluster: Cluster,
  front: Front,
  late: LateCalls,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const path = /^\/json-rpc\/([^/?]+)\/?(?:\?.*)?$/.exec(request.url ?? '');
  const body = await readBody(request);
  if (path === null) return sendHtml(response, 404, 'Not Found');
  const admin = cluster.login(...credentials(request.headers.authorization));
  if (admin === undefined) {
    response.setHeader('www-authenticate', 'Basic realm="Element"');
    return sendHtml(response, 401, 'Unauthorized');
  }
  if (request.method !== 'POST') return sendHtml(response, 405, 'Method Not Allowed');
  const call = parseRequest(body, decodeURIComponent(path[1]!));
  if (call instanceof ElementError) return sendError(response, null, call);

  const { method, params, version } = call;
  const entry = cluster.calls.open({
    time: new Date(cluster.clock.now()).toISOString(),
    realMs: Date.now(),
    method,
    params,
    version,
    username: admin.username,
  });
  const { call: fault, jobs } = cluster.faults.meet(method, params);
  const met = [fault, ...jobs].flatMap((f) => f?.kind ?? []);
  if (met.length > 0) entry.fault = met.join(', ');
  const act = (): string => answer(cluster, front, call, admin, jobs, entry);
  const overtaken = late.take(method);
  if (fault === undefined) send(response, act());
  else await spoil(cluster, front, late, fault, { request, response, call, entry, act });
  for (const actLate of overtaken) actLate();
};

const errorAnswer = (id: unknown, error: ElementError): string =>
  JSON.stringify({ id, error: { code: 500, message: error.message, name: error.apiName } });

const answer = (
  cluster: Cluster,
  front: Front,
  call: ApiRequest,
  admin: Parameters<Cluster['call']>[0]['admin'],
  jobFaults: readonly JobFault[],
  entry: CallEntry,
): string => {
  try {
    if (front.notPrimary()) throw new ElementError('xNotPrimary', 'This node is not the cluster master.');
    const result = cluster.call({ ...call, admin, jobFaults });
    // Written out at once: the state goes on changing while a fault holds the answer back.
    const answered = JSON.stringify({ id: call.id, result });
    cluster.calls.close(entry, 'ok', false);
    return answered;
  } catch (error) {
    const refusal =
      error instanceof ElementError
        ? error
        : new ElementError('xUnknownException', `Simulator fault: ${String(error)}`);
    cluster.calls.close(entry, refusal.apiName, true);
    return errorAnswer(call.id, refusal);
  }
};

const send = (response: ServerResponse, body: string): void => {
  // The client may have cut while a fault made it wait.
  if (response.destroyed) return;
  response.writeHead(200, { 'content-type': 'application/json-rpc' });
  response.end(body);
};

const sendError = (response: ServerResponse, id: unknown, error: ElementError): void =>
  send(response, errorAnswer(id, error));

interface Spoilt {
  request: IncomingMessage;
  response: ServerResponse;
  call: ApiRequest;
  entry: CallEntry;
  act: () => string;
}

/** A call that a fault holds back must not hold back the end of the process. */
const unref = { ref: false };

/** Lets a fault have its way with one call. */
const spoil = async (
  cluster: Cluster,
  front: Front,
  late: LateCalls,
  fault: CallFault,
  { request, response, call, entry, act }: Spoilt,
): Promise<void> => {
  const { calls } = cluster;
  switch (fault.kind) {
    case 'error':
      calls.close(entry, fault.name, true);
      return sendError(response, call.id, new ElementError(fault.name, fault.message ?? fault.name));
    case 'actThenError':
      act();
      return sendError(response, call.id, new ElementError(fault.name, fault.message ?? fault.name));
    case 'http503':
      calls.close(entry, `http${fault.status ?? 503}`, false);
      return sendHtml(response, fault.status ?? 503, 'Service Unavailable');
    case 'html200':
      calls.close(entry, 'html200', false);
      return sendHtml(response, 200, 'NetApp Element');
    case 'slow':
      await delay(fault.delayMs, undefined, unref);
      return send(response, act());
    case 'slowAnswer': {
      const done = act();
      await delay(fault.delayMs, undefined, unref);
      return send(response, done);
    }
    case 'cutBefore':
      calls.close(entry, 'cut', false);
      request.socket.destroy();
      return;
    case 'actThenCut':
      act();
      request.socket.destroy();
      return;
    case 'cutThenActLater':
      request.socket.destroy();
      await delay(fault.delayMs, undefined, unref);
      act();
      return;
    case 'overtaken':
      request.socket.destroy();
      late.add(call.method, () => void act());
      return;
    case 'tlsFailure':
    case 'refuse':
    case 'failover':
      calls.close(entry, 'cut', false);
      front.outage(fault);
      return;
  }
};
