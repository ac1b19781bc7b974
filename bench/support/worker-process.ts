// A worker as it runs in production, in a process of its own, so that its memory can be told from the benchmark's. With
// an accelerated clock its pauses are shorter by as much as the cluster's time runs faster.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createActivities, type ClusterTimes } from '../../activities/index.ts';
import { collectSooner, WORKER_TUNING } from '../../worker/tuning.ts';
import { elementClient, labCluster, type Endpoint } from './cluster.ts';
import { fastClock, type FastClock } from './clocks.ts';
import { shortenPauses } from './shorten-pauses.ts';

const self = fileURLToPath(import.meta.url);

export interface WorkerProcessOptions {
  address: string;
  workflowBundlePath: string;
  taskQueue: string;
  simulator: Endpoint;
  times: ClusterTimes;
  clock: FastClock;
}

export interface WorkerUsage {
  /** Largest resident set so far, MB. */
  peakRssMB: number;
  rssMB: number;
  /** User and system time, seconds. */
  cpuSeconds: number;
}

export interface WorkerProcess {
  usage(): Promise<WorkerUsage>;
  stop(): Promise<void>;
}

export async function startWorkerProcess(options: WorkerProcessOptions): Promise<WorkerProcess> {
  const child: ChildProcess = fork(self, [], { execArgv: ['--import', 'tsx'] });
  const ended = once(child, 'exit');
  const answer = async (question: object) => {
    const answered = once(child, 'message');
    child.send(question);
    const early = ended.then(() => Promise.reject(new Error('The worker ended')));
    return ((await Promise.race([answered, early])) as [unknown])[0];
  };
  await answer(options);
  return {
    usage: async () => (await answer({})) as WorkerUsage,
    async stop() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

async function run(options: WorkerProcessOptions): Promise<void> {
  const { address, simulator, times, taskQueue, workflowBundlePath } = options;
  collectSooner();
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const clock = fastClock(options.clock);
  const connection = await NativeConnection.connect({ address });
  const cluster = labCluster(elementClient(simulator, times.timeoutMs), times, clock.now);
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowBundle: { codePath: workflowBundlePath },
    activities: createActivities({
      cluster: (alias) => (alias === 'lab' ? cluster : undefined),
      clusterAliases: () => ['lab'],
      temporal: new Client({ connection }),
      now: clock.now,
    }),
    ...WORKER_TUNING,
    ...(options.clock.speed === 1 ? {} : { interceptors: { activity: [shortenPauses(clock)] } }),
  });
  process.on('message', () => process.send!(usage()));
  process.once('disconnect', () => process.exit(0));
  process.send!('ready');
  await worker.run();
}

function usage(): WorkerUsage {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  return {
    peakRssMB: maxRSS / 1_024,
    rssMB: process.memoryUsage.rss() / 2 ** 20,
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
  };
}

if (process.argv[1] === self && process.send) {
  const [options] = (await once(process, 'message')) as [WorkerProcessOptions];
  await run(options);
}
