import type { Choose } from './calls.ts';
import { keyOf } from './canonical.ts';
import { violation } from './invariant.ts';
import { move } from './moves.ts';
import { clone, newWorld, type Scenario, type World } from './world.ts';

export interface Explored {
  /** Different worlds, by what the protocol can tell apart. */
  states: number;
  /** Moves carried out, each attempt with each way it can go. */
  moves: number;
  /** Worlds in which the workflow has ended. */
  endings: number;
  /** Schedules from beginning to end, pauses that change nothing left out. */
  schedules: number;
  /** Most creating calls sent out in one run. */
  issued: number;
  /** The first violation found, which is one of the shortest: what is wrong and what led to it. */
  found?: { what: string; schedule: string[] };
}

interface Node {
  parent: number;
  /** What happened since the parent. */
  happened: readonly string[];
  /** Where it can go from here, and the most creating calls that go out on the way. */
  next: Map<number, number>;
  /** Where all goes well from here on. */
  well?: number;
  ended: boolean;
}

/** Carries out every interleaving that the scenario allows, each world once. Stops at the first violation. */
export async function explore(scenario: Scenario): Promise<Explored> {
  // Errors are by the thousand here, and nobody reads their stacks.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return await search(scenario);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

async function search(scenario: Scenario): Promise<Explored> {
  const nodes: Node[] = [];
  const known = new Map<string, number>();
  const frontier: { world: World; index: number }[] = [];
  const explored: Explored = { states: 0, moves: 0, endings: 0, schedules: 0, issued: 0 };

  const visit = (world: World, parent: number, happened: readonly string[]): number => {
    const key = keyOf(world, scenario);
    const before = known.get(key);
    if (before !== undefined) return before;
    const index = nodes.length;
    known.set(key, index);
    nodes.push({ parent, happened, next: new Map(), ended: world.ending !== null });
    const what = violation(world, scenario);
    if (what !== undefined) explored.found ??= { what, schedule: scheduleTo(nodes, index) };
    if (world.ending === null) frontier.push({ world, index });
    else explored.endings += 1;
    return index;
  };

  visit(await newWorld(scenario), -1, []);
  for (let next = frontier.shift(); next !== undefined && !explored.found; next = frontier.shift()) {
    const node = nodes[next.index]!;
    for await (const { world, happened, well } of successors(next.world, scenario)) {
      explored.moves += 1;
      const index = visit(world, next.index, happened);
      const issued = world.cluster.issued - next.world.cluster.issued;
      if (index !== next.index) node.next.set(index, Math.max(issued, node.next.get(index) ?? 0));
      if (well) node.well = index;
    }
  }
  explored.states = nodes.length;
  if (!explored.found) {
    Object.assign(explored, countSchedules(nodes));
    const found = endless(nodes);
    if (found) explored.found = found;
  }
  return explored;
}

/** Every way in which one move can go: the choices made so far are repeated, the next ones tried out. */
async function* successors(from: World, scenario: Scenario) {
  let path: number[] = [];
  for (;;) {
    const world = clone(from);
    const happened: string[] = [];
    const width: number[] = [];
    const choose: Choose = (options) => {
      const taken = path[width.length] ?? 0;
      width.push(options.length);
      happened.push(options[taken]!);
      return options[taken]!;
    };
    await move(world, scenario, choose);
    yield { world, happened, well: path.every((taken) => taken === 0) };
    path = width.map((_, i) => path[i] ?? 0);
    while (path.length > 0 && path.at(-1)! + 1 >= width[path.length - 1]!) path.pop();
    if (path.length === 0) return;
    path[path.length - 1]! += 1;
  }
}

function scheduleTo(nodes: Node[], index: number): string[] {
  const schedule: string[] = [];
  for (let i = index; i >= 0; i = nodes[i]!.parent) schedule.unshift(...nodes[i]!.happened);
  return schedule;
}

/** A world from which the workflow never ends although nothing goes wrong any more. */
function endless(nodes: Node[]): Explored['found'] {
  const ends = new Set<number>();
  for (const start of nodes.keys()) {
    const way: number[] = [];
    let at: number | undefined = start;
    while (at !== undefined && !ends.has(at) && !nodes[at]!.ended) {
      if (way.includes(at)) return { what: 'never ends', schedule: scheduleTo(nodes, at) };
      way.push(at);
      at = nodes[at]!.well;
    }
    if (at === undefined) return { what: 'never ends', schedule: scheduleTo(nodes, start) };
    for (const i of way) ends.add(i);
  }
  return undefined;
}

/** From each world, once those that follow it are known: how many ways to an end, and the most calls on one of them. */
function countSchedules(nodes: Node[]): Pick<Explored, 'schedules' | 'issued'> {
  const counts = new Map<number, Pick<Explored, 'schedules' | 'issued'>>();
  const stack = [0];
  const open = new Set<number>();
  while (stack.length > 0) {
    const at = stack.at(-1)!;
    const node = nodes[at]!;
    const missing = [...node.next.keys()].filter((i) => !counts.has(i) && !open.has(i));
    if (!open.has(at) && missing.length > 0) {
      open.add(at);
      stack.push(...missing);
      continue;
    }
    stack.pop();
    open.delete(at);
    if (counts.has(at)) continue;
    const count = { schedules: node.ended ? 1 : 0, issued: 0 };
    for (const [i, issued] of node.next) {
      const after = counts.get(i);
      if (after === undefined) continue;
      count.schedules += after.schedules;
      count.issued = Math.max(count.issued, issued + after.issued);
    }
    counts.set(at, count);
  }
  return counts.get(0)!;
}
