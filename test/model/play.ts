import type { Choose } from './calls.ts';
import { violation } from './invariant.ts';
import { move } from './moves.ts';
import { DEADLINE_PASSED, end, newWorld, type Scenario, type World } from './world.ts';

/** After so many moves comes the deadline that every request has, and then that of undoing. */
const PATIENCE = 300;

export interface Played {
  world: World;
  /** What is wrong; nothing when the guarantee was kept. */
  wrong: string | undefined;
  /** What happened, apart from what went well. */
  schedule: string[];
}

/** Plays one schedule to its end. */
export async function play(scenario: Scenario, choose: (options: readonly string[]) => number): Promise<Played> {
  const world = await newWorld(scenario);
  const schedule: string[] = [];
  const choice: Choose = (options) => {
    const taken = choose(options);
    if (taken > 0) schedule.push(options[taken]!);
    return options[taken]!;
  };
  for (let moves = 0; world.ending === null; moves += 1) {
    if (moves === 3 * PATIENCE) return { world, wrong: 'never ends', schedule };
    if (moves % PATIENCE === PATIENCE - 1) await end(world, scenario, DEADLINE_PASSED);
    else await move(world, scenario, choice);
    const wrong = violation(world, scenario);
    if (wrong !== undefined) return { world, wrong, schedule };
  }
  return { world, wrong: undefined, schedule };
}

/** Plays a schedule told in words, each at the first occasion. What is not told goes well. */
export async function playScript(
  scenario: Scenario,
  script: readonly string[],
): Promise<Played & { untold: string[] }> {
  const left = [...script];
  const played = await play(scenario, (options) => {
    const taken = options.findIndex((option) => left[0] !== undefined && option.includes(left[0]));
    if (taken >= 0) left.shift();
    return Math.max(taken, 0);
  });
  return { ...played, untold: left };
}
