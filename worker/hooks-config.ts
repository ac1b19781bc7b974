import { inspect } from 'node:util';
import { z } from 'zod';
import type { HookConfig } from '../activities/index.ts';
import type { TlsOptions } from '../element/index.ts';
import { readSecret, secretSource } from './secrets.ts';
import { tlsSchema } from './tls-config.ts';

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

const url = z.string({ error: 'must be the address of the hook, such as https://hooks.example/quiesce' }).refine(
  (text) => {
    try {
      const { protocol, hostname, username, password, hash } = new URL(text);
      const safe = protocol === 'https:' || (protocol === 'http:' && LOOPBACK.has(hostname));
      return safe && username === '' && password === '' && hash === '';
    } catch {
      return false;
    }
  },
  { error: 'must be https:// (http:// for this machine only), without user name and password: put those into headers' },
);

/** Set by the call itself. */
const RESERVED = ['content-type', 'content-length', 'host', 'idempotency-key', 'connection', 'transfer-encoding'];

const headers = z
  .record(
    z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, { error: 'cannot be the name of a header' }),
    z.union([secretSource, z.strictObject({ value: z.string().min(1) })], {
      error: 'must be { env: VARIABLE } or { file: PATH }, or { value: TEXT } for what is no secret',
    }),
  )
  .refine((h) => !Object.keys(h).some((name) => RESERVED.includes(name.toLowerCase())), {
    error: `must not set ${RESERVED.join(', ')}`,
  });

const timeout = 'must be 1 to 900 seconds';

/** Hooks as the configuration has them, by name. */
export const hooksSchema = z.record(
  z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, {
    error: 'cannot be the name of a hook; use letters, digits, ".", "_" or "-"',
  }),
  z.strictObject(
    {
      url,
      headers: headers.optional(),
      tls: tlsSchema.optional(),
      timeoutSeconds: z.number({ error: timeout }).min(1, { error: timeout }).max(900, { error: timeout }).default(60),
    },
    { error: 'must have a url' },
  ),
  { error: 'must be hooks by name, such as { quiesce: { url: https://… } }' },
);

type Hook = z.infer<typeof hooksSchema>[string];
type Source = NonNullable<Hook['headers']>[string];

const read = async (source: Source, base: string, env: NodeJS.ProcessEnv) =>
  'value' in source ? source.value : readSecret(source, base, env);

/** A hook ready for use; its headers are read anew at each call. */
export function hookConfig(hook: Hook, tls: TlsOptions, base: string, env: NodeJS.ProcessEnv): HookConfig {
  const config: HookConfig = {
    url: hook.url,
    tls,
    timeoutSeconds: hook.timeoutSeconds,
    headers: async () => {
      const entries = Object.entries(hook.headers ?? {});
      return Object.fromEntries(
        await Promise.all(entries.map(async ([name, source]) => [name, await read(source, base, env)] as const)),
      );
    },
  };
  // A hook in a log or an error shows where it is and nothing else.
  Object.defineProperty(config, inspect.custom, { value: () => `HookConfig(${hook.url})`, enumerable: false });
  return config;
}
