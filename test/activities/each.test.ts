import { describe, expect, test } from 'vitest';
import { eachVolume } from '../../activities/each.ts';
import { StepFailed, type StepContext } from '../../activities/step.ts';
import type { StepMemory } from '../../contracts/progress.ts';
import { ElementApiError, ElementTransportError } from '../../element/index.ts';

const context = () => ({ memory: { apiCalls: 0, suspects: 0 } as StepMemory }) as StepContext;
const refused = (name: string) => new ElementApiError('ModifyVolume', { name, message: '', code: 500 });
const ids = [1, 2, 3, 4, 5, 6, 7, 8, 9];

/** Fails for some volumes, and notes for which it was called. */
const worker = (errors: Record<number, Error>) => {
  const asked: number[] = [];
  return {
    asked,
    work: async (id: number) => {
      asked.push(id);
      await Promise.resolve();
      if (errors[id]) throw errors[id];
    },
  };
};

test('is done for every volume, four at a time', async () => {
  let running = 0;
  let peak = 0;
  await eachVolume(context(), ids, async () => {
    peak = Math.max(peak, (running += 1));
    await new Promise(setImmediate);
    running -= 1;
  });
  expect(peak).toBe(4);
});

test('a retry goes on with what is not done yet', async () => {
  const ctx = context();
  const first = worker({ 3: refused('xDBVersionMismatch') });
  await expect(eachVolume(ctx, ids, first.work)).rejects.toThrow('xDBVersionMismatch');
  expect(first.asked).toEqual(ids);
  const second = worker({});
  expect(await eachVolume(ctx, ids, second.work)).toEqual(new Map());
  expect(second.asked).toEqual([3]);
});

test('when nobody answers, the rest is left for the retry', async () => {
  const ctx = context();
  const silent = new ElementTransportError('ModifyVolume', 'timeout', 'no answer', { mayHaveActed: true });
  const { asked, work } = worker({ 2: silent });
  await expect(eachVolume(ctx, ids, work)).rejects.toBe(silent);
  expect(asked).toEqual([1, 2, 3, 4]);
});

describe('a failure for good', () => {
  test('ends it, and is the error that counts', async () => {
    const { asked, work } = worker({ 1: refused('xDBVersionMismatch'), 2: refused('xUnknownAccount') });
    await expect(eachVolume(context(), ids, work)).rejects.toThrow('xUnknownAccount');
    expect(asked).toEqual([1, 2, 3, 4]);
  });

  test('is noted when the others are to go on, and not tried again', async () => {
    const ctx = context();
    const errors = { 2: refused('xUnknownAccount'), 5: new StepFailed('no'), 7: refused('xDBVersionMismatch') };
    const { asked, work } = worker(errors);
    await expect(eachVolume(ctx, ids, work, { tolerant: true })).rejects.toThrow('xDBVersionMismatch');
    expect(asked).toEqual(ids);
    const again = worker({});
    const failed = await eachVolume(ctx, ids, again.work, { tolerant: true });
    expect([...failed.keys()]).toEqual([2, 5]);
    expect(again.asked).toEqual([7]);
  });

  test('a doubtful one is believed after three answers, for each volume by itself', async () => {
    const ctx = context();
    const { work } = worker({ 2: refused('xNeverHeardOf') });
    for (let tries = 1; tries < 3; tries += 1) {
      await expect(eachVolume(ctx, ids, work, { tolerant: true })).rejects.toThrow('xNeverHeardOf');
    }
    expect([...(await eachVolume(ctx, ids, work, { tolerant: true })).keys()]).toEqual([2]);
  });
});
