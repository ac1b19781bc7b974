import { expect, test } from 'vitest';
import { idealMakespan } from '../../bench/support/ideal.ts';
import { planClones } from '../../bench/support/workload.ts';

const copies = (volumeID: number, ...seconds: number[]) => seconds.map((s) => ({ name: '', volumeID, seconds: s }));

test('each copy takes the slot of its volume that is free first', () => {
  // 10 and 4 begin; 6 follows the 4, 3 follows at 10.
  expect(idealMakespan(copies(1, 10, 4, 6, 3), 2)).toEqual({ listScheduling: 13, lowerBound: 11.5 });
});

test('the slowest volume decides', () => {
  expect(idealMakespan([...copies(1, 10, 10), ...copies(2, 8, 8, 8, 8)], 2).listScheduling).toBe(16);
});

test('no order takes less than the longest copy', () => {
  expect(idealMakespan(copies(1, 20, 1), 2)).toEqual({ listScheduling: 20, lowerBound: 20 });
});

test('the same seed makes the same clones, whose sources take turns', () => {
  const wanted = { clones: 5, volumeIDs: [7, 9], seconds: [5, 20], seed: 3 } as const;
  const plan = planClones(wanted);
  expect(planClones(wanted)).toEqual(plan);
  expect(plan.map((c) => c.volumeID)).toEqual([7, 9, 7, 9, 7]);
  expect(plan.every((c) => c.seconds >= 5 && c.seconds <= 20)).toBe(true);
  expect(planClones({ ...wanted, seed: 4 })).not.toEqual(plan);
});
