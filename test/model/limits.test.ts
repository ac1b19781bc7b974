import { describe, expect, test, vi } from 'vitest';
import { explore } from './explore.ts';
import { NO_TROUBLE, QUANTUM_MS, TIMES, type Scenario } from './world.ts';

vi.mock('@temporalio/workflow', async (original) => (await import('./workflow-runtime.ts')).standIn(original));

const TWO_VOLUMES = /^completed, and there is volume \d+/;
const MADE_AGAIN = /^cloneVolume again, though \d+ is there/;

const findsIn = async (trouble: Partial<Scenario>) => {
  const { found } = await explore({ ...NO_TROUBLE, ...trouble });
  return found?.what ?? 'nothing';
};

describe('without a part of the protocol the search finds what goes wrong', () => {
  test('without waiting until a lost call has settled', async () => {
    expect(await findsIn({ faults: 1, times: { ...TIMES, settleMs: 0 } })).toMatch(TWO_VOLUMES);
  });

  test('without a look-up before the call is repeated', async () => {
    expect(await findsIn({ faults: 1, blind: true })).toMatch(MADE_AGAIN);
  });

  test('without a pulse, by which a worker knows that it stood still for too long', async () => {
    expect(await findsIn({ faults: 2, freezes: true, unfenced: true })).toMatch(TWO_VOLUMES);
  });
});

describe('limits of the guarantee, as docs/guarantees.md has them', () => {
  test('a call that acts later than settleSeconds leaves a stranger', async () => {
    expect(await findsIn({ faults: 1, actsWithinMs: TIMES.settleMs + QUANTUM_MS })).toMatch(TWO_VOLUMES);
  });

  test('the tag removed, or the volume renamed, between a lost answer and the next attempt', async () => {
    expect(await findsIn({ faults: 1, meddling: 'removes the tag' })).toMatch(MADE_AGAIN);
    expect(await findsIn({ faults: 1, meddling: 'renames' })).toMatch(MADE_AGAIN);
  });

  test('a copy of the clone, under its name, before it is finished is taken for ours', async () => {
    expect(await findsIn({ meddling: 'copies' })).toMatch(/^deleted volume 70, which is not ours/);
    expect(await findsIn({ faults: 1, meddling: 'copies when finished' })).toBe('nothing');
  });
});
