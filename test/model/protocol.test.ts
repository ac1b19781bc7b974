import { afterAll, describe, expect, test, vi } from 'vitest';
import { SUSPECT_TRIES } from '../../activities/step.ts';
import { explore, type Explored } from './explore.ts';
import { NO_TROUBLE, QUANTUM_MS, type Scenario } from './world.ts';

vi.mock('@temporalio/workflow', async (original) => (await import('./workflow-runtime.ts')).standIn(original));

type Trouble = Partial<
  Pick<
    Scenario,
    | 'faults'
    | 'slowCalls'
    | 'cancels'
    | 'deadlines'
    | 'resets'
    | 'terminates'
    | 'waits'
    | 'freezes'
    | 'copyMs'
    | 'snapshot'
  >
>;

interface Search {
  trouble: Trouble;
  /** Fewer states than this and the search has lost its way. */
  states: number;
}

/** Each searched in full. Numbers are how often, at most, in one run. */
const SEARCHES: Search[] = [
  { trouble: {}, states: 5 },
  { trouble: { faults: 3 }, states: 7_500 },
  { trouble: { faults: 1, slowCalls: 1, cancels: 1, deadlines: 1 }, states: 3_500 },
  { trouble: { faults: 1, waits: 1, cancels: 1 }, states: 3_000 },
  { trouble: { faults: 2, freezes: true }, states: 1_300 },
  { trouble: { faults: 1, slowCalls: 1, resets: 1 }, states: 2_000 },
  { trouble: { faults: 1, resets: 1, terminates: true }, states: 1_300 },
  { trouble: { faults: 1, slowCalls: 1, copyMs: QUANTUM_MS }, states: 500 },
  { trouble: { faults: 1, cancels: 1, snapshot: 'delete' }, states: 2_500 },
  { trouble: { faults: 1, deadlines: 1, snapshot: 'keep' }, states: 1_000 },
];

/** `MODEL=deep`: minutes instead of seconds. */
const DEEPER: Search[] = [
  { trouble: { faults: 4 }, states: 15_000 },
  { trouble: { faults: 2, slowCalls: 1, cancels: 1 }, states: 20_000 },
  { trouble: { faults: 2, slowCalls: 1, deadlines: 1 }, states: 10_000 },
  { trouble: { faults: 2, waits: 1, cancels: 1 }, states: 10_000 },
  { trouble: { faults: 1, cancels: 1, resets: 1 }, states: 10_000 },
  { trouble: { faults: 2, resets: 1 }, states: 7_000 },
  { trouble: { faults: 1, cancels: 1, resets: 1, terminates: true }, states: 7_000 },
  { trouble: { faults: 1, slowCalls: 1, cancels: 1, copyMs: QUANTUM_MS }, states: 3_500 },
  { trouble: { faults: 1, slowCalls: 1, cancels: 1, deadlines: 1, snapshot: 'delete' }, states: 7_000 },
  { trouble: { faults: 1, cancels: 1, resets: 1, snapshot: 'delete' }, states: 45_000 },
  { trouble: { faults: 2, snapshot: 'keep' }, states: 3_800 },
];

const deep = process.env['MODEL'] === 'deep';
const searches = deep ? [...SEARCHES, ...DEEPER] : SEARCHES;
const TAKE_YOUR_TIME = { timeout: 3_600_000 };

const words = (trouble: Trouble): string =>
  Object.entries(trouble)
    .map(([what, howOften]) => `${what} ${String(howOften)}`)
    .join(', ') || 'no trouble';

describe('every interleaving keeps the guarantee, and every run ends', () => {
  const total: Pick<Explored, 'states' | 'moves' | 'schedules'> = { states: 0, moves: 0, schedules: 0 };

  test.each(searches.map((s) => [words(s.trouble), s] as const))(
    '%s',
    TAKE_YOUR_TIME,
    async (what, { trouble, states }) => {
      const explored = await explore({ ...NO_TROUBLE, ...trouble });
      expect(explored.found).toBeUndefined();
      expect(explored.states).toBeGreaterThan(states);
      expect(explored.endings).toBeGreaterThan(0);
      // A lost call is followed by another, and so is one whose work a run before a reset has undone. Where snapshots are
      // deleted, the fault may be a deletion that is lost and acts after the reset: CloneVolume is then refused until that is
      // believed, which makes nothing, and both are made anew. Nothing else is repeated.
      const { faults = 0, resets = 0, snapshot } = trouble;
      const steps = snapshot === undefined ? 1 : 2;
      const repeated = steps + faults + steps * resets;
      const snapshotGone = snapshot === undefined ? 0 : steps + (SUSPECT_TRIES + steps) * resets;
      expect(explored.issued).toBeGreaterThanOrEqual(steps + faults);
      expect(explored.issued).toBeLessThanOrEqual(Math.max(repeated, snapshotGone));
      if (deep) console.info(what, explored);
      for (const count of ['states', 'moves', 'schedules'] as const) total[count] += explored[count];
    },
  );

  afterAll(() => {
    const [states, moves, schedules] = [total.states, total.moves, total.schedules].map((n) => n.toLocaleString('en'));
    console.info(`protocol model: ${states} states, ${moves} moves, ${schedules} schedules, all kept the guarantee`);
  });
});
