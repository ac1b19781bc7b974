import type { NativeConnection, Worker } from '@temporalio/worker';
import { describe, expect, test } from 'vitest';
import { createQueueWorkers } from '../../worker/queue-workers.ts';

/** Workers that run until they are told to stop, or fail. */
function stage() {
  const made: { queue: string; fail: (err: Error) => void; stop: () => void; asked: boolean; connection: unknown }[] =
    [];
  const workers = createQueueWorkers(async (queue) => {
    let [stop, fail]: [() => void, (err: Error) => void] = [() => {}, () => {}];
    const done = new Promise<void>((resolve, reject) => ([stop, fail] = [resolve, reject]));
    const one = { queue, fail, stop, asked: false, connection: undefined as unknown };
    made.push(one);
    return {
      run: () => done,
      getState: () => (one.asked ? 'STOPPING' : 'RUNNING'),
      shutdown: () => {
        one.asked = true;
        one.stop();
      },
      set connection(to: unknown) {
        one.connection = to;
      },
    } as unknown as Worker;
  });
  const serving = () => workers.all().map(({ taskQueue }) => taskQueue);
  return { made, workers, serving };
}

describe('the workers of a process', () => {
  test('are those of its queues: one that comes is served, one that goes is left, the others stay', async () => {
    const { made, workers, serving } = stage();
    await workers.follow(['home', 'a']);
    await workers.follow(['home', 'b']);
    expect(serving()).toEqual(['home', 'b']);
    expect(made.map(({ queue, asked }) => [queue, asked])).toEqual([
      ['home', false],
      ['a', true],
      ['b', false],
    ]);
    // That of `a` has ended, and nothing of the rest.
    expect(await Promise.race([workers.ended.then(() => 'ended'), workers.follow(['home', 'b', 'a'])])).toBeUndefined();
    expect(serving()).toEqual(['home', 'b', 'a']);
    workers.use('another' as unknown as NativeConnection);
    expect(made.map((m) => m.connection)).toEqual(['another', undefined, 'another', 'another']);
  });

  test('end together when one is stopped', async () => {
    const { made, workers } = stage();
    await workers.follow(['home', 'a']);
    made[0]!.stop();
    await workers.ended;
    expect(made[1]!.asked).toBe(true);
    await workers.follow(['home', 'a', 'late']);
    expect(workers.all().map((w) => w.taskQueue)).not.toContain('late');
  });

  test('end with the fault of one that fails', async () => {
    const { made, workers } = stage();
    await workers.follow(['home', 'a']);
    made[1]!.fail(new Error('it fell'));
    await expect(workers.ended).rejects.toThrow('it fell');
    expect(made[0]!.asked).toBe(true);
  });
});
