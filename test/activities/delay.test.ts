import { expect, test } from 'vitest';
import { nextLook, type DelayInput } from '../../activities/delay.ts';

const pause = (input: Partial<DelayInput>) =>
  nextLook({ remainingTime: null, stillMs: 0, stage: 'data', capMs: 120_000, random: 0.5, ...input });

/** The pauses of a wait in which nothing ever changes. */
function pausesWithoutNews(stage: string, forMs: number): number[] {
  const pauses: number[] = [];
  for (let stillMs = 0; stillMs < forMs; stillMs += pauses.at(-1)!) pauses.push(pause({ stage, stillMs }));
  return pauses;
}

test('looks again after half of what is left', () => {
  expect(pause({ remainingTime: 100 })).toBe(50_000);
});

test('never waits longer than the cap, never shorter than a second', () => {
  expect(pause({ remainingTime: 100_000 })).toBe(120_000);
  expect(pause({ remainingTime: 0 })).toBe(1_000);
});

test('jitters by a tenth in all', () => {
  expect(pause({ remainingTime: 100, random: 0 })).toBe(47_500);
  expect(pause({ remainingTime: 100, random: 1 })).toBe(52_500);
});

test.each([0, 0.5, 0.999])('close to the end, looks once, just after it (random %d)', (random) => {
  const late = pause({ remainingTime: 3.9, random }) - 3_900;
  expect(late).toBeGreaterThanOrEqual(100);
  expect(late).toBeLessThanOrEqual(300);
});

test('without an estimate, doubles up to 15 s', () => {
  expect(pausesWithoutNews('queued', 60_000)).toEqual([1_000, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
});

test('in the metadata stage, doubles up to a minute: the end is not near', () => {
  expect(pausesWithoutNews('metadata', 180_000).slice(-3)).toEqual([32_000, 60_000, 60_000]);
});

test('without an estimate for hours, is late by a twentieth of the wait at most', () => {
  expect(pause({ stage: 'queued', stillMs: 1_200_000 })).toBe(60_000);
  expect(pausesWithoutNews('queued', 8 * 3_600_000).length).toBeLessThan(300);
});

test('starts anew when something has changed', () => {
  expect(pause({ stage: 'finishing', stillMs: 0 })).toBe(1_000);
});
