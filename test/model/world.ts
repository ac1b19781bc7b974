import type { ClusterTimes } from '../../activities/index.ts';
import type { ClonePlan } from '../../activities/types.ts';
import type { CloneVolumeResult } from '../../contracts/clone-result.ts';
import type { CloneFailureDetails, LeftBehind } from '../../contracts/failure.ts';
import { UNAWARE_MS } from '../../activities/step.ts';
import { FAILURE } from '../../contracts/names.ts';
import { formatTag } from '../../contracts/tag.ts';
import { workflowIDForRequest } from '../../contracts/workflow-id.ts';
import { ApplicationFailure, isCancellation } from '@temporalio/workflow';
import { cloneVolume } from '../../workflows/clone-volume.ts';
import { act, cloneCluster, FOREIGN_SNAPSHOT, newCluster, SOURCE, type ClusterState } from './cluster.ts';
import { replay, type History, type Outcome } from './workflow-runtime.ts';

/** All times are multiples of this, in milliseconds. */
export const QUANTUM_MS = UNAWARE_MS;
const BEGINNING = Date.parse('2026-01-01T00:00:00Z');
const NAME = 'db-uat';
const RUN = 'run-1';
/** That of a request whose key is the first run's ID, so that both kinds of beginning anew have the same tag. */
const WORKFLOW_ID = workflowIDForRequest(RUN);

/** What may go wrong in a run, and what the run is asked to do. Numbers are how often, at most. */
export interface Scenario {
  times: ClusterTimes;
  /** A call without an answer acts within this, or never. The guarantee needs at most `times.settleMs`. */
  actsWithinMs: number;
  snapshot: 'given' | 'delete' | 'keep';
  copyMs: number;
  faults: number;
  slowCalls: number;
  cancels: number;
  deadlines: number;
  resets: number;
  /** A clone has to wait in line for a slot. */
  waits: number;
  /** A worker that is cut off stands still, and wakes when everything is over. */
  freezes?: boolean;
  /** A mutation: a worker does not notice that it stood still. */
  unfenced?: boolean;
  /** Somebody touches what is ours, once, before the workflow is done with it. */
  meddling?: 'removes the tag' | 'renames' | 'copies' | 'copies when finished';
  /** The whole repertoire: also refusals for good, late changes, failing copies, undoing that takes too long. */
  everything: boolean;
  /** A mutation: starting the clone does not see what is there already. */
  blind?: boolean;
  /** In place of a reset the workflow is terminated, and the request started anew under the same key. */
  terminates?: boolean;
}

export const TIMES: ClusterTimes = {
  timeoutMs: QUANTUM_MS,
  settleMs: 3 * QUANTUM_MS,
  pollCapMs: 10_000,
  stallMs: 60_000,
  rotationMs: 300_000,
};

export const NO_TROUBLE: Scenario = {
  times: TIMES,
  actsWithinMs: TIMES.settleMs,
  snapshot: 'given',
  copyMs: 0,
  faults: 0,
  slowCalls: 0,
  cancels: 0,
  deadlines: 0,
  resets: 0,
  waits: 0,
  everything: false,
};

/** The activity that the workflow waits for. */
export interface Step {
  type: string;
  input: unknown;
  /** Not to be reached by a cancellation: compensation. */
  shielded: boolean;
  attempt: number;
  /** Heartbeat details as Temporal has them. */
  memory: unknown;
  /** When the next attempt may begin. */
  due: number;
  /** The attempt is lost to Temporal, which does not know it yet. */
  gone: boolean;
}

export type Ending =
  | { ended: 'completed'; result: CloneVolumeResult; cleanedUp: boolean }
  | { ended: 'cancelled' }
  | { ended: 'failed'; leftBehind: LeftBehind[] };

/** A state between two attempts: plain data. What `step` points to is shared between worlds and never changed. */
export interface World {
  now: number;
  cluster: ClusterState;
  history: History;
  meddled: boolean;
  step: Step | null;
  ending: Ending | null;
  left: Pick<Scenario, 'faults' | 'slowCalls' | 'cancels' | 'deadlines' | 'resets' | 'waits'>;
}

export const HEARTBEAT_TIMEOUT_MS = 3 * QUANTUM_MS;

export const clone = (w: World): World => ({
  ...w,
  cluster: cloneCluster(w.cluster),
  history: { ...w.history, activities: [...w.history.activities] },
  step: w.step && { ...w.step },
  left: { ...w.left },
});

