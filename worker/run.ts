import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client, type ConnectionLike } from '@temporalio/client';
import {
  NativeConnection,
  Runtime,
  Worker,
  type TelemetryOptions,
  type WorkerDeploymentOptions,
  type WorkerOptions,
} from '@temporalio/worker';
import { createActivities } from '../activities/index.ts';
import {
  encryptionFromEnv,
  loadTemporalSettings,
  type Encryption,
  type TemporalSettings,
} from '../connection/index.ts';
import type { CallInfo } from '../element/index.ts';
import { createClusters, type Clusters } from './clusters.ts';
import { configPath, loadConfig, type WorkerConfig } from './config.ts';
import { followCredentials, liveConnection } from './credentials.ts';
import { createLogger, temporalLogger } from './logger.ts';
import { createHealth, type HealthSubject } from './monitoring/health.ts';
import { countCalls, withExporter } from './monitoring/metrics.ts';
import { startMonitoring, type Monitoring, type MonitoringOptions } from './monitoring/server.ts';
import { slotGauges } from './monitoring/slots.ts';
import { nexusService } from './nexus.ts';
import { createQueueWorkers, type QueueWorkers } from './queue-workers.ts';
import { liveHooks, reloadOnChange } from './reload.ts';
import { ensureSearchAttributes } from './search-attributes.ts';
import { reason } from './secrets.ts';
import { startTracing, type Tracing } from './tracing.ts';
import { collectSooner, WORKER_TUNING } from './tuning.ts';
import { deploymentFrom, makeCurrent, VersioningError } from './versioning.ts';
import { withheldEnv } from './withheld.ts';

export interface RunWorkerOptions {
  /** @default ELEMENT_CLONE_CONFIG, else ./element-clone.yaml */
  configPath?: string;
  /** Prebuilt workflow bundle. @default the one built beside this file */
  workflowBundlePath?: string;
}

/** A refusal to start, in one sentence with its remedy. */
export class WorkerStartError extends Error {
  override readonly name = 'WorkerStartError' as const;
}

/**
 * Runs a worker until SIGINT or SIGTERM; running looks are given time to end, waiting clones go on elsewhere.
 * @throws ConfigError, WorkerStartError
 */
export async function runWorker(options: RunWorkerOptions = {}): Promise<void> {
  collectSooner();
  const { env, withhold } = withheldEnv();
  const path = options.configPath ?? configPath(env);
  const config = await loadConfig(path, env);
  const reached = temporalFrom(env);
  const deployment = versioning();
  const log = createLogger();
  const install = (metrics?: TelemetryOptions['metrics']) =>
    void Runtime.install({
      logger: temporalLogger(log),
      telemetryOptions: {
        logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } },
        ...(metrics === undefined ? {} : { metrics }),
      },
    });
  let exporter: string | undefined;
  if (config.monitoring) exporter = await withExporter(install);
  else install();
  const tracing = await startTracing('element-clone-worker');
  // Tracing has read its own by now.
  withhold(config.secretVariables);
  const load = async () => {
    const next = await loadConfig(path, env);
    withhold(next.secretVariables);
    return next;
  };
  const { taskQueue } = config;
  const subject: HealthSubject = {
    home: config.workflows ? taskQueue : undefined,
    clusters: createClusters(config, (alias, info) => heard(alias, info)),
  };
  const health = createHealth(subject);
  const count = countCalls();
  const heard = (alias: string, info: CallInfo) => {
    count(alias, info);
    tracing?.onCall(alias, info);
    health.heard(alias, info);
  };
  const { clusters } = subject;
  const hooks = liveHooks(config.hooks);
  let refresh: (() => Promise<void>) | undefined;
  const monitoring =
    config.monitoring && exporter !== undefined
      ? await monitor({ ...config.monitoring, exporter, health, refresh: async () => refresh?.() })
      : undefined;
  if (monitoring) log.info({ url: monitoring.url }, 'Metrics and health are served');
  try {
    await serve({
      log,
      ...reached,
      config,
      load,
      env,
      deployment,
      clusters,
      hooks,
      tracing,
      workflowBundlePath: options.workflowBundlePath,
      onStart: ({ temporal, ...running }) => {
        Object.assign(subject, running);
        refresh = slotGauges(temporal, () => clusters.known(), taskQueue);
      },
    });
  } finally {
    await Promise.all([clusters.close(), hooks.close(), monitoring?.close(), tracing?.stop().catch(() => {})]);
  }
}

/** How Temporal is reached, and what it is not to read. */
function temporalFrom(env: NodeJS.ProcessEnv): { settings: TemporalSettings; encryption: Encryption | undefined } {
  try {
    return { settings: loadTemporalSettings(env), encryption: encryptionFromEnv(env) };
  } catch (err) {
    throw new WorkerStartError(`The settings for Temporal cannot be used: ${reason(err)}`, { cause: err });
  }
}

interface Serving {
  log: ReturnType<typeof createLogger>;
  settings: TemporalSettings;
  encryption: Encryption | undefined;
  config: Pick<WorkerConfig, 'file' | 'taskQueue' | 'workflows'>;
  load: () => Promise<WorkerConfig>;
  env: NodeJS.ProcessEnv;
  deployment: WorkerDeploymentOptions | undefined;
  clusters: Clusters;
  hooks: ReturnType<typeof liveHooks>;
  tracing: Tracing | undefined;
  workflowBundlePath: string | undefined;
  onStart: (running: {
    connection: ConnectionLike;
    namespace: string;
    workers: QueueWorkers;
    temporal: Client;
  }) => void;
}

