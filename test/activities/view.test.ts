import { expect, test } from 'vitest';
import { SyncJobsView } from '../../activities/view.ts';
import type { CloneJob, ElementClient } from '../../element/index.ts';

const job = (cloneID: number) => ({ cloneID }) as CloneJob;

/** A view whose clock stands until it is moved, over a cluster whose answers come when the test says so. */
function setUp() {
  const clock = { ms: 1_000 };
  const calls: { options: unknown; answer: (jobs: CloneJob[]) => void; fail: (why: Error) => void }[] = [];
  const api = {
    listSyncJobs: (_params: object, options: unknown) =>
      new Promise((resolve, reject) => {
        calls.push({ options, answer: (cloneJobs) => resolve({ cloneJobs }), fail: reject });
      }),
  } as unknown as ElementClient;
  const view = new SyncJobsView(() => clock.ms);
  return { clock, calls, look: () => view.cloneJobs(api) };
}

test('makes one call for all who look while it is under way, however long it takes', async () => {
  const { clock, calls, look } = setUp();
  const first = look();
  clock.ms += 60_000;
  const second = look();
  calls[0]?.answer([job(1)]);
  expect(await Promise.all([first, second])).toEqual([[job(1)], [job(1)]]);
  expect(calls).toHaveLength(1);
});

test('shares an answer for a second and a half after it came, not after it was asked for', async () => {
  const { clock, calls, look } = setUp();
  const first = look();
  clock.ms += 10_000;
  calls[0]?.answer([job(1)]);
  await first;
  clock.ms += 1_499;
  expect(await look()).toEqual([job(1)]);
  expect(calls).toHaveLength(1);
  clock.ms += 1;
  const next = look();
  calls[1]?.answer([job(2)]);
  expect(await next).toEqual([job(2)]);
});

test('tells a failure to all who waited for it, and asks again for the next', async () => {
  const { calls, look } = setUp();
  const waiting = [look(), look()];
  calls[0]?.fail(new Error('xDBVersionMismatch'));
  for (const one of waiting) await expect(one).rejects.toThrow('xDBVersionMismatch');
  const next = look();
  expect(calls).toHaveLength(2);
  calls[1]?.answer([]);
  expect(await next).toEqual([]);
});

test('makes the call without the signal of the one who happened to ask first', async () => {
  const { calls, look } = setUp();
  const first = look();
  calls[0]?.answer([]);
  await first;
  expect(calls[0]?.options).toEqual({ signal: undefined });
});
