import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { inspect } from 'node:util';
import { LineCounter, parseDocument, type Document } from 'yaml';
import { z } from 'zod';
import { LEASE_DAYS_MAX } from '../contracts/fields.ts';
import { hookNameSchema } from '../contracts/hooks.ts';
import { DEFAULT_TASK_QUEUE } from '../contracts/names.ts';
import type { Credentials, TlsOptions } from '../element/index.ts';
import type { HookConfig } from '../activities/index.ts';
import { describeFaults, describeSyntax, placeOf } from './config-places.ts';
import { hookConfig, hooksSchema } from './hooks-config.ts';
import { monitoringFrom, monitoringSchema, type MonitoringConfig } from './monitoring/config.ts';
import { readSecret, reason, secretSource } from './secrets.ts';
import { readTls, tlsSchema } from './tls-config.ts';

/** One cluster of the configuration, ready for use. Holds no secret: `credentials` reads them anew each time. */
export interface ClusterConfig {
  /** `https://MVIP[:port]`. */
  endpoint: string;
  /** Without it the newest version is used that the cluster and this program both know. */
  apiVersion: string | undefined;
  credentials: () => Promise<Credentials>;
  tls: TlsOptions;
  /** Seconds for one API call. */
  timeoutSeconds: number;
  /** Seconds after an unanswered creating call in which its effect may still appear. */
  settleSeconds: number;
  /** Longest pause between two looks at a running clone, in seconds. */
  pollCapSeconds: number;
  /** Seconds without a byte moved after which a clone is reported as stalled. */
  stallSeconds: number;
  /** Seconds for which refused credentials are read and tried again: a rotated password is on its way. */
  rotationSeconds: number;
  /** Shortest pause between two looks at a leased volume, in seconds. */
  leaseLookSeconds: number;
  /** No lease and no extension may reach further, in days. */
  leaseMaxDays: number;
  /** The hook that is told when a lease ends soon. */
  leaseWarningHook?: string | undefined;
  /** HTTPS connections to the cluster. */
  maxConnections: number;
  /** At most this many clone jobs of ours at once; without it as many as the cluster runs. */
  maxCloneJobs?: number | undefined;
  /** Its steps are taken on this queue only; without it on that of the workflows. */
  taskQueue?: string | undefined;
}

/** A cluster that other workers serve: this one need not reach it, and has no credentials for it. */
export interface RemoteCluster {
  taskQueue: string;
  leaseWarningHook?: string | undefined;
}

export interface WorkerConfig {
  file: string;
  /** Where the workflows of this service run: ELEMENT_CLONE_TASK_QUEUE. */
  taskQueue: string;
  /** Whether this worker runs them; else it takes the steps of its clusters and nothing more. */
  workflows: boolean;
  clusters: Record<string, ClusterConfig>;
  /** Those that this worker only knows of. */
  remote: Record<string, RemoteCluster>;
  /** What may be called besides the clusters, by name. */
  hooks: Record<string, HookConfig>;
  /** Where metrics and health are served; without it they are not. */
  monitoring?: MonitoringConfig | undefined;
  /** Variables of the environment that hold its secrets. */
  secretVariables: string[];
}