function planOf({ snapshot, everything, terminates }: Scenario): ClonePlan {
  return {
    request: {
      cluster: 'lab',
      volumeID: SOURCE,
      name: NAME,
      ...(snapshot === 'given' ? { snapshotID: FOREIGN_SNAPSHOT } : {}),
      ...(terminates ? { requestId: RUN } : {}),
    },
    source: { volumeID: SOURCE, name: 'db', totalSize: 1_000, accountID: 1 },
    totalSize: 1_000,
    cloneAttributes: {},
    attributes: {},
    expected: { totalSize: 1_000, accountID: 1 },
    volumeAccessGroups: everything ? [{ volumeAccessGroupID: 3, name: 'uat-hosts' }] : [],
    snapshot: snapshot === 'given' ? null : { name: 'before-clone', retention: snapshot, expiry: '48:00:00' },
  };
}

/** What preflight found out; `earlierRunEndedAt` is of a run that was terminated, as earlier-run.ts has it. */
export const preflight = (scenario: Scenario, earlierRunEndedAt: string | null): Outcome => ({
  how: 'completed',
  result: { ...planOf(scenario), earlierRunEndedAt, apiCalls: 0 },
});

/** A request whose preflight is over: it makes nothing. Others have volumes of the same name, marked in every way. */
export async function newWorld(scenario: Scenario): Promise<World> {
  const { faults, slowCalls, cancels, deadlines, resets, waits } = scenario;
  const tag = { request: RUN, workflowID: WORKFLOW_ID, step: 'clone' as const, sourceVolumeID: SOURCE };
  const world: World = {
    now: BEGINNING,
    cluster: newCluster([
      { volumeID: 50, name: NAME, attributes: {} },
      { volumeID: 51, name: NAME, attributes: { 'element-clone': formatTag({ ...tag, request: 'another' }) } },
      { volumeID: 52, name: NAME, attributes: { 'element-clone': formatTag({ ...tag, volumeID: 900 }) } },
    ]),
    history: {
      workflowId: WORKFLOW_ID,
      runId: RUN,
      firstExecutionRunId: RUN,
      startTime: BEGINNING,
      activities: [preflight(scenario, null)],
      cancelledAt: null,
    },
    meddled: false,
    step: null,
    ending: null,
    left: { faults, slowCalls, cancels, deadlines, resets, waits },
  };
  await goOn(world, scenario);
  return world;
}

/** Lets the workflow go on after what has been added to its history. */
export async function goOn(world: World, scenario: Scenario): Promise<void> {
  const { request } = planOf(scenario);
  const replayed = await replay(() => cloneVolume(request), world.history);
  world.step = null;
  if (replayed.next === 'activity') {
    const { type, input, shielded } = replayed;
    world.step = { type, input, shielded, attempt: 1, memory: undefined, due: world.now, gone: false };
  } else if (replayed.next === 'completed') {
    const cleanedUp = world.history.activities.at(-1)!.how === 'completed';
    world.ending = { ended: 'completed', result: replayed.result as CloneVolumeResult, cleanedUp };
  } else {
    world.ending = endingOf(replayed.error);
  }
}

function endingOf(error: unknown): Ending {
  if (error instanceof ApplicationFailure && error.type === FAILURE.cloneFailed) {
    return { ended: 'failed', leftBehind: (error.details![0] as CloneFailureDetails).leftBehind };
  }
  if (isCancellation(error)) return { ended: 'cancelled' };
  throw error;
}

export const DEADLINE_PASSED: Outcome = { how: 'timed out', message: 'the deadline passed' };

/** The pending activity ends so. */
export async function end(world: World, scenario: Scenario, outcome: Outcome): Promise<void> {
  notice(world, scenario);
  world.history.activities.push(outcome);
  await goOn(world, scenario);
}

/** Temporal notices that an attempt is lost. That one may not know it for a while; then counts what it may still do. */
export function notice(world: World, scenario: Scenario): void {
  for (const late of world.cluster.late) {
    if (late.until === null) late.until = world.now + UNAWARE_MS + scenario.actsWithinMs;
  }
}

/** Carries out a call that nobody waits for. */
export function actLate(world: World, scenario: Scenario, index: number): void {
  const [call] = world.cluster.late.splice(index, 1);
  try {
    act(world.cluster, call!.method, call!.params, world.now, scenario);
  } catch {
    // Refused: nobody hears of it.
  }
}

/** Time passes. Calls whose last moment comes act before it. */
export function advance(world: World, scenario: Scenario, ms: number): void {
  const to = world.now + ms;
  for (let i = world.cluster.late.length - 1; i >= 0; i -= 1) {
    const { until } = world.cluster.late[i]!;
    if (until !== null && until <= to) actLate(world, scenario, i);
  }
  world.now = to;
}
