import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { AnswerCache, createActivities, SyncJobsView } from '../../activities/index.ts';
import type { StepMemory } from '../../contracts/progress.ts';
import { ElementAuthError, ElementTransportError, type ElementClient } from '../../element/index.ts';

const ROTATION_MS = 300_000;
const refused = new ElementAuthError('ListSyncJobs', 'admin');
const cut = new ElementTransportError('ListSyncJobs', 'reset', 'cut', { mayHaveActed: false });

/** A step whose only call gets one error after another. */
function failing() {
  let now = Date.parse('2026-11-24T03:00:00Z');
  let error: Error | undefined;
  let memory: StepMemory | undefined;
  const api = {
    listSyncJobs: async () => {
      if (error !== undefined) throw error;
      return { cloneJobs: [] };
    },
    getAsyncResult: async () => ({ status: 'running' }),
  } as unknown as ElementClient;
  const activities = createActivities({
    cluster: () => ({
      alias: 'lab',
      api,
      view: new SyncJobsView(() => now),
      answers: new AnswerCache(),
      times: { timeoutMs: 1, settleMs: 1, pollCapMs: 1, stallMs: 1, rotationMs: ROTATION_MS },
    }),
    clusterAliases: () => ['lab'],
    temporal: undefined as never,
    now: () => now,
  });
  let attempt = 0;
  return async (seconds: number, err: Error | undefined): Promise<ApplicationFailure> => {
    now += seconds * 1_000;
    error = err;
    attempt += 1;
    const environment = new MockActivityEnvironment(
      { attempt, heartbeatDetails: memory, scheduledTimestampMs: now, scheduleToCloseTimeoutMs: 0 },
      { logger: new DefaultLogger('ERROR') },
    );
    environment.on('heartbeat', (details: StepMemory) => void (memory = structuredClone(details)));
    const clone = { volumeID: 57, cloneID: 5, asyncHandle: 12 };
    const failure: unknown = await environment
      .run(() => activities.awaitClone({ cluster: 'lab', clone, totalSize: 100 }))
      .catch((e: unknown) => e);
    if (!(failure instanceof ApplicationFailure)) throw failure;
    return failure;
  };
}

test('refused credentials are tried again, ever less often, until a rotation must have ended', async () => {
  const attempt = failing();
  const delays: unknown[] = [];
  for (const seconds of [0, 2, 2, 4, 8, 15, 200, 68]) {
    const failure = await attempt(seconds, refused);
    expect(failure).toMatchObject({ type: 'ElementTransient', nonRetryable: false });
    delays.push(failure.nextRetryDelay);
  }
  expect(delays).toEqual([2_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000, 15_000]);
  expect(await attempt(1, refused)).toMatchObject({
    type: 'ElementPermanent',
    nonRetryable: true,
    message: expect.stringContaining('refused the credentials of user "admin" (HTTP 401); correct them'),
  });
});

test('any other answer in between begins the patience anew', async () => {
  const attempt = failing();
  await attempt(0, refused);
  await attempt(200, cut);
  expect(await attempt(200, refused)).toMatchObject({ type: 'ElementTransient' });
  expect(await attempt(ROTATION_MS / 1_000, refused)).toMatchObject({ type: 'ElementPermanent' });
});

test('a fault after many looks is retried soon, and ever less often while it lasts', async () => {
  const attempt = failing();
  for (let looks = 0; looks < 10; looks += 1) await attempt(60, undefined);
  const delays: unknown[] = [];
  for (let faults = 0; faults < 6; faults += 1) delays.push((await attempt(30, cut)).nextRetryDelay);
  expect(delays).toEqual([2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  await attempt(30, undefined);
  expect((await attempt(30, cut)).nextRetryDelay).toBe(2_000);
});

test('a fault of every attempt is left to the retry policy', async () => {
  const attempt = failing();
  for (const _ of [1, 2, 3]) expect((await attempt(1, cut)).nextRetryDelay).toBeUndefined();
});