/** The configuration cannot be used. `faults` lists every reason at once, each with its place and remedy. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError' as const;
  readonly file: string;
  readonly faults: readonly string[];

  constructor(file: string, faults: readonly string[], options?: ErrorOptions) {
    super(
      faults.length === 1
        ? `${file}: ${faults[0]}`
        : `${file} has ${faults.length} faults:\n${faults.map((f) => `  - ${f}`).join('\n')}`,
      options,
    );
    this.file = file;
    this.faults = faults;
  }
}

const seconds = (fallback: number, max: number) =>
  z
    .number({ error: 'must be a number of seconds' })
    .min(1, { error: 'must be at least 1 second' })
    .max(max, { error: `must be at most ${max} seconds` })
    .default(fallback);

const endpoint = z.string({ error: 'must be the address of the cluster, such as https://10.0.0.5' }).refine(
  (text) => {
    try {
      const url = new URL(text);
      return url.protocol === 'https:' && url.href === `${url.origin}/` && !/[?#@]/.test(text);
    } catch {
      return false;
    }
  },
  { error: 'must be https:// and the MVIP, with a port if it is not 443, without path, user name or password' },
);

const connections = 'must be a whole number of connections, 1 to 64';
const cloneJobs = 'must be a whole number of clone jobs, 1 to 1000; leave it out for as many as the cluster runs';

const taskQueue = z
  .string({ error: 'must be the name of a task queue, such as element-clone-lab' })
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,199}$/, {
    error: 'cannot be a task queue; use letters, digits and . _ : @ / -, 200 at most',
  });

const clusterFields = {
  endpoint,
  apiVersion: z
    .string({ error: 'must be text in quotes, such as "12.5"' })
    .regex(/^\d{1,2}\.\d{1,2}$/, { error: 'must look like "12.5"' })
    .optional(),
  username: z.union([z.string().min(1), secretSource], {
    error: 'must be the name of a cluster admin, or { env: VARIABLE } or { file: PATH }',
  }),
  password: secretSource,
  tls: tlsSchema.optional(),
  timeoutSeconds: seconds(30, 55),
  settleSeconds: seconds(30, 600),
  pollCapSeconds: seconds(120, 900),
  stallSeconds: seconds(300, 86_400),
  // A kubelet takes up to two minutes to renew a mounted secret.
  rotationSeconds: seconds(300, 86_400),
  leaseLookSeconds: seconds(30, 86_400),
  leaseMaxDays: z
    .number({ error: 'must be a number of days' })
    .positive({ error: 'must be more than 0 days' })
    .max(LEASE_DAYS_MAX, { error: `must be at most ${LEASE_DAYS_MAX} days` })
    .default(LEASE_DAYS_MAX),
  leaseWarningHook: hookNameSchema.optional(),
  maxConnections: z
    .int({ error: connections })
    .min(1, { error: connections })
    .max(64, { error: connections })
    .default(8),
  maxCloneJobs: z.int({ error: cloneJobs }).min(1, { error: cloneJobs }).max(1_000, { error: cloneJobs }).optional(),
  taskQueue: taskQueue.optional(),
};
const servedSchema = z.strictObject(clusterFields, {
  error: 'must have an endpoint, a username and a password; or a taskQueue alone, where another worker serves it',
});
const remoteSchema = z.strictObject({ taskQueue, leaseWarningHook: hookNameSchema.optional() });

const isRemote = (cluster: unknown): boolean =>
  typeof cluster === 'object' &&
  cluster !== null &&
  'taskQueue' in cluster &&
  Object.keys(cluster).every((key) => key in remoteSchema.shape);

/** By what is there, so that a fault is told of the one that was meant. */
const clusterSchema = z.unknown().transform((cluster, ctx): z.infer<typeof servedSchema | typeof remoteSchema> => {
  const { data, error } = (isRemote(cluster) ? remoteSchema : servedSchema).safeParse(cluster);
  if (data !== undefined) return data;
  for (const issue of error?.issues ?? []) ctx.issues.push({ ...issue, input: cluster } as z.core.$ZodRawIssue);
  return z.NEVER;
});

const named = 'must name at least one cluster, such as { lab: { endpoint: …, username: …, password: … } }';

