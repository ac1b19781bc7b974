import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';
import type { ClusterTimes } from '../../activities/index.ts';
import { runPeer } from '../support/peer.ts';
import { startSimulatorProcess, type SimulatorProcess } from '../support/simulator-process.ts';
import { spread, type Spread } from '../support/statistics.ts';
import { startWorkerProcess, type WorkerUsage } from '../support/worker-process.ts';

const HOUR = 3_600;
/** 320 clone slots, eight on each node; two of each volume. */
const NODES = 40;
const VOLUMES = 200;
const SLOTS = NODES * 8;
/** Clones that are being started at the same time. */
const AT_ONCE = 20;
const SAMPLE_MS = 5_000;
const PEER_CLONES = 40;
const PEER_SECONDS = 60;
const PEER_PERIOD_SECONDS = 2;

export interface Phase {
  name: 'starting' | 'waiting' | 'first ends';
  /** Simulated seconds, as all below. */
  seconds: number;
  calls: number;
  callsPerSecond: number;
  callsByMethod: Record<string, number>;
}

export interface Thousand {
  clones: number;
  slots: number;
  /** Simulated seconds per real second. */
  speed: number;
  realSeconds: number;
  /** In turn: until each is copied or in line; until the first copy ends; until the slots are taken again. */
  phases: Phase[];
  callsPerSecond: number;
  /** How often each running copy had been looked at just before the first one ended. */
  looks: Spread;
  worker: WorkerUsage;
  /** Of the script: measured with fewer clones, in real time. */
  peer: { clones: number; seconds: number; callsPerSecond: number; perThousand: number };
}

interface Sample {
  /** Simulated time, seconds. */
  at: number;
  total: number;
  byMethod: Record<string, number>;
}

/** So many clones of an hour each on one worker and one cluster, for a little over an hour. */
export async function measureThousand(
  server: { address: string; workflowBundlePath: string; times: ClusterTimes },
  { clones, speed }: { clones: number; speed: number },
  note: (line: string) => void,
): Promise<Thousand> {
  const begun = Date.now();
  const simulator = await startSimulatorProcess({
    volumes: VOLUMES,
    nodes: NODES,
    speed,
    behaviour: { cloneSeconds: HOUR },
  });
  const taskQueue = `bench-${randomUUID()}`;
  const worker = await startWorkerProcess({
    ...server,
    simulator,
    taskQueue,
    clock: { realMs: Date.now(), simulatedMs: (await simulator.clock()).nowMs, speed },
  });
  const connection = await Connection.connect({ address: server.address });
  const client = new Client({ connection });
  try {
    const sample = () => take(simulator);
    const until = async (what: string, isReached: (s: Sample) => boolean | Promise<boolean>): Promise<Sample> => {
      for (;;) {
        const now = await sample();
        if (await isReached(now)) return now;
        note(`${what}: ${now.total} calls, ${Math.round((await worker.usage()).rssMB)} MB`);
        await sleep(SAMPLE_MS);
      }
    };
    const taken = Math.min(clones, SLOTS);
    const calls = (s: Sample, method: string) => s.byMethod[method] ?? 0;

    const start = await sample();
    const sources = (await simulator.state()).volumes.map((v) => v.volumeID);
    const ids = await startAll(client, taskQueue, sources, clones);
    const allBegun = await until(
      'starting',
      (s) => calls(s, 'CreateSnapshot') >= clones && calls(s, 'CloneVolume') >= taken,
    );
    const firstEnd = Math.min(...(await simulator.state()).cloneJobs.map((j) => j.endMs!)) / 1_000;
    const beforeEnds = await until('waiting', (s) => s.at >= firstEnd - 10 * speed);
    const looks = spread(await looksAtCopies(client, ids));
    const again = Math.min(clones, 2 * taken);
    const end = await until('first ends', (s) => calls(s, 'CloneVolume') >= again);

    const usage = await worker.usage();
    await worker.stop();
    await inLanes(ids, (id) => client.workflow.getHandle(id).terminate('the benchmark is over').catch(unlessOver));
    const phases = [
      phase('starting', start, allBegun),
      phase('waiting', allBegun, beforeEnds),
      phase('first ends', beforeEnds, end),
    ];
    return {
      clones,
      slots: taken,
      speed,
      realSeconds: (Date.now() - begun) / 1_000,
      phases,
      callsPerSecond: (end.total - start.total) / (end.at - start.at),
      looks,
      worker: usage,
      peer: await measurePeer(),
    };
  } finally {
    await worker.stop();
    await connection.close();
    await simulator.stop();
  }
}

