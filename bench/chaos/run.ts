import { setTimeout as sleep } from 'node:timers/promises';
import { slotsWorkflowID } from '../../contracts/slots.ts';
import type { Fault } from '../../simulator/index.ts';
import { ask, nothingAsked, terminate, Watchers, type Asked } from './ask.ts';
import { judge } from './check.ts';
import { drain } from './drain.ts';
import { holderOf, TASK_QUEUE } from './ids.ts';
import type { Kind } from './kinds.ts';

import { meddle, noDeeds, type Deeds } from './people.ts';
import type { PlannedEvent, Schedule } from './schedule.ts';
import { NOTE_EVERY_MS, type Telling } from './telling.ts';
import { makeStage, type Stage, type StageOptions } from './stage.ts';
import { sweep } from './sweep.ts';
import { countBy, fired, mostInFlight, reasons, secondObjects, type Counts } from './tally.ts';
import { FAULTS, type Evidence, type FaultClass, type Verdict } from './verdict.ts';
import { BUILT_WORKER, type WorkerCommand } from './worker-process.ts';

export interface ChaosOptions {
  /** @default the worker of the build */
  worker?: WorkerCommand;
  server?: StageOptions['server'];
  /** How long everything may take to come to rest once the faults are off, in milliseconds. @default 5 minutes */
  drainMs?: number;
  /** Told what is going on. */
  note?: (line: string) => void;
  /** Ends the run early; everything that was started is stopped. */
  signal?: AbortSignal;
}

export interface ChaosReport {
  seed: number;
  clones: number;
  minutes: number;
  /** Of the schedule: equal for equal seed and size. */
  schedule: string;
  durationSeconds: number;
  /** How many were asked for of each kind, by outcome. */
  kinds: Partial<Record<Kind, Counts>>;
  outcomes: Counts;
  /** How the leases ended; `extended` are those that run on. */
  leases: Counts;
  repeats: Counts;
  mostInFlight: number;
  /** By the failed step and the API's error. */
  failures: Counts;
  asked: Omit<Asked, 'leases'>;
  /** Calls, clones and outages that a fault has met, by kind. */
  faults: Counts;
  people: Deeds['done'];
  workerKills: number;
  workerStops: number;
  /** How often a worker stood still for so long that it was given up, and then went on. */
  workerFreezes: number;
  /** Workers that ended without being told to, in their own words. */
  workerCrashes: string[];
  temporalRestarts: number;
  /** How often the workflow that keeps the line for clone slots was terminated. */
  linesTerminated: number;
  apiCalls: number;
  /** Calls that made a second object of a step, whose answer or effect had been late. */
  secondObjects: { volume: number; snapshot: number; groupSnapshot: number; copy: number };
  strangersRemoved: number;
  byTerminated: Verdict['byTerminated'];
  named: Verdict['named'];
  /** Results of copies that failed and were removed by the cluster, of calls whose answers were lost. */
  namedOnly: number;
  unknowable: number;
  expiring: number;
  /** Snapshots from before a copy. */
  waysBack: number;
  /** What `orphans --delete --include kept` removed in the end. */
  orphansRemoved: number;
  findings: Record<FaultClass, string[]>;
  /** Where the logs are, when there is something to look into. */
  logs?: string;
}

const DRAIN_MS = 300_000;

