import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { createAwaitCloneActivities } from '../../activities/await-clone.ts';
import type { Cluster } from '../../activities/index.ts';
import { AnswerCache, SyncJobsView } from '../../activities/index.ts';
import type { SlotLines } from '../../activities/slots.ts';
import type { CloneJob, ElementClient } from '../../element/index.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
const GIGABYTE = 1_000_000_000;
const logger = new DefaultLogger('ERROR');

/** A copy that starts at START; the cluster's estimate is exact until delay() belies it. */
function setUp(lasts: number, { begins = 0, lingers = 0, others = 0 } = {}) {
  let seconds = lasts;
  const clock = { ms: START };
  const calls: string[] = [];
  const released: string[] = [];
  let heartbeatDetails: unknown;
  let attempt = 0;
  const elapsed = () => (clock.ms - START) / 1_000 - begins;
  const copied = () => Math.min(1, elapsed() / seconds);
  const runs = () => elapsed() < seconds + lingers;
  const other = { cloneID: 6, dstVolumeID: 98, srcVolumeID: 41, stage: 'data' } as CloneJob;
  const job = (): CloneJob =>
    ({
      cloneID: 5,
      dstVolumeID: 99,
      srcVolumeID: 42,
      stage: 'data',
      percentComplete: copied() * 100,
      currentBytes: copied() * GIGABYTE,
      totalBytes: GIGABYTE,
      bytesPerSecond: GIGABYTE / seconds,
      remainingTime: seconds * (1 - copied()),
    }) as CloneJob;
  const api = {
    listSyncJobs: async () => {
      calls.push('ListSyncJobs');
      return { cloneJobs: [...(elapsed() >= 0 && runs() ? [job()] : []), ...(others > 0 ? [other] : [])] };
    },
    getAsyncResult: async () => {
      calls.push('GetAsyncResult');
      return { status: runs() ? 'running' : 'complete' };
    },
  } as unknown as ElementClient;
  const now = () => clock.ms;
  const view = new SyncJobsView(now);
  const cluster: Cluster = {
    alias: 'lab',
    api,
    view,
    answers: new AnswerCache(now),
    times: { timeoutMs: 1_000, settleMs: 1_000, pollCapMs: 120_000, stallMs: 300_000, rotationMs: 1 },
  };
  const lines = (() => ({ released: (id: string) => released.push(id) })) as unknown as SlotLines;
  const { awaitClone } = createAwaitCloneActivities(
    { cluster: () => cluster, clusterAliases: () => ['lab'], temporal: undefined as never, now },
    lines,
  );
  return {
    calls,
    released,
    /** Time that passes, in seconds. */
    wait: (s: number) => {
      clock.ms += s * 1_000;
    },
    /** The copy takes so many seconds more than it seemed to. */
    delay: (s: number) => {
      seconds += s;
    },
    /** A look by somebody else. */
    otherLook: async () => {
      await view.cloneJobs(api);
      calls.length = 0;
    },
    /** One attempt: the pause that it asks for, in seconds, or the result. */
    look: async () => {
      attempt += 1;
      const environment = new MockActivityEnvironment(
        {
          ...{ attempt, heartbeatDetails, activityType: 'awaitClone' },
          ...{ scheduledTimestampMs: START, scheduleToCloseTimeoutMs: 86_400_000 },
        },
        { logger },
      );
      environment.on('heartbeat', (details: unknown) => {
        heartbeatDetails = JSON.parse(JSON.stringify(details));
      });
      try {
        const clone = { volumeID: 99, cloneID: 5, asyncHandle: 7 };
        return await environment.run(awaitClone, { cluster: 'lab', clone, totalSize: GIGABYTE });
      } catch (err) {
        if (!(err instanceof ApplicationFailure) || typeof err.nextRetryDelay !== 'number') throw err;
        return err.nextRetryDelay / 1_000;
      }
    },
  };
}

test('a first look that finds only a view of before the clone asks for the result', async () => {
  const { calls, wait, otherLook, look } = setUp(10, { begins: 0.2 });
  await otherLook();
  wait(0.5);
  expect(await look()).toBe(1);
  expect(calls).toEqual(['GetAsyncResult']);
});

test('… and asks for nothing when others are copied just now', async () => {
  const { calls, wait, otherLook, look } = setUp(10, { begins: 0.2, others: 1 });
  await otherLook();
  wait(0.5);
  expect(await look()).toBe(1);
  expect(calls).toEqual([]);
  wait(1);
  expect(await look()).toBeCloseTo(4.35, 0);
  expect(calls).toEqual(['ListSyncJobs']);
});

test('a look shares the view of another clone’s look, and counts its age off the estimate', async () => {
  const { calls, wait, otherLook, look } = setUp(20);
  wait(1);
  await look();
  wait(15);
  await otherLook();
  wait(1.4);
  const pause = await look();
  expect(calls).toEqual([]);
  // 2.6 s are left, though the view still says 4; the look comes a moment after the end.
  expect(pause).toBeGreaterThanOrEqual(2.7);
  expect(pause).toBeLessThanOrEqual(2.9);
});

test('a second look at the very view that one has seen already is none', async () => {
  const { calls, wait, look } = setUp(20);
  wait(18);
  await look();
  wait(1);
  await look();
  expect(calls).toEqual(['ListSyncJobs', 'ListSyncJobs']);
});

test('when the end is due, asks for the result alone', async () => {
  const { calls, released, wait, look } = setUp(3);
  wait(1);
  wait((await look()) as number);
  calls.length = 0;
  expect(await look()).toMatchObject({ bytes: GIGABYTE, apiCalls: 2 });
  expect(calls).toEqual(['GetAsyncResult']);
  expect(released).toHaveLength(1);
});

test('when the end is due and the copy still runs, goes by what is left of it', async () => {
  const { calls, wait, delay, look } = setUp(10);
  wait(9);
  const pause = (await look()) as number;
  delay(10);
  wait(pause);
  calls.length = 0;
  expect(await look()).toBeCloseTo(4.9, 0);
  expect(calls).toEqual(['GetAsyncResult', 'ListSyncJobs']);
});

test('a copy that lingers with nothing left to copy has no estimate, and is asked about less and less often', async () => {
  const { calls, wait, look } = setUp(10, { lingers: 100 });
  wait(10);
  const pauses: number[] = [];
  for (let i = 0; i < 6; i += 1) {
    pauses.push((await look()) as number);
    wait(pauses.at(-1)!);
  }
  for (const [i, about] of [1, 1, 2, 4, 8, 15].entries()) expect(pauses[i]! / about).toBeCloseTo(1, 0);
  expect(new Set(calls)).toEqual(new Set(['ListSyncJobs']));
});