const configSchema = z
  .strictObject(
    {
      clusters: z
        .record(
          z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, {
            error: 'cannot be an alias; use letters, digits, ".", "_" or "-"',
          }),
          clusterSchema,
          { error: (issue) => (issue.code === 'invalid_type' ? named : undefined) },
        )
        .refine((c) => Object.keys(c).length > 0, { error: named }),
      workflows: z
        .boolean({ error: 'must be false for a worker at a site, which takes the steps of its clusters only' })
        .default(true),
      hooks: hooksSchema.optional(),
      monitoring: monitoringSchema.optional(),
    },
    { error: 'must be YAML with the key "clusters"' },
  )
  .superRefine(({ clusters, hooks = {} }, ctx) => {
    for (const [alias, { leaseWarningHook: hook }] of Object.entries(clusters)) {
      if (hook === undefined || Object.hasOwn(hooks, hook)) continue;
      const message = `names no hook of this file; add "${hook}" to hooks, or leave it out`;
      ctx.addIssue({ code: 'custom', path: ['clusters', alias, 'leaseWarningHook'], message });
    }
  });

/** Where the configuration is, unless told otherwise. */
export const configPath = (env: NodeJS.ProcessEnv = process.env): string =>
  env['ELEMENT_CLONE_CONFIG'] ?? './element-clone.yaml';

