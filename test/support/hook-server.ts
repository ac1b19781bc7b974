import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHooks, type Hooks } from '../../activities/index.ts';

export interface HookCallSeen {
  /** With the path below it. */
  hook: string;
  method: string;
  headers: IncomingHttpHeaders;
  body: Record<string, unknown>;
}

interface HookAnswer {
  status: number;
  body?: string;
  location?: string;
  /** Before the answer comes. */
  delayMs?: number;
}

export interface HookServer {
  hooks: Hooks;
  /** Address of a hook, for a worker that reads it from its configuration. */
  url(name: string): string;
  /** In the order in which they came. */
  seen: HookCallSeen[];
  /** How the next calls of a hook are answered; 200 when there is nothing left. */
  answer(hook: string, ...answers: HookAnswer[]): void;
  close(): Promise<void>;
}

/** Hooks over HTTP: `POST /NAME` each, with a header from a "secret". */
export async function startHookServer(names: readonly string[]): Promise<HookServer> {
  const seen: HookCallSeen[] = [];
  const answers = new Map<string, HookAnswer[]>();
  const server = createServer((req, res) => {
    let text = '';
    req.on('data', (part: Buffer) => (text += part.toString()));
    req.on('end', () => {
      const hook = (req.url ?? '').slice(1);
      const sent = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
      seen.push({ hook, method: req.method ?? '', headers: req.headers, body: sent });
      const { status, body = '', location, delayMs = 0 } = answers.get(hook)?.shift() ?? { status: 200 };
      setTimeout(() => {
        res.writeHead(status, location === undefined ? {} : { location });
        res.end(body);
      }, delayMs);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = (name: string) => `http://127.0.0.1:${port}/${name}`;
  const config = (name: string) => ({
    url: url(name),
    headers: () => Promise.resolve({ authorization: 'Bearer secret-of-the-hook' }),
    tls: {},
    timeoutSeconds: 5,
  });
  const hooks = createHooks(Object.fromEntries(names.map((name) => [name, config(name)])));
  return {
    hooks,
    url,
    seen,
    answer: (hook, ...more) => void answers.set(hook, [...(answers.get(hook) ?? []), ...more]),
    close: async () => {
      await hooks.close();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