async function serve({
  log,
  settings,
  encryption,
  config: { file, taskQueue, workflows },
  load,
  env,
  deployment,
  clusters,
  hooks,
  tracing,
  workflowBundlePath,
  onStart,
}: Serving): Promise<void> {
  const { connectionOptions, namespace = 'default' } = settings;
  const address = connectionOptions.address ?? 'localhost:7233';
  const live = liveConnection(
    await connect(connectionOptions, address, (err) =>
      log.warn({ address, error: err.message }, 'Temporal does not answer yet, trying again'),
    ),
  );
  const connection = live.current();
  try {
    const attributes = await ensureSearchAttributes(connection, namespace);
    if (attributes.state === 'missing') {
      throw new WorkerStartError(
        `The namespace "${namespace}" lacks the search attributes ${attributes.names.join(', ')} and this worker may not register them. Ask an administrator to run: ${attributes.remedy}`,
      );
    }
    const converter = encryption === undefined ? {} : { dataConverter: encryption.dataConverter };
    const temporal = new Client({ connection: live.connection, namespace, ...converter });
    const steps = {
      namespace,
      ...converter,
      plugins: tracing === undefined ? [] : [tracing.plugin],
      activities: createActivities({
        cluster: (alias) => clusters.get(alias),
        clusterAliases: () => clusters.known(),
        taskQueue,
        taskQueueOf: (alias) => clusters.taskQueueOf(alias),
        leaseWarningHook: (alias) => clusters.leaseWarningHook(alias),
        hooks,
        temporal,
      }),
      ...WORKER_TUNING,
    } satisfies Partial<WorkerOptions>;
    const home = {
      ...workflowCode(workflowBundlePath, {
        versioned: deployment !== undefined,
        traced: tracing !== undefined,
        encrypted: encryption !== undefined,
      }),
      nexusServices: [nexusService(taskQueue)],
      ...(deployment === undefined ? {} : { workerDeploymentOptions: deployment }),
    };
    const workers = createQueueWorkers((queue) =>
      Worker.create({ connection: live.current(), taskQueue: queue, ...steps, ...(queue === taskQueue ? home : {}) }),
    );
    const queues = () => [...(workflows ? [taskQueue] : []), ...clusters.taskQueues()];
    onStart({ connection: live.connection, namespace, workers, temporal });
    const reload = reloadOnChange({ file, load, clusters, hooks, log, onReload: () => workers.follow(queues()) });
    const credentials = followCredentials({
      ...{ settings, live, log },
      connect: () => NativeConnection.connect(loadTemporalSettings(env).connectionOptions),
      use: (next) => workers.use(next),
    });
    try {
      await workers.follow(queues());
      const keys = encryption === undefined ? {} : { encryptionKeys: encryption.keys.ids };
      const at = { taskQueue, ...(queues().length === 1 && workflows ? {} : { serves: queues() }) };
      log.info({ address, namespace, ...at, clusters: clusters.known(), ...keys }, 'Worker started');
      if (deployment) {
        const { version } = deployment;
        log.info(
          { ...version, command: makeCurrent(version) },
          'A versioned worker gets work once its version is current',
        );
      }
      await workers.ended;
      log.info('Worker stopped; waiting clones go on with the next worker');
    } finally {
      reload.stop();
      credentials.stop();
      await workers.stop();
    }
  } finally {
    await live.current().close();
  }
}

function versioning(): WorkerDeploymentOptions | undefined {
  try {
    return deploymentFrom(process.env);
  } catch (err) {
    throw err instanceof VersioningError ? new WorkerStartError(err.message, { cause: err }) : err;
  }
}

/** A port that is taken is no riddle. */
async function monitor(options: MonitoringOptions): Promise<Monitoring> {
  try {
    return await startMonitoring(options);
  } catch (err) {
    const why =
      err instanceof Error && 'code' in err && err.code === 'EADDRINUSE' ? 'something else listens there' : String(err);
    throw new WorkerStartError(
      `Metrics and health cannot be served at ${options.host}:${options.port} (${why}); choose another port under "monitoring" or in ELEMENT_CLONE_MONITORING`,
      { cause: err },
    );
  }
}

/** The bundle built with this version, never one made at start: that would hide a broken build until production. */
function workflowCode(
  path: string | undefined,
  is: { versioned: boolean; traced: boolean; encrypted: boolean },
): Pick<WorkerOptions, 'workflowBundle'> {
  // What traces, encrypts or is versioned has a bundle of its own: each start would pay for it.
  const kinds = (['versioned', 'traced', 'encrypted'] as const).filter((kind) => is[kind]).map((kind) => `-${kind}`);
  const file = `./workflow-bundle${kinds.join('')}.js`;
  const codePath = path ?? fileURLToPath(new URL(file, import.meta.url));
  if (!existsSync(codePath))
    throw new WorkerStartError(`There is no workflow bundle at ${codePath}; run: npm run build`);
  return { workflowBundle: { codePath } };
}

/** Temporal may come up after the worker: waits for it for a minute, and says so. */
async function connect(
  options: Parameters<typeof NativeConnection.connect>[0],
  address: string,
  onFailure: (err: Error) => void,
): Promise<NativeConnection> {
  const giveUp = Date.now() + 60_000;
  for (let pause = 500; ; pause = Math.min(pause * 2, 5_000)) {
    try {
      return await NativeConnection.connect(options);
    } catch (err) {
      const error = err instanceof Error ? err : new Error(String(err));
      if (Date.now() + pause > giveUp) {
        throw new WorkerStartError(
          `No Temporal server answers at ${address} (${error.message}); start one, or set TEMPORAL_ADDRESS`,
          { cause: error },
        );
      }
      onFailure(error);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}