/** Reads and checks the configuration, secrets included. Throws `ConfigError` with every fault. */
export async function loadConfig(
  path: string = configPath(),
  env: NodeJS.ProcessEnv = process.env,
): Promise<WorkerConfig> {
  const file = resolve(path);
  const base = dirname(file);
  const lines = new LineCounter();
  const document = parseDocument(await readConfig(file), { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    throw new ConfigError(
      file,
      document.errors.map((e) => describeSyntax(e, lines)),
    );
  }
  const value = valueOf(document, file);
  const parsed = configSchema.safeParse(value);
  const faults = parsed.success ? [] : describeFaults(parsed.error, document, lines);
  const tlsOf = new Map<string, TlsOptions>();
  const hookTls = new Map<string, TlsOptions>();
  for (const [name, fields] of rawMembers(value, 'hooks')) {
    const at = (...keys: string[]) => placeOf(document, lines, ['hooks', name, ...keys]);
    hookTls.set(name, await checkTls(fields['tls'], base, (why) => faults.push(`${at('tls', 'caFile')}: ${why}`)));
    const headers = fields['headers'];
    for (const [header, source] of Object.entries(typeof headers === 'object' && headers !== null ? headers : {})) {
      await checkSecret(source, base, env, (why) => faults.push(`${at('headers', header)}: ${why}`));
    }
  }
  for (const [alias, fields] of rawMembers(value, 'clusters')) {
    const at = (...keys: string[]) => placeOf(document, lines, ['clusters', alias, ...keys]);
    tlsOf.set(alias, await checkTls(fields['tls'], base, (why) => faults.push(`${at('tls', 'caFile')}: ${why}`)));
    for (const field of ['username', 'password'] as const) {
      await checkSecret(fields[field], base, env, (why) => faults.push(`${at(field)}: ${why}`));
    }
  }
  let monitoring: MonitoringConfig | undefined;
  try {
    monitoring = monitoringFrom(env, parsed.data?.monitoring);
  } catch (err) {
    faults.push(reason(err));
  }
  const home = env['ELEMENT_CLONE_TASK_QUEUE'] || DEFAULT_TASK_QUEUE;
  if (parsed.data !== undefined) {
    for (const [alias, why] of queueFaults(parsed.data, home)) {
      faults.push(`${placeOf(document, lines, ['clusters', alias, 'taskQueue'])}: ${why}`);
    }
  }
  if (faults.length > 0 || parsed.data === undefined) throw new ConfigError(file, faults);
  const all = Object.entries(parsed.data.clusters);
  const served = all.flatMap(([alias, cluster]) => ('endpoint' in cluster ? [[alias, cluster] as const] : []));
  const remote = all.filter(([, cluster]) => !('endpoint' in cluster));
  const clusters = served.map(([alias, { username, password, ...plain }]) => [
    alias,
    withoutSecrets({
      ...plain,
      endpoint: new URL(plain.endpoint).origin,
      apiVersion: plain.apiVersion,
      tls: tlsOf.get(alias) ?? {},
      credentials: async () => ({
        username: typeof username === 'string' ? username : await readSecret(username, base, env),
        password: await readSecret(password, base, env),
      }),
    }),
  ]);
  const hooks = Object.entries(parsed.data.hooks ?? {}).map(([name, hook]) => [
    name,
    hookConfig(hook, hookTls.get(name) ?? {}, base, env),
  ]);
  return {
    file,
    taskQueue: home,
    workflows: parsed.data.workflows,
    secretVariables: secretVariables(parsed.data),
    remote: Object.fromEntries(remote) as Record<string, RemoteCluster>,
    clusters: Object.fromEntries(clusters) as Record<string, ClusterConfig>,
    hooks: Object.fromEntries(hooks) as Record<string, HookConfig>,
    monitoring,
  };
}

function secretVariables({ clusters, hooks = {} }: z.infer<typeof configSchema>): string[] {
  const sources: unknown[] = [
    ...Object.values(clusters).flatMap((c) => ('endpoint' in c ? [c.username, c.password] : [])),
    ...Object.values(hooks).flatMap(({ headers = {} }) => Object.values(headers)),
  ];
  return sources.flatMap((source) => {
    const { data } = secretSource.safeParse(source);
    return data !== undefined && 'env' in data ? [data.env] : [];
  });
}

/** What would leave steps to nobody, or workflows to a worker that runs none. */
function queueFaults({ clusters, workflows }: z.infer<typeof configSchema>, home: string): [string, string][] {
  return Object.entries(clusters).flatMap(([alias, { taskQueue: queue, ...cluster }]): [string, string][] => {
    if (queue === home) return [[alias, `"${home}" is the queue of the workflows; leave it out, or name another one`]];
    if (workflows) return [];
    if (queue === undefined) return [[alias, 'is missing; a worker with workflows: false serves such clusters only']];
    if ('endpoint' in cluster) return [];
    return [
      [
        alias,
        'stands alone, and a worker with workflows: false serves what it names; add an endpoint, or leave it out',
      ],
    ];
  });
}

/** Clusters or hooks as they are written, so that files and variables are looked at whatever else is wrong. */
function rawMembers(value: unknown, key: 'clusters' | 'hooks'): [string, Record<string, unknown>][] {
  const isObject = (v: unknown): v is Record<string, unknown> => v !== null && typeof v === 'object';
  if (!isObject(value) || !isObject(value[key])) return [];
  return Object.entries(value[key]).filter((entry): entry is [string, Record<string, unknown>] => isObject(entry[1]));
}

type Complain = (why: string) => void;

/** The checked certificates; what has the wrong shape, the schema complains about. */
async function checkTls(value: unknown, base: string, complain: Complain): Promise<TlsOptions> {
  const { data: tls } = tlsSchema.optional().safeParse(value);
  try {
    return await readTls(tls, base);
  } catch (err) {
    complain(`cannot be used (${reason(err)}); name a file of certificates in PEM form`);
    return {};
  }
}

async function checkSecret(value: unknown, base: string, env: NodeJS.ProcessEnv, complain: Complain): Promise<void> {
  const { data: source } = secretSource.safeParse(value);
  if (source === undefined) return;
  await readSecret(source, base, env).catch((err: unknown) => complain(reason(err)));
}

async function readConfig(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (err) {
    throw new ConfigError(
      file,
      [`cannot be read (${reason(err)}); create it, or name another file in ELEMENT_CLONE_CONFIG`],
      { cause: err },
    );
  }
}

/** An alias without its anchor is no fault of the syntax; the message of the parser would quote it. */
function valueOf(document: Document, file: string): unknown {
  try {
    return document.toJS();
  } catch {
    throw new ConfigError(file, [
      'an alias (*name) refers to nothing before it, or to too much; put text that begins with * in quotes',
    ]);
  }
}

/** A cluster in a log or an error shows where it is and nothing else. */
function withoutSecrets(config: ClusterConfig): ClusterConfig {
  Object.defineProperty(config, inspect.custom, {
    value: () => `ClusterConfig(${config.endpoint})`,
    enumerable: false,
  });
  return config;
}
