import type { Client } from '@temporalio/client';
import { createActivities, type ClusterTimes } from '../../activities/index.ts';
import type { ElementClient } from '../../element/index.ts';
import { startSimulator, type RunningSimulator } from '../../simulator/index.ts';
import { manualClock, type ManualClock } from '../support/clocks.ts';
import { elementClient, labCluster } from '../support/cluster.ts';
import { EXACT, NOISY, NONE, TOO_LONG, TOO_SHORT, withEstimate, type Estimate } from '../support/estimates.ts';
import { pollEvery } from '../support/poll-every.ts';
import { spread, type Spread } from '../support/statistics.ts';
import { waitOut } from '../support/wait-out.ts';

const PEER_PERIOD_MS = 2_000;

export interface WaitingRow {
  seconds: number;
  estimate: string;
  waiter: 'element-clone' | 'every 2 s';
  clones: number;
  calls: Spread;
  /** Seconds from the end of the copy until it is known. */
  lateness: Spread;
}

interface Lab {
  simulator: RunningSimulator;
  clock: ManualClock;
  api: ElementClient;
  times: ClusterTimes;
}

interface StartedClone {
  volumeID: number;
  cloneID: number;
  asyncHandle: number;
}

type Wait = (lab: Lab, clone: StartedClone) => Promise<unknown>;

/** Nobody keeps a line for clone slots here: the one clone at a time needs none. */
const noTemporal = {
  withDeadline: () => Promise.reject(new Error('there is no Temporal server in this figure')),
} as unknown as Client;

/** The service's own activity, with a worker's view of its own. */
const byActivity =
  (estimate: Estimate): Wait =>
  ({ api, times, clock }, clone) => {
    const cluster = labCluster(withEstimate(api, estimate), times, clock.now);
    const activities = createActivities({
      cluster: () => cluster,
      clusterAliases: () => ['lab'],
      temporal: noTemporal,
      now: clock.now,
    });
    return waitOut(() => activities.awaitClone({ cluster: 'lab', clone, totalSize: 0 }), clock);
  };

const byFixedPeriod: Wait = ({ api, clock }, { asyncHandle }) => pollEvery(PEER_PERIOD_MS, api, asyncHandle, clock);

/** One clone from its CloneVolume to the moment at which its end is known. */
async function observe(lab: Lab, seconds: number, wait: Wait) {
  const { cluster } = lab.simulator;
  cluster.setBehaviour({ cloneSeconds: seconds });
  const endMs = lab.clock.now() + seconds * 1_000;
  const clone = cluster.act('CloneVolume', { volumeID: 42, name: 'bench' }) as unknown as StartedClone;
  const before = cluster.calls.counts().total;
  await wait(lab, clone);
  return {
    calls: cluster.calls.counts().total - before,
    lateness: (lab.clock.now() - endMs) / 1_000,
  };
}

interface Case {
  seconds: number;
  clones: number;
  waiter: WaitingRow['waiter'];
  estimate: Estimate;
}

const HOUR = 3_600;

/** The peer's long waits are few: it makes some 1800 calls an hour every time. */
const waitingCases = (clones: number): Case[] => {
  const ours = (seconds: number, n = clones, estimate = EXACT): Case => ({
    seconds,
    clones: n,
    waiter: 'element-clone',
    estimate,
  });
  const peer = (seconds: number, n: number): Case => ({
    seconds,
    clones: Math.min(n, clones),
    waiter: 'every 2 s',
    estimate: EXACT,
  });
  return [
    ...[ours(10), peer(10, 200)],
    ...[ours(60), peer(60, 100)],
    ...[ours(600), peer(600, 20)],
    ...[ours(HOUR), peer(HOUR, 5)],
    ...[ours(8 * HOUR, Math.ceil(clones / 10)), peer(8 * HOUR, 1)],
    ...[NOISY, TOO_LONG, TOO_SHORT, NONE].map((estimate) => ours(HOUR, Math.ceil(clones / 2), estimate)),
  ];
};

/** Durations spread by a tenth around the nominal one, so that the end falls anywhere between two looks. */
export async function measureWaiting(
  times: ClusterTimes,
  clones: number,
  onRow: (row: WaitingRow) => void = () => {},
): Promise<WaitingRow[]> {
  const clock = manualClock();
  const simulator = await startSimulator({ seed: 7, password: 'simulator', clock });
  const lab: Lab = { simulator, clock, api: elementClient(simulator, times.timeoutMs), times };
  try {
    const rows: WaitingRow[] = [];
    for (const { seconds, clones: n, waiter, estimate } of waitingCases(clones)) {
      const wait = waiter === 'element-clone' ? byActivity(estimate) : byFixedPeriod;
      const seen = [];
      for (let i = 0; i < n; i += 1) seen.push(await observe(lab, seconds * (0.9 + 0.2 * Math.random()), wait));
      const row: WaitingRow = {
        seconds,
        estimate: waiter === 'element-clone' ? estimate.name : 'not used',
        waiter,
        clones: n,
        calls: spread(seen.map((s) => s.calls)),
        lateness: spread(seen.map((s) => s.lateness)),
      };
      rows.push(row);
      onRow(row);
    }
    return rows;
  } finally {
    await lab.api.close();
    await simulator.close();
  }
}
