import type { ClusterTimes } from '../../activities/index.ts';
import type { CloneJobView } from '../../simulator/index.ts';
import { historySize, type HistorySize } from '../support/history-size.ts';
import { idealMakespan, type Ideal } from '../support/ideal.ts';
import { runPeer } from '../support/peer.ts';
import { startService } from '../support/service.ts';
import { startSimulatorProcess, type SimulatorProcess } from '../support/simulator-process.ts';
import { spread, type Spread } from '../support/statistics.ts';
import { copyRules, planClones, type PlannedClone } from '../support/workload.ts';

const PEER_PERIOD_SECONDS = 2;
const SEED = 20;
/** What the simulated cluster says in GetLimits. Its eight jobs on each of four nodes are no limit here. */
export const SLOTS_PER_VOLUME = 2;
/** Volumes of the simulator's seed state, and four more. */
const VOLUMES = [41, 42, 43, 7, 12, 50, 60, 61, 62, 63, 64, 65];

export type Side = 'element-clone' | 'script';

/** What a batch is: all clones asked for at once. */
export interface BatchCase {
  clones: number;
  volumes: number;
  seconds: [least: number, most: number];
}

export interface Batch {
  side: Side;
  /** Seconds from the moment at which all were asked for until the last one was ready and known to be. */
  makespan: number;
  /** Until the end of the last copy. */
  lastCopyEnded: number;
  /** Of the ideal for the order of the list. */
  ratio: number;
  /** Of the ideal for the order in which this side's clones got their slots: what idle slots alone cost. */
  ratioInItsOrder: number;
  apiCalls: number;
  callsByMethod: Record<string, number>;
  /** CloneVolume calls that the cluster refused. */
  refused: number;
  /** For how long a slot stayed free while somebody waited for it, in seconds. */
  gap: Spread | undefined;
  /** Copies as the cluster saw them: seconds from the start of the batch. */
  copies: { volumeID: number; from: number; to: number }[];
  /** Ours only. */
  histories?: HistorySize;
}

export interface SlotsFigure extends BatchCase {
  ideal: Ideal;
  batches: Batch[];
}

interface Server {
  address: string;
  workflowBundlePath: string;
  times: ClusterTimes;
}

/** The same clones, asked for at once by the service and by the script, each on a simulated cluster of its own. */
export async function measureSlots(
  wanted: BatchCase,
  server: Server,
  sides: readonly Side[] = ['element-clone', 'script'],
): Promise<SlotsFigure> {
  const plan = planClones({
    clones: wanted.clones,
    volumeIDs: VOLUMES.slice(0, wanted.volumes),
    seconds: wanted.seconds,
    seed: SEED,
  });
  const ideal = idealMakespan(plan, SLOTS_PER_VOLUME);
  const batches: Batch[] = [];
  for (const side of sides) {
    const simulator = await startSimulatorProcess({
      volumes: VOLUMES.length,
      behaviour: { copyRules: copyRules(plan) },
    });
    try {
      const run = side === 'script' ? byScript(simulator, plan) : byService(simulator, plan, server);
      const { startedMs, doneMs, histories, setUpCalls } = await run;
      const { refused, byMethod, total } = await simulator.calls();
      const { cloneJobs } = await simulator.state();
      const makespan = (doneMs - startedMs) / 1_000;
      batches.push({
        side,
        makespan,
        lastCopyEnded: Math.max(...cloneJobs.map((j) => j.endMs! - startedMs)) / 1_000,
        ratio: makespan / ideal.listScheduling,
        ratioInItsOrder: makespan / idealMakespan(asServed(cloneJobs), SLOTS_PER_VOLUME).listScheduling,
        apiCalls: total - setUpCalls,
        callsByMethod: byMethod,
        refused: (refused['xMaxClonesPerVolumeExceeded'] ?? 0) + (refused['xMaxClonesPerNodeExceeded'] ?? 0),
        gap: gaps(cloneJobs),
        copies: cloneJobs.map((j) => ({
          volumeID: j.srcVolumeID,
          from: (j.startMs - startedMs) / 1_000,
          to: (j.endMs! - startedMs) / 1_000,
        })),
        ...(histories === undefined ? {} : { histories }),
      });
    } finally {
      await simulator.stop();
    }
  }
  return { ...wanted, ideal, batches };
}

interface Run {
  startedMs: number;
  doneMs: number;
  /** Calls that have nothing to do with the clones. */
  setUpCalls: number;
  histories?: HistorySize;
}

async function byScript(simulator: SimulatorProcess, plan: readonly PlannedClone[]): Promise<Run> {
  const { startedMs, clones } = await runPeer(simulator.endpoint, plan, PEER_PERIOD_SECONDS);
  const { byMethod } = await simulator.calls();
  return { startedMs, doneMs: Math.max(...clones.map((c) => c.doneMs)), setUpCalls: byMethod['GetAPI'] ?? 0 };
}

async function byService(simulator: SimulatorProcess, plan: readonly PlannedClone[], server: Server): Promise<Run> {
  const service = await startService({ ...server, simulator });
  try {
    const startedMs = Date.now();
    const handles = [];
    // One after the other, so that they come in the order of the plan.
    for (const { name, volumeID } of plan) handles.push(await service.start({ name, volumeID }));
    await Promise.all(handles.map((h) => h.result()));
    const doneMs = Date.now();
    return { startedMs, doneMs, setUpCalls: 0, histories: await historySize(handles) };
  } finally {
    await service.stop();
  }
}

const asServed = (jobs: readonly CloneJobView[]): PlannedClone[] =>
  jobs
    .toSorted((a, b) => a.startMs - b.startMs)
    .map((j) => ({ name: '', volumeID: j.srcVolumeID, seconds: (j.endMs! - j.startMs) / 1_000 }));

/** From the end of a copy to the start of the one that took its slot: the n-th end of a volume frees for its n-th waiter. */
function gaps(jobs: readonly CloneJobView[]): Spread | undefined {
  const found: number[] = [];
  for (const volumeID of new Set(jobs.map((j) => j.srcVolumeID))) {
    const own = jobs.filter((j) => j.srcVolumeID === volumeID);
    const starts = own.map((j) => j.startMs).toSorted((a, b) => a - b);
    const ends = own.map((j) => j.endMs!).toSorted((a, b) => a - b);
    for (const [i, start] of starts.slice(SLOTS_PER_VOLUME).entries()) found.push((start - ends[i]!) / 1_000);
  }
  return found.length === 0 ? undefined : spread(found);
}
