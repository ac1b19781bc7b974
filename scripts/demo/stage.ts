import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startSimulator, type RunningSimulator, type SimulatorOptions } from '../../simulator/index.ts';
import { startTemporal, type TemporalServer } from '../temporal-server.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Length of the demo's clone. */
const CLONE_SECONDS = 30;

export interface DemoWorker {
  name: string;
  pid: number;
  kill(): void;
}

export interface Stage {
  temporal: TemporalServer;
  simulator: RunningSimulator;
  workers: DemoWorker[];
  /** The worker with this Temporal identity (`pid@host`). */
  workerOf(identity: string | undefined): DemoWorker | undefined;
}

export interface StageOptions {
  /** Told how to end each part, as soon as it runs. */
  onStop: (stop: () => Promise<void>) => void;
  done: (what: string, fact: string) => void;
  note: (line: string) => void;
  /** @default two, A and B */
  workers?: string[];
  /** Also serve Temporal's HTTP API. */
  http?: boolean;
  /** How the simulated cluster differs from that of the demo. */
  simulator?: SimulatorOptions;
}

/** Everything that a clone needs, started: Temporal with its UI, a simulated cluster, two workers. */
export async function makeStage({
  onStop,
  done,
  note,
  workers: names = ['A', 'B'],
  http = false,
  simulator: options,
}: StageOptions): Promise<Stage> {
  const dir = await mkdtemp(join(tmpdir(), 'element-clone-demo-'));
  onStop(() => rm(dir, { recursive: true, force: true }));

  const temporal = await startTemporal({ ui: true, http, logFile: join(dir, 'temporal.log'), find: { note } });
  onStop(() => temporal.stop());
  done('Temporal', `${temporal.address}${temporal.uiUrl === undefined ? '' : `, UI at ${temporal.uiUrl}`}`);

  const simulator = await startSimulator({
    seed: 7,
    password: 'simulator',
    caOut: join(dir, 'ca.pem'),
    behaviour: { cloneSeconds: CLONE_SECONDS },
    ...options,
  });
  onStop(() => simulator.close());
  const source = simulator.cluster.state().volumes.find((v) => v.volumeID === 42);
  done('Simulated cluster', `${simulator.endpoint}, volume 42 is "${source?.name}"`);

  const config = join(dir, 'element-clone.yaml');
  await writeFile(
    config,
    `clusters:
  lab:
    endpoint: ${simulator.endpoint}
    apiVersion: '12.5'
    username: admin
    password: { env: LAB_PASSWORD }
    tls: { caFile: ./ca.pem }
`,
  );
  const workers = await Promise.all(names.map((name) => startWorker(name, dir, config, temporal.address, onStop)));
  done(workers.length === 1 ? 'A worker' : 'Two workers', workers.map((w) => `${w.name} is pid ${w.pid}`).join(', '));
  return {
    temporal,
    simulator,
    workers,
    workerOf: (identity) => workers.find((w) => identity === `${w.pid}@${hostname()}`),
  };
}

/** A worker as the command line runs it, from the build, in a process of its own. */
async function startWorker(
  name: string,
  dir: string,
  config: string,
  address: string,
  onStop: StageOptions['onStop'],
): Promise<DemoWorker> {
  const child = spawn(process.execPath, [join(root, 'dist/client/cli/main.js'), 'worker'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, TEMPORAL_ADDRESS: address, ELEMENT_CLONE_CONFIG: config, LAB_PASSWORD: 'simulator' },
  });
  process.once('exit', () => child.kill('SIGKILL'));
  onStop(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
  await started(child, name, join(dir, `worker-${name}.log`));
  return { name, pid: child.pid!, kill: () => void child.kill('SIGKILL') };
}

/** Resolves once the worker's log says that it polls. */
function started(child: ChildProcess, name: string, logFile: string): Promise<void> {
  const log = createWriteStream(logFile);
  let said = '';
  return new Promise((resolve, reject) => {
    child.stderr!.on('data', (chunk: Buffer) => {
      log.write(chunk);
      said = `${said}${chunk.toString()}`.slice(-4_000);
      if (said.includes('Worker started')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`Worker ${name} ended at once (exit code ${code}):\n${said}`)));
  });
}
