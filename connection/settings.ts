import { readFileSync } from 'node:fs';
import { loadClientConfigProfile, loadClientConnectConfig } from '@temporalio/envconfig';

/** Where and as whom a process reaches Temporal. */
export interface TemporalSettings {
  /** With the API key as it is now. */
  connectionOptions: ReturnType<typeof loadClientConnectConfig>['connectionOptions'];
  /** Without `default` for "not said". */
  namespace: string | undefined;
  /** Reads the key anew. Only when a file holds it. */
  apiKey: (() => string) | undefined;
  /** Files whose content changes when credentials are renewed: those of the certificates and of the key. */
  files: { certificates: readonly string[]; apiKey: string | undefined };
}

const API_KEY_FILE = 'ELEMENT_CLONE_TEMPORAL_API_KEY_FILE';

/**
 * Temporal's own environment and profile file; and ELEMENT_CLONE_TEMPORAL_API_KEY_FILE, since a key in the environment cannot
 * be renewed while a process runs. Throws what is wrong with them, never a key.
 */
export function loadTemporalSettings(env: NodeJS.ProcessEnv = process.env): TemporalSettings {
  const file = env[API_KEY_FILE] || undefined;
  const apiKey = file === undefined ? undefined : () => readKey(file);
  const overrideEnvVars = definedOf({ ...env, ...(apiKey === undefined ? {} : { TEMPORAL_API_KEY: apiKey() }) });
  const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars });
  const { tls } = loadClientConfigProfile({ overrideEnvVars });
  const certificates = [tls?.clientCert, tls?.clientKey, tls?.serverCACert].flatMap((s) =>
    s !== undefined && 'path' in s ? [s.path] : [],
  );
  return { connectionOptions, namespace, apiKey, files: { certificates, apiKey: file } };
}

function readKey(file: string): string {
  let key: string;
  try {
    key = readFileSync(file, 'utf8').trim();
  } catch (err) {
    const why = err instanceof Error && 'code' in err ? String(err.code) : String(err);
    throw new Error(
      `the file of the API key ${file} cannot be read (${why}); put it there, or correct ${API_KEY_FILE}`,
      { cause: err },
    );
  }
  if (key === '' || /\s/.test(key))
    throw new Error(`the file of the API key ${file} must hold one key and nothing else`);
  return key;
}

const definedOf = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
