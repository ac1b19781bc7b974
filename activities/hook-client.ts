import { Agent, request } from 'undici';
import { tlsConnector, type TlsOptions } from '../element/index.ts';
import { hookURL } from './hook-url.ts';
import type { Hooks } from './hooks.ts';

/** One hook of the configuration, ready for use. Holds no secret: `headers` reads them anew each time. */
export interface HookConfig {
  url: string;
  headers: () => Promise<Record<string, string>>;
  tls: TlsOptions;
  /** Seconds for one call. */
  timeoutSeconds: number;
}

/** More of an answer is not read. */
export const HOOK_ANSWER_BYTES = 65_536;

/** Hooks that are called over HTTP: JSON by POST unless said otherwise, whose answer is read as text up to a bound. */
export function createHooks(configs: Readonly<Record<string, HookConfig>>): Hooks & { close(): Promise<void> } {
  const hooks = new Map(
    Object.entries(configs).map(([name, config]) => [
      name,
      {
        config,
        agent: new Agent({ connections: 4, connect: tlsConnector(config.tls, config.timeoutSeconds * 1_000) }),
      },
    ]),
  );
  const find = (name: string) => {
    const hook = hooks.get(name);
    if (hook === undefined) throw new Error(`no hook "${name}"`);
    return hook;
  };
  return {
    names: () => [...hooks.keys()],
    timeoutSeconds: (name) => find(name).config.timeoutSeconds,
    async call(name, { key, body, signal, method = 'POST', path, query }) {
      const { config, agent } = find(name);
      const url = hookURL(config.url, path, query);
      const limit = AbortSignal.timeout(config.timeoutSeconds * 1_000);
      try {
        const headers = await config.headers();
        const answer = await request(url, {
          method,
          dispatcher: agent,
          headers: {
            ...headers,
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            'idempotency-key': key,
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          signal: AbortSignal.any([signal, limit]),
        });
        return { status: answer.statusCode, text: withoutSecrets(await beginning(answer.body), headers) };
      } catch (err) {
        if (limit.aborted && !signal.aborted) throw new Error(`none within ${config.timeoutSeconds} s`, { cause: err });
        throw err;
      }
    },
    close: async () => {
      await Promise.all([...hooks.values()].map(({ agent }) => agent.close()));
    },
  };
}

const SECRET_MIN = 6;

/** A hook that repeats what it was sent, as error pages may, must not bring it into a history. */
function withoutSecrets(text: string, headers: Readonly<Record<string, string>>): string {
  const secrets = Object.values(headers).flatMap((value) => [value, ...value.split(/\s+/)]);
  return secrets.filter((s) => s.length >= SECRET_MIN).reduce((t, secret) => t.replaceAll(secret, '•••'), text);
}

/** What comes after the bound is not waited for: the connection is closed. */
async function beginning(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body) {
    parts.push(part);
    bytes += part.length;
    if (bytes >= HOOK_ANSWER_BYTES) break;
  }
  return Buffer.concat(parts).subarray(0, HOOK_ANSWER_BYTES).toString('utf8');
}
