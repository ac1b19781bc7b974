import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import { createActivities, createHooks } from '../activities/index.ts';
import { DEFAULT_TASK_QUEUE } from '../contracts/names.ts';
import { createClusters } from './clusters.ts';
import { loadConfig } from './config.ts';
import { createLogger, temporalLogger } from './logger.ts';
import { nexusService } from './nexus.ts';
import { ensureSearchAttributes } from './search-attributes.ts';
import { WORKER_TUNING } from './tuning.ts';

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
  const config = await loadConfig(options.configPath);
  const log = createLogger();
  const temporalLog = temporalLogger(log);
  Runtime.install({
    logger: temporalLog,
    telemetryOptions: { logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } } },
  });
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  const address = connectionOptions.address ?? 'localhost:7233';
  const taskQueue = process.env['ELEMENT_CLONE_TASK_QUEUE'] ?? DEFAULT_TASK_QUEUE;

  const connection = await connect(connectionOptions, address, (err) =>
    log.warn({ address, error: err.message }, 'Temporal does not answer yet, trying again'),
  );
  try {
    const attributes = await ensureSearchAttributes(connection, namespace);
    if (attributes.state === 'missing') {
      throw new WorkerStartError(
        `The namespace "${namespace}" lacks the search attributes ${attributes.names.join(', ')} and this worker may not register them. Ask an administrator to run: ${attributes.remedy}`,
      );
    }
    const clusters = createClusters(config);
    const hooks = createHooks(config.hooks);
    try {
      const worker = await Worker.create({
        connection,
        namespace,
        taskQueue,
        ...workflowCode(options.workflowBundlePath),
        activities: createActivities({
          cluster: (alias) => clusters.get(alias),
          clusterAliases: () => clusters.aliases(),
          hooks,
          temporal: new Client({ connection, namespace }),
        }),
        nexusServices: [nexusService(taskQueue)],
        ...WORKER_TUNING,
      });
      log.info({ address, namespace, taskQueue, clusters: clusters.aliases() }, 'Worker started');
      await worker.run();
      log.info('Worker stopped; waiting clones go on with the next worker');
    } finally {
      await clusters.close();
      await hooks.close();
    }
  } finally {
    await connection.close();
  }
}

/** The bundle built with this version, never one made at start: that would hide a broken build until production. */
function workflowCode(path?: string): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  const codePath = path ?? fileURLToPath(new URL('./workflow-bundle.js', import.meta.url));
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
