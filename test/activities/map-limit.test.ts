import { setImmediate as tick } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { mapLimit } from '../../activities/map-limit.ts';

test('keeps the order, and never runs more than the limit at once', async () => {
  let running = 0;
  let most = 0;
  const doubled = await mapLimit([...Array(50).keys()], 4, async (n) => {
    running += 1;
    most = Math.max(most, running);
    await tick();
    running -= 1;
    return n * 2;
  });
  expect(doubled).toEqual([...Array(50).keys()].map((n) => n * 2));
  expect(most).toBe(4);
  expect(await mapLimit([], 4, async () => 1)).toEqual([]);
});

test('the first error ends it: what has not begun is not begun', async () => {
  const begun: number[] = [];
  const failing = mapLimit([1, 2, 3, 4, 5, 6], 2, async (n) => {
    begun.push(n);
    await tick();
    if (n === 1) throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect(begun.length).toBeLessThan(6);
  await expect(mapLimit([1], 1, async () => 1, AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
});
