import { describe, expect, test } from 'vitest';
import type { PlannedClone, SlotsNow } from '../../contracts/dry-run.ts';
import { estimate } from '../../workflows/dry-run/estimate.ts';

const clones = (count: number, totalSize = 100): PlannedClone[] =>
  Array.from({ length: count }, (_, i) => ({ sourceVolumeID: 42, sourceName: 'db', name: `c${i}`, totalSize }));
const slots = (more: Partial<SlotsNow> = {}): SlotsNow => ({
  perVolume: 2,
  perNode: 8,
  nodes: 4,
  running: {},
  waiting: 0,
  bytesPerSecond: null,
  heldSeconds: null,
  ...more,
});

describe('how long a plan would take', () => {
  test('goes by the rate of copies that run, in as many rounds as the slots make of it', () => {
    expect(estimate('cloneFanOut', clones(5), slots({ bytesPerSecond: 10, heldSeconds: 99 }))).toMatchObject({
      atOnce: 2,
      seconds: 30,
      basis: expect.stringContaining('run now'),
    });
  });

  test('else by how long the last copies took, else it is not known', () => {
    expect(estimate('cloneFanOut', clones(5), slots({ heldSeconds: 60 }))).toMatchObject({ seconds: 180 });
    expect(estimate('cloneVolume', clones(1), slots())).toMatchObject({ atOnce: 1, seconds: null });
  });

  test('a ceiling of our own counts, and a group takes all its slots together', () => {
    expect(estimate('cloneFanOut', clones(5), slots({ ours: 1, heldSeconds: 10 }))).toMatchObject({
      atOnce: 1,
      seconds: 50,
    });
    expect(estimate('cloneGroup', clones(5), slots({ heldSeconds: 10 }))).toMatchObject({ atOnce: 5, seconds: 10 });
  });
});
