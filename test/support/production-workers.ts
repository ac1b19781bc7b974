import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import type { Service } from './service.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What a process of the worker takes on; each role polls for its own tasks only. */
export type WorkerRole = 'all' | 'workflows' | 'activities';

export interface ProductionWorkers {
  /** @param bundle workflow code. Default: made from the sources under test */
  start: (role?: WorkerRole, bundle?: string, env?: NodeJS.ProcessEnv) => ChildProcess;
  /** The file that holds the password, for workers to read. */
  passwordFile: string;
  /** Kills all that still run. */
  stop: () => Promise<void>;
}

/** Starts workers as production does: configuration and secrets in files, addresses in the environment. */
export async function productionWorkers(
  service: Service,
  /** Of the cluster. @default that of the workflows */
  { taskQueue }: { taskQueue?: string } = {},
): Promise<ProductionWorkers> {
  const dir = await mkdtemp(join(tmpdir(), 'element-clone-workers-'));
  const started: ChildProcess[] = [];
  const passwordFile = join(dir, 'password');
  await writeFile(passwordFile, 'simulator\n');
  await writeFile(join(dir, 'ca.pem'), service.simulator.caPem);
  await writeFile(
    join(dir, 'element-clone.yaml'),
    `clusters:
  lab:
    endpoint: ${service.simulator.endpoint}
    apiVersion: "12.5"
    username: admin
    password: { file: ./password }
    tls: { caFile: ./ca.pem }
    timeoutSeconds: 30
    settleSeconds: 5
    pollCapSeconds: 2
    rotationSeconds: 120
${taskQueue === undefined ? '' : `    taskQueue: ${taskQueue}\n`}`,
  );
  const start: ProductionWorkers['start'] = (role = 'all', bundle = inject('workflowBundlePath'), env = {}) => {
    const worker = spawn(process.execPath, ['--import', 'tsx', 'test/support/worker-process.ts'], {
      cwd: root,
      stdio: ['ignore', 'inherit', process.env['TEST_LOG'] === '1' ? 'inherit' : 'ignore'],
      env: {
        ...process.env,
        TEMPORAL_ADDRESS: service.address,
        TEST_WORKFLOW_BUNDLE: bundle,
        TEST_WORKER_ROLE: role,
        ELEMENT_CLONE_CONFIG: join(dir, 'element-clone.yaml'),
        ELEMENT_CLONE_TASK_QUEUE: service.taskQueue,
        ...env,
      },
    });
    started.push(worker);
    return worker;
  };
  const stop = async () => {
    for (const worker of started)
      if (worker.exitCode === null && worker.signalCode === null) await end(worker, 'SIGKILL');
    await rm(dir, { recursive: true, force: true });
  };
  return { start, passwordFile, stop };
}

/** Sends the signal and waits for the end. Gives back how it ended. */
export async function end(
  worker: ChildProcess,
  signal: 'SIGKILL' | 'SIGTERM',
): Promise<[number | null, string | null]> {
  const ended = once(worker, 'exit');
  worker.kill(signal);
  return (await ended) as [number | null, string | null];
}
