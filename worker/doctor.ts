import { Connection } from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';
import { encryptionFromEnv, loadTemporalSettings, type TemporalSettings } from '../connection/index.ts';
import { DEFAULT_TASK_QUEUE } from '../contracts/names.ts';
import { createClusters } from './clusters.ts';
import { ConfigError, loadConfig, type WorkerConfig } from './config.ts';
import { checkCluster } from './doctor-cluster.ts';
import { countPollers } from './pollers.ts';
import { missingSearchAttributes, registrationCommand } from './search-attributes.ts';

/** One finding. `fail` means that clones cannot work; `warn` that they may, but somebody should look. */
export interface Check {
  /** What was looked at: `temporal`, `cluster lab: credentials`, … */
  check: string;
  ok: 'ok' | 'warn' | 'fail';
  message: string;
  /** What to do about it. */
  remedy?: string;
}

export interface DoctorOptions {
  /** @default ELEMENT_CLONE_CONFIG, else ./element-clone.yaml */
  configPath?: string;
  env?: NodeJS.ProcessEnv;
}

const CONNECT_MS = 5_000;

/** Looks at everything that a clone depends on, changes nothing, and goes on after a failure as far as it can. */
export async function* examine(options: DoctorOptions = {}): AsyncGenerator<Check, void, undefined> {
  const { env = process.env } = options;
  const temporal = yield* checkTemporal(env);
  try {
    const config = yield* checkConfig(options.configPath, env);
    if (config === undefined) return;
    yield* checkClusters(config, temporal);
  } finally {
    await temporal?.connection.close();
  }
}

async function* checkClusters(config: WorkerConfig, temporal: Reached | undefined): AsyncGenerator<Check> {
  const clusters = createClusters(config);
  try {
    for (const alias of clusters.known()) {
      const cluster = clusters.get(alias);
      const settings = config.clusters[alias];
      const taskQueue = clusters.taskQueueOf(alias) ?? config.taskQueue;
      if (temporal && taskQueue !== config.taskQueue) {
        yield await checkTaskQueue(temporal, { alias, taskQueue, here: cluster !== undefined });
      }
      if (cluster && settings) yield* checkCluster(cluster, settings);
    }
  } finally {
    await clusters.close();
  }
}

/** A server that answers, and the namespace that is there. */
interface Reached {
  connection: Connection;
  namespace: string;
}

/** Steps on a queue that nobody asks for work stand still, and nothing else tells why. */
async function checkTaskQueue(
  { connection, namespace }: Reached,
  { alias, taskQueue, here }: { alias: string; taskQueue: string; here: boolean },
): Promise<Check> {
  const check = `cluster ${alias}: task queue`;
  try {
    const { activities } = await countPollers(connection.workflowService, namespace, taskQueue);
    if (activities > 0) {
      const some = activities === 1 ? '1 worker serves' : `${activities} workers serve`;
      return { check, ok: 'ok', message: `${some} the task queue "${taskQueue}"` };
    }
    return {
      check,
      ok: 'fail',
      message: `nobody serves the task queue "${taskQueue}": clones of this cluster stand still`,
      remedy: here
        ? 'start a worker with this configuration: element-clone worker'
        : 'start the worker at its site, or see in its log why it does not reach Temporal',
    };
  } catch (err) {
    return { check, ok: 'warn', message: `who serves "${taskQueue}" cannot be told: ${textOf(err)}` };
  }
}

async function* checkConfig(
  path: string | undefined,
  env: NodeJS.ProcessEnv,
): AsyncGenerator<Check, WorkerConfig | undefined> {
  try {
    const config = await loadConfig(path ?? env['ELEMENT_CLONE_CONFIG'], env);
    const remote = Object.keys(config.remote).map((alias) => `${alias} (elsewhere)`);
    const aliases = [...Object.keys(config.clusters), ...remote];
    yield { check: 'configuration', ok: 'ok', message: `${config.file}: ${aliases.join(', ')}` };
    return config;
  } catch (err) {
    if (!(err instanceof ConfigError)) throw err;
    for (const fault of err.faults) {
      yield { check: 'configuration', ok: 'fail', message: fault, remedy: `correct ${err.file}` };
    }
    return undefined;
  }
}

