import { expect, test } from 'vitest';
import { AnswerCache } from '../../activities/answer-cache.ts';

/** A cache whose clock stands until it is moved, and a question that counts how often it is asked. */
function setUp() {
  const clock = { ms: 1_000 };
  const asked: number[] = [];
  const cache = new AnswerCache(() => clock.ms);
  const ask = (key = 'limits', maxAgeMs = 500) =>
    cache.get(key, maxAgeMs, async () => {
      asked.push(clock.ms);
      return asked.length;
    });
  return { clock, asked, cache, ask };
}

test('asks once for all who want to know at the same time', async () => {
  const { ask, asked } = setUp();
  expect(await Promise.all([ask(), ask(), ask()])).toEqual([1, 1, 1]);
  expect(asked).toHaveLength(1);
});

test('keeps an answer until it is too old for the one who asks', async () => {
  const { ask, clock } = setUp();
  expect(await ask()).toBe(1);
  clock.ms += 499;
  expect(await ask()).toBe(1);
  expect(await ask('limits', 100)).toBe(2);
  clock.ms += 500;
  expect(await ask()).toBe(3);
});

test('keeps the answers to two questions apart', async () => {
  const { ask } = setUp();
  expect(await ask('limits')).toBe(1);
  expect(await ask('fullness')).toBe(2);
  expect(await ask('limits')).toBe(1);
});

test('tells a failure to all who waited for it, and to nobody after them', async () => {
  const { cache, ask } = setUp();
  const fail = () => Promise.reject(new Error('no answer'));
  const waiting = [cache.get('limits', 500, fail), cache.get('limits', 500, fail)];
  for (const one of waiting) await expect(one).rejects.toThrow('no answer');
  expect(await ask()).toBe(1);
});

test('a failure that comes late does not take away a newer answer', async () => {
  const { cache, clock, ask, asked } = setUp();
  let fail = (_why: Error) => {};
  const late = new Promise<number>((_resolve, reject) => (fail = reject));
  const first = cache.get('limits', 500, () => late);
  clock.ms += 500;
  expect(await ask()).toBe(1);
  fail(new Error('no answer'));
  await expect(first).rejects.toThrow('no answer');
  expect(await ask()).toBe(1);
  expect(asked).toHaveLength(1);
});
