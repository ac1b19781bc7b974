import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { play } from './play.ts';
import { NO_TROUBLE, QUANTUM_MS, type Ending, type Scenario } from './world.ts';

vi.mock('@temporalio/workflow', async (original) => (await import('./workflow-runtime.ts')).standIn(original));

const RUNS = Number(process.env['MODEL_RUNS'] ?? 600);
const SEED = Number(process.env['MODEL_SEED'] ?? 42);

/** More trouble of more kinds than can be searched in full. */
const scenarios = fc
  .record({
    snapshot: fc.constantFrom('delete', 'keep', 'given'),
    copyMs: fc.constantFrom(0, QUANTUM_MS, 4 * QUANTUM_MS),
    cancels: fc.nat(1),
    deadlines: fc.nat(1),
    resets: fc.nat(1),
  })
  .map((trouble): Scenario => ({
    ...NO_TROUBLE,
    ...trouble,
    faults: 8,
    slowCalls: 3,
    everything: true,
    freezes: true,
    meddling: 'copies when finished',
  }));

/** Which of the things that may happen does, each time: mostly the first, that all goes well. Shrinks to that. */
const choices = fc.array(
  fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 30 }) }),
  { maxLength: 150, size: 'max' },
);

test(`${RUNS} schedules by chance keep the guarantee, and every run ends`, { timeout: 3_600_000 }, async () => {
  const ends = new Map<Ending['ended'], number>();
  let mostCalls = 0;
  const property = fc.asyncProperty(scenarios, choices, async (scenario, picks) => {
    let at = 0;
    const { wrong, schedule, world } = await play(scenario, (options) => (picks[at++] ?? 0) % options.length);
    if (wrong !== undefined) throw new Error([wrong, ...schedule].join('\n  '));
    ends.set(world.ending!.ended, (ends.get(world.ending!.ended) ?? 0) + 1);
    mostCalls = Math.max(mostCalls, world.cluster.issued);
  });
  await fc.assert(property, { seed: SEED, numRuns: RUNS });

  // Chance has led to every kind of end, and to calls that were repeated more than once.
  for (const end of ['completed', 'cancelled', 'failed'] as const) expect(ends.get(end)).toBeGreaterThan(RUNS / 20);
  expect(mostCalls).toBeGreaterThanOrEqual(3);
});