export async function runChaos(schedule: Schedule, options: ChaosOptions = {}): Promise<ChaosReport> {
  const { worker = BUILT_WORKER, server, drainMs = DRAIN_MS, note = () => {}, signal } = options;
  const began = Date.now();
  const stage = await makeStage(schedule, { worker, server, note });
  let sound = false;
  try {
    note('Temporal, the cluster and the workers run.');
    const done = await conduct(schedule, stage, { note, signal });
    const { faults: board } = stage.simulator.cluster;
    const met = board.list();
    await fetch(`${stage.simulator.controlUrl}/faults`, { method: 'DELETE' });
    // What is to happen to a copy belongs to its clone, however late that comes to its turn.
    board.append(schedule.events.flatMap((e) => (e.what === 'fault' && isOfCopy(e.fault) ? [e.fault] : [])));
    note('The faults are off.');
    const { outcomes, runs } = await drain(schedule, stage, { drainMs, note, signal });
    await done.watchers.stop();
    const faults = fired([...met, ...board.list()]);
    const look = () => stage.simulator.cluster.state();
    const evidence: Evidence = {
      requests: schedule.requests,
      outcomes: new Map(outcomes.map((o) => [o.workflowID, o])),
      runs,
      before: stage.before,
      after: look(),
      deeds: done.deeds,
      leases: done.asked.leases,
      made: stage.made,
    };
    const verdict = judge(evidence);
    const swept = await sweep(stage.client, evidence, look, verdict);
    verdict.orphans.push(...swept.findings);
    sound = isSound(verdict);
    const kindOf = new Map(schedule.requests.map((r) => [holderOf(r), r.kind]));
    const [ours, repeats] = [
      outcomes.filter((o) => kindOf.has(o.workflowID)),
      outcomes.filter((o) => !kindOf.has(o.workflowID)),
    ];
    const { leases: _changed, ...asked } = done.asked;
    return {
      seed: schedule.seed,
      clones: schedule.clones,
      minutes: schedule.minutes,
      schedule: schedule.hash,
      durationSeconds: Math.round((Date.now() - began) / 1_000),
      kinds: Object.fromEntries(
        schedule.kinds.map((kind) => [
          kind,
          countBy(
            ours.filter((o) => kindOf.get(o.workflowID) === kind),
            (o) => o.ended,
          ),
        ]),
      ),
      outcomes: countBy(ours, (o) => o.ended),
      leases: verdict.leases,
      repeats: countBy(repeats, (o) => o.ended),
      mostInFlight: mostInFlight(ours),
      failures: reasons(ours),
      asked,
      faults,
      people: done.deeds.done,
      workerKills: done.blows.SIGKILL,
      workerStops: done.blows.SIGTERM,
      workerFreezes: done.blows.freezes,
      workerCrashes: stage.workers.flatMap((w) => w.crashes),
      temporalRestarts: done.blows.temporal,
      linesTerminated: done.blows.line,
      apiCalls: stage.simulator.cluster.calls.counts().total,
      secondObjects: secondObjects(stage.made),
      strangersRemoved: [...new Map([...runs.values(), ...outcomes].map((o) => [o.runID, o])).values()].reduce(
        (sum, o) => sum + o.strangersRemoved.length,
        0,
      ),
      byTerminated: verdict.byTerminated,
      named: verdict.named,
      namedOnly: verdict.namedOnly,
      unknowable: verdict.unknowable,
      expiring: verdict.expiring,
      waysBack: verdict.waysBack,
      orphansRemoved: swept.removed,
      findings: Object.fromEntries(FAULTS.map((f) => [f, verdict[f]])) as Record<FaultClass, string[]>,
      ...(sound ? {} : { logs: stage.dir }),
    };
  } finally {
    await stage.stop({ keepLogs: !sound });
  }
}

const isOfCopy = (fault: Fault): boolean =>
  ['cloneFails', 'cloneStalls', 'loseAsyncResult', 'loseSyncJob'].includes(fault.kind);

/** Nothing was found. */
export const isSound = (findings: Record<FaultClass, string[]>): boolean =>
  FAULTS.every((f) => findings[f].length === 0);

/** Does everything of the schedule at its time; resolves when the last of it is done. */
async function conduct({ requests, events, minutes }: Schedule, stage: Stage, { note, signal }: Telling) {
  const asked = nothingAsked();
  const deeds = noDeeds(stage.before);
  const blows = { SIGKILL: 0, SIGTERM: 0, freezes: 0, temporal: 0, line: 0 };
  const watchers = new Watchers();
  const failures: unknown[] = [];
  const doing: Promise<unknown>[] = [];
  const perform = async (event: PlannedEvent): Promise<void> => {
    switch (event.what) {
      case 'fault':
        return stage.simulator.cluster.faults.append([event.fault]);
      case 'worker':
        await stage.workers[event.worker]!.blow(event.signal, event.downMs);
        blows[event.signal] += 1;
        return;
      case 'freeze':
        await stage.workers[event.worker]!.freeze(event.forMs);
        blows.freezes += 1;
        return;
      case 'temporal':
        await stage.temporal.restart({ signal: 'SIGKILL', downFor: event.downMs });
        blows.temporal += 1;
        return;
      case 'line':
        if (await terminate(stage.client, slotsWorkflowID('lab', TASK_QUEUE))) blows.line += 1;
        return;
      case 'person': {
        const target = requests.find((r) => r.kind === 'clone' && r.request.name === event.target);
        return watchers.add((ended) => meddle(stage.simulator.cluster, event, target, deeds, ended));
      }
    }
  };
  const timeline = [
    ...requests.map((r) => ({ atMs: r.startsAtMs, act: () => ask(stage.client, r, asked, watchers) })),
    ...events.map((event) => ({ atMs: event.atMs, act: () => perform(event) })),
    { atMs: minutes * 60_000, act: async () => {} },
  ].toSorted((a, b) => a.atMs - b.atMs);

  const began = Date.now();
  const noting = setInterval(() => {
    const seconds = Math.round((Date.now() - began) / 1_000);
    note(
      `${seconds} s: ${asked.started} of ${requests.length} requests made, ${blows.SIGKILL} workers killed, Temporal restarted ${blows.temporal} times`,
    );
  }, NOTE_EVERY_MS);
  try {
    for (const { atMs, act } of timeline) {
      await sleep(Math.max(0, began + atMs - Date.now()), undefined, { signal });
      if (failures.length > 0) throw failures[0];
      doing.push(act().catch((err: unknown) => void failures.push(err)));
    }
    // Cancellations of the last clones and restarts are under way still.
    await Promise.all(doing);
    if (failures.length > 0) throw failures[0];
    return { asked, deeds, blows, watchers };
  } catch (err) {
    await watchers.stop().catch(() => {});
    throw err;
  } finally {
    clearInterval(noting);
  }
}
