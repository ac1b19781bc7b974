import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject, onTestFinished } from 'vitest';
import type { Service } from './service.ts';
import { tempDir } from './temp-dir.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface WorkerProcessOptions {
  timeoutSeconds?: number;
  settleSeconds?: number;
  /** What follows in the configuration after the cluster `lab`. */
  more?: string;
  /** The whole configuration, in place of the one with the cluster `lab`. */
  config?: string;
  env?: NodeJS.ProcessEnv;
  /** Hears what the workers write. @default nobody */
  onOutput?: (text: string) => void;
}

/** Starts workers as production does, each in a process of its own: configuration in a file, secrets and addresses in the environment. */
export async function workerProcesses(
  service: Service,
  { timeoutSeconds = 30, settleSeconds = 10, more = '', config, env = {}, onOutput }: WorkerProcessOptions = {},
): Promise<(() => ChildProcess) & { file: string }> {
  const dir = await tempDir();
  const file = join(dir, 'element-clone.yaml');
  await writeFile(join(dir, 'ca.pem'), service.simulator.caPem);
  await writeFile(
    file,
    config ??
      `clusters:
  lab:
    endpoint: ${service.simulator.endpoint}
    apiVersion: "12.5"
    username: admin
    password: { env: LAB_PASSWORD }
    tls: { caFile: ./ca.pem }
    timeoutSeconds: ${timeoutSeconds}
    settleSeconds: ${settleSeconds}
    pollCapSeconds: 2
${more}`,
  );
  const start = () => {
    const worker = spawn(process.execPath, ['--import', 'tsx', 'test/support/worker-process.ts'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        TEMPORAL_ADDRESS: service.address,
        TEST_WORKFLOW_BUNDLE: inject('workflowBundlePath'),
        ELEMENT_CLONE_CONFIG: file,
        ELEMENT_CLONE_TASK_QUEUE: service.taskQueue,
        LAB_PASSWORD: 'simulator',
        ...env,
      },
    });
    let tail = '';
    for (const stream of [worker.stdout, worker.stderr]) {
      stream.on('data', (part: Buffer) => {
        onOutput?.(part.toString());
        tail = (tail + part.toString()).slice(-4_000);
        if (process.env['TEST_LOG'] === '1') process.stderr.write(part);
      });
    }
    // A test that waits for it would only say that it waited in vain.
    worker.once('close', (code) => {
      if (code !== 0 && code !== null) console.error(`A worker ended with ${code}:\n${tail}`);
    });
    onTestFinished(() => void worker.kill('SIGKILL'));
    return worker;
  };
  return Object.assign(start, { file });
}

export async function kill(worker: ChildProcess): Promise<void> {
  const ended = once(worker, 'exit');
  worker.kill('SIGKILL');
  await ended;
}
