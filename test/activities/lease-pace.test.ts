import { expect, test } from 'vitest';
import { paceMs } from '../../activities/lease/volume.ts';

test.each([
  [0, 30_000],
  [100, 30_000],
  [200, 60_000],
  [1_000, 300_000],
  [50_000, 300_000],
])('with %i clones on the cluster leased volumes are looked at every %i ms', (clones, pause) => {
  expect(paceMs(30_000, clones)).toBe(pause);
});

test('a longer pause in the configuration is kept', () => {
  expect(paceMs(3_600_000, 50_000)).toBe(3_600_000);
});