/** What it returns is to be closed. */
async function* checkTemporal(env: NodeJS.ProcessEnv): AsyncGenerator<Check, Reached | undefined> {
  const where = { check: 'temporal' };
  let settings: TemporalSettings;
  try {
    settings = loadTemporalSettings(env);
  } catch (err) {
    const remedy = 'correct the variables TEMPORAL_* and ELEMENT_CLONE_TEMPORAL_…, or the profile file';
    yield { ...where, ok: 'fail', message: `its settings cannot be used: ${textOf(err)}`, remedy };
    return undefined;
  }
  yield* checkEncryption(env);
  const { connectionOptions, namespace = 'default' } = settings;
  const address = connectionOptions.address ?? 'localhost:7233';
  let connection: Connection;
  try {
    connection = await Connection.connect({ ...connectionOptions, connectTimeout: CONNECT_MS });
  } catch (err) {
    const remedy = 'start it ("temporal server start-dev"), or set TEMPORAL_ADDRESS';
    yield { ...where, ok: 'fail', message: `nobody answers at ${address} (${textOf(err)})`, remedy };
    return undefined;
  }
  let reached: Reached | undefined;
  try {
    yield { ...where, ok: 'ok', message: `${address} answers` };
    if (yield* checkNamespace(connection, namespace)) {
      yield await checkSearchAttributes(connection, namespace);
      yield await checkPollers(connection, namespace, env['ELEMENT_CLONE_TASK_QUEUE'] || DEFAULT_TASK_QUEUE);
      reached = { connection, namespace };
    }
    return reached;
  } finally {
    if (reached === undefined) await connection.close();
  }
}

/** Nothing is said of what is not wanted. */
function* checkEncryption(env: NodeJS.ProcessEnv): Generator<Check, void, undefined> {
  const check = 'encryption';
  try {
    const encryption = encryptionFromEnv(env);
    if (encryption === undefined) return;
    const [newest, ...others] = encryption.keys.ids;
    const older = others.length === 0 ? '' : `; ${others.join(', ')} can be read`;
    yield {
      check,
      ok: 'ok',
      message: `payloads are encrypted with the key "${newest}" of ${encryption.keys.place}${older}`,
    };
  } catch (err) {
    yield {
      check,
      ok: 'fail',
      message: textOf(err),
      remedy: 'correct the keys; every worker and client must have the same',
    };
  }
}

async function* checkNamespace(connection: Connection, namespace: string): AsyncGenerator<Check, boolean> {
  const check = 'temporal: namespace';
  try {
    await connection.workflowService.describeNamespace({ namespace });
    yield { check, ok: 'ok', message: `"${namespace}" is there` };
    return true;
  } catch (err) {
    const absent = err instanceof NamespaceNotFoundError || /not found/i.test(textOf(err));
    const remedy = absent
      ? `set TEMPORAL_NAMESPACE, or run: temporal operator namespace create --namespace ${namespace}`
      : 'check TEMPORAL_API_KEY or the TLS certificate';
    yield {
      check,
      ok: 'fail',
      message: absent ? `there is no "${namespace}"` : `"${namespace}" cannot be read: ${textOf(err)}`,
      remedy,
    };
    return false;
  }
}

async function checkSearchAttributes(connection: Connection, namespace: string): Promise<Check> {
  const check = 'temporal: search attributes';
  try {
    const missing = await missingSearchAttributes(connection, namespace);
    if (missing.length === 0) return { check, ok: 'ok', message: 'all are registered' };
    return {
      check,
      ok: 'warn',
      message: `not registered yet: ${missing.join(', ')}`,
      remedy: `start a worker, which registers them, or run: ${registrationCommand(namespace, missing)}`,
    };
  } catch (err) {
    return {
      check,
      ok: 'warn',
      message: `cannot be listed: ${textOf(err)}`,
      remedy: 'look at them in the Temporal UI',
    };
  }
}

async function checkPollers(connection: Connection, namespace: string, taskQueue: string): Promise<Check> {
  const check = 'temporal: workers';
  try {
    const { workflows, activities } = await countPollers(connection.workflowService, namespace, taskQueue);
    if (workflows > 0 && activities > 0) {
      return { check, ok: 'ok', message: `${activities} on the task queue "${taskQueue}"` };
    }
    return {
      check,
      ok: 'warn',
      message: `none has asked the task queue "${taskQueue}" for work in the last minutes`,
      remedy: 'start one: element-clone worker',
    };
  } catch (err) {
    return { check, ok: 'warn', message: `cannot be counted: ${textOf(err)}` };
  }
}

const textOf = (err: unknown): string => {
  if (err instanceof Error && 'details' in err && typeof err.details === 'string' && err.details !== '')
    return err.details;
  return (err instanceof Error ? err.message : String(err)).split('\n')[0] ?? '';
};
