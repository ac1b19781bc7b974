import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { startOptions } from '../../client/start-options.ts';
import { BUILT_WORKER, startWorker, type WorkerProcess } from '../chaos/worker-process.ts';
import { startSimulatorProcess, type SimulatorProcess } from '../support/simulator-process.ts';
import { spread, type Spread } from '../support/statistics.ts';
import { copyRules, planClones, type PlannedClone } from '../support/workload.ts';

const SEED = 20;
const VOLUMES = 12;
const NODES = 64;
/** Clones are asked for all through the restarts, this far apart. */
const APART_MS = 500;
/** Between two restarts, and from the end of a worker to the start of the next one. */
const BETWEEN_MS = 2_000;
const WORKERS = 2;

export interface RestartRound {
  restarts: number;
  /** Clones that did not end well, and second clones of the same name. */
  lost: number;
  twice: number;
  /** Seconds of each clone from asking to the end, in the order of asking. */
  seconds: number[];
  /** From the signal until the successor polls, of each restart in seconds. */
  restartSeconds: number[];
}

export interface RestartFigure {
  clones: number;
  copySeconds: readonly [number, number];
  quiet: RestartRound;
  restarted: RestartRound;
  /** How much longer each clone took than the same one without restarts; seconds, negative when it was faster. */
  delay: Spread;
}

interface Server {
  address: string;
}

/** The same clones twice: left in peace, and with both workers restarted one after the other while they run. */
export async function measureRollingRestart(
  clones: number,
  copySeconds: readonly [number, number],
  server: Server,
): Promise<RestartFigure> {
  const volumeIDs = [41, 42, 43, 7, 12, 50, 60, 61, 62, 63, 64, 65].slice(0, VOLUMES);
  const plan = planClones({ clones, volumeIDs, seconds: copySeconds, seed: SEED });
  const quiet = await round(plan, server, false);
  const restarted = await round(plan, server, true);
  const delay = spread(restarted.seconds.map((s, i) => s - quiet.seconds[i]!));
  return { clones, copySeconds, quiet, restarted, delay };
}

async function round(plan: readonly PlannedClone[], { address }: Server, restart: boolean): Promise<RestartRound> {
  const dir = await mkdtemp(join(tmpdir(), 'element-clone-restart-'));
  const simulator = await startSimulatorProcess({
    volumes: VOLUMES,
    nodes: NODES,
    // Waiting for slots is another figure.
    limits: { cloneJobsPerVolumeMax: plan.length },
    behaviour: { copyRules: copyRules(plan) },
  });
  const taskQueue = `bench-${randomUUID()}`;
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  const workers: WorkerProcess[] = [];
  try {
    const config = await configure(dir, simulator);
    for (let i = 0; i < WORKERS; i += 1) {
      const env = {
        ...{ ELEMENT_CLONE_CONFIG: config, ELEMENT_CLONE_TASK_QUEUE: taskQueue, TEMPORAL_ADDRESS: address },
        LAB_PASSWORD: 'simulator',
      };
      workers.push(startWorker(BUILT_WORKER, env, join(dir, `worker-${i}.log`)));
    }
    await Promise.all(workers.map((worker) => worker.ready()));
    const restartSeconds: number[] = [];
    const rolling = restart ? rollWorkers(workers, restartSeconds, plan.length * APART_MS) : Promise.resolve();
    const ended = await Promise.all(
      plan.map(async ({ name, volumeID }, i) => {
        await sleep(i * APART_MS);
        const asked = performance.now();
        const options = startOptions('cloneVolume', { cluster: 'lab', volumeID, name }, taskQueue);
        const handle = await client.workflow.start('cloneVolume', options);
        const isWell = await handle.result().then(
          () => true,
          () => false,
        );
        return { isWell, seconds: (performance.now() - asked) / 1_000 };
      }),
    );
    await rolling;
    const names = (await simulator.state()).volumes.map((v) => v.name).filter((name) => name.startsWith('bench-'));
    return {
      restarts: restartSeconds.length,
      lost: ended.filter((e) => !e.isWell).length,
      twice: names.length - new Set(names).size,
      seconds: ended.map((e) => e.seconds),
      restartSeconds,
    };
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
    await Promise.all([connection.close(), simulator.stop()]);
    await rm(dir, { recursive: true, force: true });
  }
}

/** One after the other, from a quarter of the load on: the next one only when the one before polls again. */
async function rollWorkers(workers: readonly WorkerProcess[], took: number[], loadMs: number): Promise<void> {
  await sleep(loadMs / 4);
  for (const worker of workers) {
    const began = performance.now();
    await worker.blow('SIGTERM', 0);
    await worker.ready();
    took.push((performance.now() - began) / 1_000);
    await sleep(BETWEEN_MS);
  }
}

async function configure(dir: string, { endpoint, caPem }: SimulatorProcess): Promise<string> {
  const file = join(dir, 'element-clone.yaml');
  await writeFile(join(dir, 'ca.pem'), caPem);
  await writeFile(
    file,
    `clusters:
  lab:
    endpoint: ${endpoint}
    username: admin
    password: { env: LAB_PASSWORD }
    tls: { caFile: ./ca.pem }
`,
  );
  return file;
}
