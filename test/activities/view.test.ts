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
  return { clock, calls, look: async (since?: number) => (await view.cloneJobs(api, since)).jobs, view, api };
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

test('takes no view of before the time that is asked for', async () => {
  const { clock, calls, look } = setUp();
  const first = look();
  calls[0]?.answer([job(1)]);
  await first;
  clock.ms += 100;
  const since = clock.ms;
  const newer = look(since);
  expect(calls).toHaveLength(2);
  calls[1]?.answer([job(2)]);
  expect(await newer).toEqual([job(2)]);
  expect(await look(since)).toEqual([job(2)]);
  expect(calls).toHaveLength(2);
});

test('makes one more call for all who came too late for the one under way', async () => {
  const { clock, calls, look } = setUp();
  const first = look();
  clock.ms += 100;
  const late = [look(clock.ms), look(clock.ms), look(clock.ms)];
  expect(calls).toHaveLength(1);
  calls[0]?.answer([job(1)]);
  expect(await first).toEqual([job(1)]);
  await expect.poll(() => calls.length).toBe(2);
  calls[1]?.answer([job(2)]);
  expect(await Promise.all(late)).toEqual([[job(2)], [job(2)], [job(2)]]);
  expect(calls).toHaveLength(2);
});

test('asks for those who came too late even when the call under way fails', async () => {
  const { clock, calls, look } = setUp();
  const first = look();
  clock.ms += 100;
  const late = look(clock.ms);
  calls[0]?.fail(new Error('xDBVersionMismatch'));
  await expect(first).rejects.toThrow('xDBVersionMismatch');
  await expect.poll(() => calls.length).toBe(2);
  calls[1]?.answer([job(2)]);
  expect(await late).toEqual([job(2)]);
});

test('a time that has not come yet means now: another worker’s clock may be ahead', async () => {
  const { clock, calls, look } = setUp();
  const first = look(clock.ms + 3_600_000);
  calls[0]?.answer([job(1)]);
  expect(await first).toEqual([job(1)]);
});

test('says when the answer came', async () => {
  const { clock, calls, view, api } = setUp();
  const seen = view.cloneJobs(api);
  clock.ms += 300;
  calls[0]?.answer([]);
  expect(await seen).toEqual({ jobs: [], at: 1_300 });
});

test('makes the call without the signal of the one who happened to ask first', async () => {
  const { calls, look } = setUp();
  const first = look();
  calls[0]?.answer([]);
  await first;
  expect(calls[0]?.options).toEqual({ signal: undefined });
});
