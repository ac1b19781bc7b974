import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { inspect } from 'node:util';
import { LineCounter, parseDocument, type Document } from 'yaml';
import { z } from 'zod';
import { isFingerprint, type Credentials, type TlsOptions } from '../element/index.ts';

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
  /** HTTPS connections to the cluster. */
  maxConnections: number;
}

export interface WorkerConfig {
  file: string;
  clusters: Record<string, ClusterConfig>;
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

const secretSource = z.union(
  [z.strictObject({ env: z.string().min(1) }), z.strictObject({ file: z.string().min(1) })],
  { error: 'must be { env: VARIABLE } or { file: PATH }; a secret written here would be in every copy of this file' },
);
type SecretSource = z.infer<typeof secretSource>;

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
      return url.protocol === 'https:' && url.origin === text.replace(/\/$/, '') && url.username === '';
    } catch {
      return false;
    }
  },
  { error: 'must be https:// and the MVIP, with a port if it is not 443, without path, user name or password' },
);

const clusterSchema = z.strictObject({
  endpoint,
  apiVersion: z
    .string({ error: 'must be text in quotes, such as "12.5"' })
    .regex(/^\d{1,2}\.\d{1,2}$/, { error: 'must look like "12.5"' })
    .optional(),
  username: z.union([z.string().min(1), secretSource], {
    error: 'must be the name of a cluster admin, or { env: VARIABLE } or { file: PATH }',
  }),
  password: secretSource,
  tls: z
    .union(
      [
        z.strictObject({ caFile: z.string().min(1) }),
        z.strictObject({
          fingerprint: z.string().refine(isFingerprint, { error: 'must be "sha256:" and 64 hexadecimal digits' }),
        }),
        z.strictObject({ insecureSkipVerify: z.literal(true) }),
      ],
      {
        error:
          'must be one of { caFile: PATH }, { fingerprint: "sha256:…64 hexadecimal digits" } or { insecureSkipVerify: true }',
      },
    )
    .optional(),
  timeoutSeconds: seconds(30, 55),
  settleSeconds: seconds(30, 600),
  pollCapSeconds: seconds(120, 900),
  stallSeconds: seconds(300, 86_400),
  maxConnections: z.int().min(1).max(64).default(8),
});

const configSchema = z.strictObject({
  clusters: z
    .record(
      z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, { error: 'an alias is letters, digits, ".", "_" or "-"' }),
      clusterSchema,
    )
    .refine((c) => Object.keys(c).length > 0, { error: 'must name at least one cluster' }),
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
  const document = parseDocument(await readConfig(file), { lineCounter: lines });
  if (document.errors.length > 0) {
    throw new ConfigError(
      file,
      document.errors.map((e) => `is not YAML: ${e.message.split('\n')[0]}`),
    );
  }
  const parsed = configSchema.safeParse(document.toJS());
  const faults = parsed.success ? [] : describe(parsed.error, document, lines);
  const clusters: Record<string, ClusterConfig> = {};
  for (const [alias, c] of Object.entries(parsed.data?.clusters ?? {})) {
    const at = (...fields: string[]) => place(document, lines, ['clusters', alias, ...fields]);
    const tls = await readTls(c.tls, base).catch((err: unknown) => {
      faults.push(`${at('tls', 'caFile')}: cannot be read (${reason(err)})`);
      return {};
    });
    const credentials = async (): Promise<Credentials> => ({
      username: typeof c.username === 'string' ? c.username : await readSecret(c.username, base, env),
      password: await readSecret(c.password, base, env),
    });
    for (const [field, source] of [
      ['username', c.username],
      ['password', c.password],
    ] as const) {
      if (typeof source === 'string') continue;
      await readSecret(source, base, env).catch((err: unknown) => faults.push(`${at(field)}: ${reason(err)}`));
    }
    const { username: _u, password: _p, ...plain } = c;
    clusters[alias] = withoutSecrets({
      ...plain,
      endpoint: c.endpoint.replace(/\/$/, ''),
      apiVersion: c.apiVersion,
      tls,
      credentials,
    });
  }
  if (faults.length > 0) throw new ConfigError(file, faults);
  return { file, clusters };
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

async function readTls(tls: z.infer<typeof clusterSchema>['tls'], base: string): Promise<TlsOptions> {
  if (tls === undefined) return {};
  if ('caFile' in tls) return { ca: await readFile(resolve(base, tls.caFile), 'utf8') };
  return tls;
}

/** Anew at each call: a rotated secret is used without a restart. The message names the place, never the content. */
async function readSecret(source: SecretSource, base: string, env: NodeJS.ProcessEnv): Promise<string> {
  if ('env' in source) {
    const value = env[source.env];
    if (!value) throw new Error(`the environment variable ${source.env} is not set; set it, or name another one`);
    return value;
  }
  const file = resolve(base, source.file);
  let text: string;
  try {
    text = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (err) {
    throw new Error(`the secret file ${file} cannot be read (${reason(err)})`, { cause: err });
  }
  if (text === '') throw new Error(`the secret file ${file} is empty`);
  return text;
}

const reason = (err: unknown): string => {
  if (err instanceof Error && 'code' in err && typeof err.code === 'string') {
    return { ENOENT: 'no such file', EACCES: 'permission denied', EISDIR: 'it is a folder' }[err.code] ?? err.code;
  }
  return err instanceof Error ? err.message : String(err);
};

function describe(error: z.ZodError, document: Document, lines: LineCounter): string[] {
  return error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map(
        (key) => `${place(document, lines, [...issue.path, key])}: unknown key; remove it or correct its spelling`,
      );
    }
    const missing = issue.path.length > 0 && document.getIn(issue.path) === undefined;
    return [`${place(document, lines, issue.path)}: ${missing ? 'is missing; it ' : ''}${issue.message}`];
  });
}

/** `clusters.lab.password (line 6, column 15)`: the path, and where it is in the file. */
function place(document: Document, lines: LineCounter, path: readonly PropertyKey[]): string {
  const name = path.map(String).join('.') || 'the file';
  for (let length = path.length; length > 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    const range = node !== null && typeof node === 'object' && 'range' in node ? node.range : undefined;
    if (Array.isArray(range) && typeof range[0] === 'number') {
      const { line, col } = lines.linePos(range[0]);
      return `${name} (line ${line}, column ${col})`;
    }
  }
  return name;
}

/** A cluster in a log or an error shows where it is and nothing else. */
function withoutSecrets(config: ClusterConfig): ClusterConfig {
  Object.defineProperty(config, inspect.custom, {
    value: () => `ClusterConfig(${config.endpoint})`,
    enumerable: false,
  });
  return config;
}