async function take(simulator: SimulatorProcess): Promise<Sample> {
  const [{ nowMs }, { total, byMethod }] = [await simulator.clock(), await simulator.calls()];
  return { at: nowMs / 1_000, total, byMethod };
}

function phase(name: Phase['name'], from: Sample, to: Sample): Phase {
  const seconds = to.at - from.at;
  const byMethod = Object.entries(to.byMethod).map(([m, n]): [string, number] => [m, n - (from.byMethod[m] ?? 0)]);
  return {
    name,
    seconds,
    calls: to.total - from.total,
    callsPerSecond: (to.total - from.total) / seconds,
    callsByMethod: Object.fromEntries(byMethod.filter(([, n]) => n > 0)),
  };
}

async function startAll(client: Client, taskQueue: string, sources: readonly number[], clones: number) {
  const ids = Array.from({ length: clones }, () => `bench-${randomUUID()}`);
  await inLanes(ids, async (workflowId, i) => {
    const request = { cluster: 'lab', volumeID: sources[i % sources.length]!, name: `bench-${i}` };
    await client.workflow.start('cloneVolume', { workflowId, taskQueue, args: [request] });
  });
  return ids;
}

/** Attempts so far of those activities that wait for a copy; each is one look. */
async function looksAtCopies(client: Client, ids: readonly string[]): Promise<number[]> {
  const looks: number[] = [];
  await inLanes(ids, async (id) => {
    const { raw } = await client.workflow.getHandle(id).describe();
    const waiting = raw.pendingActivities?.find((a) => a.activityType?.name === 'awaitClone');
    if (waiting?.attempt != null) looks.push(waiting.attempt);
  });
  return looks;
}

/** The first of them have ended by themselves. */
function unlessOver(err: unknown): void {
  if (!(err instanceof WorkflowNotFoundError)) throw err;
}

/** A few at a time. */
async function inLanes<T>(items: readonly T[], run: (item: T, i: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async () => {
    for (let i = next++; i < items.length; i = next++) await run(items[i]!, i);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

/** The script asks at the same rate whatever happens, so fewer clones and a minute of real time tell. */
async function measurePeer(): Promise<Thousand['peer']> {
  const simulator = await startSimulatorProcess({
    volumes: VOLUMES,
    nodes: NODES,
    behaviour: { cloneSeconds: HOUR },
  });
  try {
    const sources = (await simulator.state()).volumes.map((v) => v.volumeID);
    const plan = Array.from({ length: PEER_CLONES }, (_, i) => ({
      name: `bench-${i}`,
      // Two in three wait for a slot, as above.
      volumeID: sources[i % Math.ceil(PEER_CLONES / 6)]!,
      seconds: HOUR,
    }));
    await runPeer(simulator.endpoint, plan, PEER_PERIOD_SECONDS, PEER_SECONDS);
    const { total } = await simulator.calls();
    const callsPerSecond = total / PEER_SECONDS;
    return {
      clones: PEER_CLONES,
      seconds: PEER_SECONDS,
      callsPerSecond,
      perThousand: (callsPerSecond * 1_000) / PEER_CLONES,
    };
  } finally {
    await simulator.stop();
  }
}
