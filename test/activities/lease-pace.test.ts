import { expect, test } from 'vitest';
import { inDoubtMs, keenMs, paceMs } from '../../activities/lease/volume.ts';

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

test.each([
  [30_000, 1, 15_000],
  [30_000, 2, 30_000],
  [30_000, 5, 75_000],
  [30_000, 100, 75_000],
  [300_000, 1, 150_000],
  [300_000, 100, 150_000],
])('at a pace of %i ms a volume in use is looked at after attempt %i in %i ms', (pace, attempt, pause) => {
  expect(keenMs(30_000, pace, attempt)).toBe(pause);
});

test('a deletion without an answer is asked for within half a minute, however many clones there are', () => {
  expect(inDoubtMs(30_000, 300_000)).toBe(30_000);
  expect(inDoubtMs(1_000, 1_000)).toBe(1_000);
});

test('both keep to a longer pause in the configuration', () => {
  expect(keenMs(3_600_000, 3_600_000, 1)).toBe(1_800_000);
  expect(keenMs(3_600_000, 3_600_000, 9)).toBe(9_000_000);
  expect(inDoubtMs(3_600_000, 3_600_000)).toBe(3_600_000);
});
