import { expect, test } from 'vitest';
import { progressLine } from '../../activities/copy-progress.ts';
import type { CloneProgress } from '../../contracts/progress.ts';

const NOW = Date.parse('2026-11-24T03:00:00Z');

const PROGRESS: CloneProgress = {
  volumeID: 57,
  cloneID: 5,
  asyncHandle: 12,
  percent: 43.2,
  currentBytes: 2_100_000_000,
  totalBytes: 4_900_000_000,
  bytesPerSecond: 120_000_000,
  remainingTime: 23.4,
  stage: 'data',
  lookedAt: '2026-11-24T03:00:00.000Z',
  looks: 3,
};

const line = (change: Partial<CloneProgress> = {}) => progressLine({ ...PROGRESS, ...change }, NOW);

test('says how far the copy is, how fast, and when it will end', () => {
  expect(line()).toBe('43 % · 2.1 GB of 4.9 GB · 120 MB/s · about 24s left');
});

test('shows a tenth of a percent while there is little of it', () => {
  expect(line({ percent: 0 })).toMatch(/^0\.0 % · /);
  expect(line({ percent: 9.94 })).toMatch(/^9\.9 % · /);
  expect(line({ percent: 10.2 })).toMatch(/^10 % · /);
  expect(line({ percent: 100 })).toMatch(/^100 % · /);
});

test('writes hours as hours', () => {
  expect(line({ remainingTime: 3_725 })).toMatch(/ · about 1h 2m 5s left$/);
});

test('does not guess an end that the cluster has no estimate for', () => {
  expect(line({ remainingTime: null, bytesPerSecond: 0 })).toBe('43 % · 2.1 GB of 4.9 GB · 0 B/s');
});

test('says that there is nothing to see yet while the metadata is copied', () => {
  expect(line({ stage: 'metadata', percent: 0 })).toBe('copying metadata to volume 57; no progress to see yet');
});

test('says for how long no byte has moved', () => {
  expect(line({ stalledSince: '2026-11-24T02:55:30.000Z' })).toMatch(/ · no byte moved for 4m 30s$/);
  expect(line({ stalledSince: '2026-11-24T03:00:00.000Z' })).not.toContain('no byte moved');
  expect(line({ stalledSince: '2026-11-24T02:55:30.000Z', stalled: true })).toMatch(
    / · stalled: no byte moved for 4m 30s$/,
  );
});
