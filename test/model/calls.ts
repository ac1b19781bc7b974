import type { Place } from '../../contracts/slots.ts';
import { ElementApiError, ElementTransportError } from '../../element/index.ts';
import { act, FIRST_ID, type ClusterState } from './cluster.ts';
import { actLate, advance, QUANTUM_MS, type Scenario, type Step, type World } from './world.ts';

/** Picks one of several things that may happen; the first is that all goes well. */
export type Choose = (options: readonly string[]) => string;

/** One attempt of the pending activity, and what has happened to it so far. */
export interface Attempt {
  world: World;
  scenario: Scenario;
  step: Step;
  choose: Choose;
  /** Heartbeat details that Temporal will have. */
  heartbeat: unknown;
  /** Temporal hears no more of it. */
  cutOff: boolean;
  /** Lets the attempt hear of its cancellation. */
  cancel: () => void;
  stoodStillMs: number;
  /** Our objects that were there when it began. */
  before: { cloneVolume: number[]; createSnapshot: number[] };
}

/** An attempt is lost to Temporal. The worker dies, or it lives on, cut off, and its calls go out all the same. */
const WITHOUT_HEARTBEAT = 'the worker is cut off, its heartbeat is lost';
const AFTER_HEARTBEAT = 'the worker is cut off after its heartbeat';

export const waysToBeCutOff = ({ heartbeat, step }: Attempt) =>
  heartbeat === step.memory ? [WITHOUT_HEARTBEAT] : [WITHOUT_HEARTBEAT, AFTER_HEARTBEAT];

export function cutOff(attempt: Attempt, how: string): void {
  attempt.world.left.faults -= 1;
  attempt.cutOff = true;
  if (how.endsWith(WITHOUT_HEARTBEAT)) attempt.heartbeat = attempt.step.memory;
}

/** Calls of others, and of ourselves before, that may act at any moment. */
export const lateCalls = ({ cluster }: World) => cluster.late.map((l, i) => `late ${i}: ${l.method} acts`);

export const actLateAs = (world: World, scenario: Scenario, choice: string) =>
  actLate(world, scenario, Number(/late (\d+)/.exec(choice)![1]));

export const ownIDs = ({ volumes, snapshots }: ClusterState): Attempt['before'] => ({
  cloneVolume: volumes.filter((v) => v.volumeID >= FIRST_ID && v.status !== 'deleted').map((v) => v.volumeID),
  createSnapshot: snapshots.map((s) => s.snapshotID).filter((id) => id >= FIRST_ID),
});

const creates = (method: string): method is keyof Attempt['before'] =>
  method === 'cloneVolume' || method === 'createSnapshot';

const looks = (method: string, params: unknown) =>
  method === 'getAsyncResult' ? (params as { keepResult: boolean }).keepResult : /^(list|get)/.test(method);

/** A search for what a call may have made. */
const looksUp = (method: string, params: unknown) =>
  method === 'listSnapshots' || (method === 'listVolumes' && 'volumeName' in (params as object));

/** What may happen to a call, or just before it. */
function possible({ world, scenario, step, ...attempt }: Attempt, method: string, params: unknown): string[] {
  const { faults, slowCalls, cancels } = world.left;
  const { everything, freezes } = scenario;
  const changes = !looks(method, params);
  // What comes to the same is tried out at one place: an attempt is lost, or cancelled, at a change or at its end; a
  // late call acts, and time passes, around a look that can see the difference.
  const pivotal = changes || everything || freezes;
  const observes = looksUp(method, params) || everything;
  const late = observes ? lateCalls(world) : [];
  // It only helps the line for clone slots.
  if (step.type === 'startClone' && method === 'listSyncJobs' && !everything) return ['answered'];
  if (attempt.cutOff) {
    if (changes) return ['answered', 'acts later', 'never arrives', ...late];
    return [
      'answered',
      ...(freezes && attempt.stoodStillMs === 0 ? ['answered, and the worker stands still'] : []),
      ...late,
    ];
  }
  const options = ['answered'];
  if ((observes || creates(method)) && slowCalls > 0) options.push('answered slowly');
  if (faults > 0) {
    if (changes) options.push('refused', 'acts, the answer is lost');
    else options.push('fails');
    if (creates(method) || (changes && everything)) {
      options.push('is lost and acts later', 'is lost');
      if (slowCalls > 0) options.push('times out and acts later');
    }
    if (method === 'cloneVolume' && world.left.waits > 0) options.push('refused, no slot is free');
    if (everything) options.push('refused for good');
    if (everything && method === 'cloneVolume') options.push('answered, but the copy fails');
    if (pivotal) options.push(...waysToBeCutOff({ world, scenario, step, ...attempt }));
  }
  if (pivotal && cancels > 0 && !step.shielded) options.push('cancelled', 'cancelled, not heard of');
  return [...options, ...late];
}

