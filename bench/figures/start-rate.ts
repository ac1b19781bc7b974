import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { ClusterTimes } from '../../activities/index.ts';
import { WORKER_TUNING } from '../../worker/tuning.ts';
import { startService, type Service } from '../support/service.ts';
import { startSimulatorProcess } from '../support/simulator-process.ts';
import { mean } from '../support/statistics.ts';

/** Many short rounds in turn: what else the machine does then meets both alike. */
const ROUNDS = 6;
const ROUND_MS = 8_000;
const WARM_UP_MS = 4_000;
/** Of a round, until as many begin as end. */
const RUN_IN_MS = 1_500;
const AT_ONCE = 20;
/** Sources take turns, so that nobody waits for a clone slot: what that costs is another figure. */
const SOURCES = Array.from({ length: AT_ONCE }, (_, i) => 201 + i);

export interface StartRate {
  activities: number;
  roundSeconds: number;
  atOnce: number;
  /** Workflows per second, round by round. */
  clones: number[];
  noOps: number[];
  clonesPerSecond: number;
  noOpsPerSecond: number;
  /** Of the yardstick's rate. */
  fraction: number;
}

/** Whole clones per second on a cluster that copies in no time, against workflows of as many empty activities. */
export async function measureStartRate(server: {
  address: string;
  workflowBundlePath: string;
  noOpBundlePath: string;
  times: ClusterTimes;
}): Promise<StartRate> {
  const simulator = await startSimulatorProcess({
    state: { volumes: SOURCES.map((volumeID) => ({ volumeID, name: `source-${volumeID}`, totalSize: 1_073_741_824 })) },
    behaviour: { cloneSeconds: 0, metadataSeconds: 0, youngVolumeSeconds: 0 },
  });
  const service = await startService({ ...server, simulator });
  const yardstick = await startYardstick(server);
  try {
    const activities = await activitiesOfOneClone(service);
    const noOp = () => yardstick.run(activities);
    const clone = async (i: number) => {
      const handle = await service.start({ volumeID: SOURCES[i % SOURCES.length]!, name: `bench-${i}` });
      await handle.result();
    };
    for (const each of [noOp, clone]) await ratePerSecond(each, WARM_UP_MS);
    const [noOps, clones]: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round += 1) {
      noOps.push(await ratePerSecond(noOp, ROUND_MS));
      clones.push(await ratePerSecond(clone, ROUND_MS));
    }
    return {
      activities,
      roundSeconds: ROUND_MS / 1_000,
      atOnce: AT_ONCE,
      clones,
      noOps,
      clonesPerSecond: mean(clones),
      noOpsPerSecond: mean(noOps),
      fraction: mean(clones) / mean(noOps),
    };
  } finally {
    await Promise.all([service.stop(), yardstick.stop()]);
    await simulator.stop();
  }
}

/**
 * Keeps AT_ONCE of them running for so long, and lets the last ones end uncounted. Each lane is measured from one end to
 * another: all of them began at the same moment, and whoever counts the ends within a time counts whole waves of them.
 */
async function ratePerSecond(run: (i: number) => Promise<void>, forMs: number): Promise<number> {
  let begun = 0;
  const from = performance.now() + RUN_IN_MS;
  const until = from + forMs;
  const lane = async () => {
    const ends: number[] = [];
    while (performance.now() < until) {
      await run(begun++);
      const now = performance.now();
      if (now >= from && now < until) ends.push(now);
    }
    if (ends.length < 2)
      throw new Error('A round is too short here: of one lane, fewer than two workflows ended in it');
    return (ends.length - 1) / ((ends.at(-1)! - ends[0]!) / 1_000);
  };
  const rates = await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return rates.reduce((sum, rate) => sum + rate, 0);
}

async function activitiesOfOneClone(service: Service): Promise<number> {
  const handle = await service.start({ volumeID: SOURCES[0]!, name: 'bench' });
  await handle.result();
  const { events } = await handle.fetchHistory();
  return (events ?? []).filter((e) => e.activityTaskScheduledEventAttributes).length;
}

/** A worker like the service's, for workflows of empty activities. */
async function startYardstick({ address, noOpBundlePath }: { address: string; noOpBundlePath: string }) {
  const taskQueue = `bench-no-op-${randomUUID()}`;
  const [connection, native] = await Promise.all([
    Connection.connect({ address }),
    NativeConnection.connect({ address }),
  ]);
  const client = new Client({ connection });
  const worker = await Worker.create({
    connection: native,
    taskQueue,
    workflowBundle: { codePath: noOpBundlePath },
    activities: { noOp: async () => {} },
    ...WORKER_TUNING,
  });
  const running = worker.run();
  return {
    async run(activities: number) {
      const options = { workflowId: `bench-no-op-${randomUUID()}`, taskQueue, args: [activities] as [number] };
      await client.workflow.execute<(n: number) => Promise<void>>('noOps', options);
    },
    async stop() {
      worker.shutdown();
      await running;
      await Promise.all([native.close(), connection.close()]);
    },
  };
}
