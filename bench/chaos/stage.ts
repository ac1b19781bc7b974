import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { startTemporal, type TemporalServer } from '../../scripts/temporal-server.ts';
import { startSimulator, type RunningSimulator, type StateView } from '../../simulator/index.ts';
import {
  ACCESS_GROUPS,
  decoyGenerations,
  decoysFor,
  decoySnapshots,
  destinationsFor,
  GIVEN_SNAPSHOTS,
  SOURCES,
} from './estate.ts';
import { TASK_QUEUE } from './ids.ts';
import { keepLedger, type Made } from './ledger.ts';
import { WORKERS } from './plan-blows.ts';
import { TIMES } from './plan-faults.ts';
import type { Schedule } from './schedule.ts';
import { startWorker, type WorkerCommand, type WorkerProcess } from './worker-process.ts';

/** A Temporal server that can be blown at. */
export type ChaosServer = Pick<TemporalServer, 'address' | 'restart' | 'stop'>;

/** Everything that is there before the first clone is asked for. */
export interface Stage {
  /** Logs and configuration; gone after `stop` unless it is told to keep them. */
  dir: string;
  temporal: ChaosServer;
  client: Client;
  simulator: RunningSimulator;
  workers: WorkerProcess[];
  /** The cluster as it was. */
  before: StateView;
  made: Made[];
  stop(options?: { keepLogs?: boolean }): Promise<void>;
}

export interface StageOptions {
  worker: WorkerCommand;
  /** @default the development server, on a file */
  server?: ((note: (line: string) => void) => Promise<ChaosServer>) | undefined;
  note: (line: string) => void;
}

export async function makeStage(schedule: Schedule, { worker, server, note }: StageOptions): Promise<Stage> {
  const dir = await mkdtemp(join(tmpdir(), 'element-clone-chaos-'));
  const stops: (() => Promise<void>)[] = [];
  const stopAll = async () => {
    for (const stop of stops.splice(0).toReversed()) await stop().catch(() => {});
  };
  try {
    const temporal = await (server ?? developmentServer(dir))(note);
    stops.push(() => temporal.stop());

    const simulator = await startSimulator({
      seed: schedule.seed,
      password: 'simulator',
      caOut: join(dir, 'ca.pem'),
      state: {
        volumes: [
          ...SOURCES,
          ...decoysFor(schedule.requests),
          ...decoyGenerations,
          ...destinationsFor(schedule.requests),
        ],
        accessGroups: ACCESS_GROUPS,
      },
      behaviour: {
        ...schedule.behaviour,
        copyRules: schedule.requests.map(({ copies, copySeconds }) => ({
          name: copies,
          cloneSeconds: copySeconds,
        })),
        cloneSeconds: 5,
      },
    });
    stops.push(() => simulator.close());
    for (const { volumeID } of GIVEN_SNAPSHOTS) {
      simulator.cluster.act('CreateSnapshot', { volumeID, name: 'of-somebody' });
    }
    for (const snapshot of decoySnapshots) simulator.cluster.act('CreateSnapshot', snapshot);
    const before = simulator.cluster.state();
    const made = keepLedger(simulator.cluster);

    await writeFile(join(dir, 'element-clone.yaml'), configFor(simulator.endpoint));
    const workers = Array.from({ length: WORKERS }, (_, i) =>
      startWorker(
        worker,
        {
          TEMPORAL_ADDRESS: temporal.address,
          ELEMENT_CLONE_CONFIG: join(dir, 'element-clone.yaml'),
          ELEMENT_CLONE_TASK_QUEUE: TASK_QUEUE,
          LAB_PASSWORD: 'simulator',
        },
        join(dir, `worker-${i + 1}.log`),
      ),
    );
    stops.push(async () => void (await Promise.all(workers.map((w) => w.stop()))));
    await Promise.all(workers.map((w) => w.ready()));

    const connection = await Connection.connect({ address: temporal.address });
    stops.push(() => connection.close());
    return {
      dir,
      temporal,
      client: new Client({ connection }),
      simulator,
      workers,
      before,
      made,
      async stop({ keepLogs = false } = {}) {
        await stopAll();
        if (!keepLogs) await rm(dir, { recursive: true, force: true });
      },
    };
  } catch (err) {
    await stopAll();
    await rm(dir, { recursive: true, force: true });
    throw err;
  }
}

/** A server of our own in any case: it is killed. */
const developmentServer = (dir: string) => (note: (line: string) => void) => {
  const { TEMPORAL_ADDRESS: _theirs, ...env } = process.env;
  return startTemporal({ dbFile: join(dir, 'temporal.db'), logFile: join(dir, 'temporal.log'), find: { env, note } });
};

const configFor = (endpoint: string) => `clusters:
  lab:
    endpoint: ${endpoint}
    apiVersion: '12.5'
    username: admin
    password: { env: LAB_PASSWORD }
    tls: { caFile: ./ca.pem }
    timeoutSeconds: ${TIMES.timeoutSeconds}
    settleSeconds: ${TIMES.settleSeconds}
    pollCapSeconds: 10
    stallSeconds: 60
    leaseLookSeconds: 5
`;
