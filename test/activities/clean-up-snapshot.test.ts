import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import { cleanUpSnapshot } from '../../activities/clean-up.ts';
import { NotYet, StepFailed, type StepContext } from '../../activities/step.ts';
import type { StepMemory } from '../../contracts/progress.ts';
import { ElementApiError } from '../../element/index.ts';

const NOW = Date.parse('2026-11-25T12:00:00Z');
const context = () =>
  ({ memory: { apiCalls: 0, suspects: 0 } as StepMemory, now: () => NOW, times: { settleMs: 6_000 } }) as StepContext;

const error = (name: string) => new ElementApiError('DeleteSnapshot', { name, message: 'no', code: 500 });

/** Snapshots 194, which the clone was made of, and 195, which a lost call has made. */
function scene(refused: Record<number, string> = {}, { seconds = 30, unseen = '' } = {}) {
  const there = new Set([194, 195]);
  const inDoubtSince = new Date(NOW - seconds * 1_000).toISOString();
  const cleanUp = (retention: 'keep' | 'delete') =>
    cleanUpSnapshot(context(), { retention } as Parameters<typeof cleanUpSnapshot>[1], {
      method: 'CreateSnapshot',
      made: { id: 194, inDoubtSince },
      own: () => (unseen === '' ? Promise.resolve([...there]) : Promise.reject(error(unseen))),
      remove: (id) => {
        const name = refused[id];
        if (name !== undefined) return Promise.reject(error(name));
        there.delete(id);
        return Promise.resolve();
      },
    });
  const run = (retention: 'keep' | 'delete' = 'delete'): Promise<boolean> =>
    new MockActivityEnvironment().run(() => cleanUp(retention));
  return { there, run };
}

test('a second snapshot goes in any case, the own one unless it is to be kept', async () => {
  const all = scene();
  expect(await all.run()).toBe(true);
  expect([...all.there]).toEqual([]);
  const kept = scene();
  expect(await kept.run('keep')).toBe(false);
  expect([...kept.there]).toEqual([194]);
});

test.each([
  ['the second', 195, [195]],
  ['the own', 194, [194]],
])('%s snapshot that the cluster refuses to delete keeps no other one there', async (_which, id, left) => {
  const { there, run } = scene({ [id]: 'xVolumeShrinkProhibited' });
  await expect(run()).rejects.toThrow(StepFailed);
  expect([...there]).toEqual(left);
});

test('a look-up that is refused does not keep the own one there', async () => {
  const { there, run } = scene({}, { unseen: 'xUnknownAccount' });
  await expect(run()).rejects.toThrow('xUnknownAccount');
  expect([...there]).toEqual([195]);
});

test('a fault that passes is for the next attempt', async () => {
  const { there, run } = scene({ 195: 'xDBVersionMismatch' });
  await expect(run()).rejects.toThrow(ElementApiError);
  expect([...there]).toEqual([194, 195]);
});

test('nothing is looked for before a lost call can no longer take effect', async () => {
  const { there, run } = scene({}, { seconds: 1 });
  await expect(run()).rejects.toThrow(NotYet);
  expect([...there]).toEqual([194, 195]);
});