/** A call of the Element API, with what `choose` lets happen to it. */
export async function call(attempt: Attempt, method: string, params: unknown): Promise<unknown> {
  const about = `${attempt.step.type}: ${method} `;
  for (;;) {
    const options = possible(attempt, method, params).map((o) => about + o);
    const choice = (options.length === 1 ? options[0]! : attempt.choose(options)).slice(about.length);
    if (choice.startsWith('late')) actLateAs(attempt.world, attempt.scenario, choice);
    else if (choice.startsWith('cancelled')) cancel(attempt, choice === 'cancelled');
    else if (choice === WITHOUT_HEARTBEAT || choice === AFTER_HEARTBEAT) cutOff(attempt, choice);
    else return meet(attempt, method, params, choice);
  }
}

function cancel({ world, ...attempt }: Attempt, heardOf: boolean): void {
  world.left.cancels -= 1;
  world.history.cancelledAt = world.history.activities.length;
  if (heardOf) attempt.cancel();
}

/** What the line for clone slots says. */
export function askForSlot({ world, choose, cutOff: unheard }: Attempt): 'granted' | Place {
  if (world.left.waits === 0 || unheard) return 'granted';
  const choice = choose(['the line: a slot is free', 'the line: wait']);
  if (choice === 'the line: a slot is free') return 'granted';
  world.left.waits -= 1;
  return { place: 1, of: 1 };
}

/** What becomes of the call itself. */
function meet(attempt: Attempt, method: string, params: unknown, choice: string): unknown {
  const { world, scenario } = attempt;
  const { left, cluster } = world;
  const lost = (reason: 'reset' | 'timeout') =>
    new ElementTransportError(method, reason, 'the answer was lost', { mayHaveActed: true });
  const refused = (name: string) => new ElementApiError(method, { name, message: 'as chosen', code: 500 });
  const goesOut = () => {
    if (creates(method)) cluster.issued += 1;
  };
  const later = (until: number | null) => {
    goesOut();
    cluster.late.push({ method, params: structuredClone(params), until });
  };

  switch (choice) {
    case 'answered':
      goesOut();
      return carryOut(attempt, method, params);
    case 'answered, and the worker stands still':
      attempt.stoodStillMs = 3_600_000;
      return carryOut(attempt, method, params);
    case 'acts later':
      later(attempt.stoodStillMs > 0 ? Infinity : null);
      throw lost('reset');
    case 'never arrives':
      throw lost('reset');
    case 'answered slowly': {
      left.slowCalls -= 1;
      goesOut();
      const answer = carryOut(attempt, method, params);
      advance(world, scenario, QUANTUM_MS);
      return answer;
    }
  }
  left.faults -= 1;
  switch (choice) {
    case 'fails':
      throw lost('reset');
    case 'refused':
      throw refused('xDBVersionMismatch');
    case 'refused, no slot is free':
      throw refused('xMaxClonesPerVolumeExceeded');
    case 'refused for good':
      if (/Async|cancel|SyncJobs/.test(method)) cluster.keepsResults = true;
      throw refused('xUnknownAccount');
    case 'acts, the answer is lost':
      goesOut();
      carryOut(attempt, method, params);
      throw lost('reset');
    case 'answered, but the copy fails':
      goesOut();
      return carryOut(attempt, method, params, true);
    case 'is lost':
      goesOut();
      throw lost('reset');
    case 'is lost and acts later':
      later(world.now + scenario.actsWithinMs);
      throw lost('reset');
    case 'times out and acts later':
      left.slowCalls -= 1;
      advance(world, scenario, QUANTUM_MS);
      later(world.now + scenario.actsWithinMs);
      throw lost('timeout');
    default:
      throw new Error(`the model knows no "${choice}"`);
  }
}

function carryOut({ world, scenario, before, ...attempt }: Attempt, method: string, params: unknown, fails = false) {
  if (creates(method) && !attempt.cutOff) {
    // What was there when the attempt began, and still is, must have been found.
    const there = ownIDs(world.cluster)[method].filter((id) => before[method].includes(id));
    if (there.length > 0) world.cluster.violation ??= `${method} again, though ${there.join()} is there`;
  }
  return act(world.cluster, method, params, world.now, { ...scenario, fails });
}
