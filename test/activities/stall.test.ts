import { noopMetricMeter, type MetricCounter, type MetricMeter } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { AnswerCache, createActivities, SyncJobsView } from '../../activities/index.ts';
import type { StepMemory } from '../../contracts/progress.ts';
import { ElementApiError, type CloneJob, type ElementClient } from '../../element/index.ts';

const STALL_MS = 300_000;
const CLONE = { volumeID: 57, cloneID: 5, asyncHandle: 12 };

/** A clone of which one look is taken after another, at the cluster and the time that the test says. */
function watched() {
  const counted: Record<string, unknown>[] = [];
  const logged: string[] = [];
  const metricMeter: MetricMeter = Object.create(noopMetricMeter, {
    createCounter: {
      value: (name: string): MetricCounter => ({
        ...noopMetricMeter.createCounter(name),
        add: (value, tags) => void counted.push({ name, value, cluster: tags?.['cluster'] }),
      }),
    },
  });
  let now = Date.parse('2026-11-24T03:00:00Z');
  let job: Partial<CloneJob> | undefined;
  let memory: StepMemory | undefined;
  const api = {
    listSyncJobs: async () => ({ cloneJobs: job === undefined ? [] : [job] }),
    getAsyncResult: async () => {
      throw new ElementApiError('GetAsyncResult', { name: 'xDBNoSuchPath', message: '', code: 500 });
    },
    listVolumes: async () => ({ volumes: [{ volumeID: CLONE.volumeID, status: 'init' }] }),
  } as unknown as ElementClient;
  const activities = createActivities({
    cluster: () => ({
      alias: 'lab',
      api,
      view: new SyncJobsView(() => now),
      answers: new AnswerCache(),
      times: { timeoutMs: 1_000, settleMs: 1_000, pollCapMs: 120_000, stallMs: STALL_MS, rotationMs: 1_000 },
    }),
    clusterAliases: () => ['lab'],
    temporal: undefined as never,
    now: () => now,
  });
  return {
    counted,
    logged,
    /** Looks `seconds` later and sees these bytes of a hundred, or no job. The message and what is remembered. */
    async look(seconds: number, bytes: number | undefined, stage = 'data') {
      now += seconds * 1_000;
      job =
        bytes === undefined
          ? undefined
          : {
              dstVolumeID: CLONE.volumeID,
              cloneID: CLONE.cloneID,
              stage,
              currentBytes: bytes,
              totalBytes: 100,
              percentComplete: bytes,
              bytesPerSecond: 1,
              remainingTime: 100 - bytes,
            };
      const environment = new MockActivityEnvironment(
        { heartbeatDetails: memory, scheduledTimestampMs: now, scheduleToCloseTimeoutMs: 0 },
        { metricMeter, logger: new DefaultLogger('INFO', ({ message }) => void logged.push(message)) },
      );
      environment.on('heartbeat', (details: StepMemory) => void (memory = structuredClone(details)));
      const failure: unknown = await environment
        .run(() => activities.awaitClone({ cluster: 'lab', clone: CLONE, totalSize: 100 }))
        .catch((err: unknown) => err);
      return { message: (failure as Error).message, progress: memory?.progress };
    },
  };
}

test('a stall is counted and logged once, however often it is looked at, and again only after the copy has moved', async () => {
  const clone = watched();
  await clone.look(0, 10);
  await clone.look(60, 40);
  for (const seconds of [60, 60, 60, 60]) {
    expect((await clone.look(seconds, 40)).progress).not.toHaveProperty('stalled');
  }
  expect(clone.counted).toEqual([]);
  const stalled = await clone.look(60, 40);
  expect(stalled).toMatchObject({
    message: expect.stringMatching(/^40 % · .* · stalled: no byte moved for 5m$/),
    progress: { stalled: true, stalledSince: '2026-11-24T03:01:00.000Z', percent: 40 },
  });
  await clone.look(60, 40);
  await clone.look(600, 40);
  expect(clone.counted).toEqual([{ name: 'element_clone_stalls', value: 1, cluster: 'lab' }]);
  expect(clone.logged).toEqual(['The copy is stalled']);

  const moving = await clone.look(60, 41);
  expect(moving.progress).not.toHaveProperty('stalled');
  expect(moving.progress).not.toHaveProperty('stalledSince');
  expect(moving.message).not.toContain('no byte moved');
  expect(clone.logged).toEqual(['The copy is stalled', 'The copy moves again']);

  await clone.look(STALL_MS / 1_000, 41);
  expect(clone.counted).toHaveLength(2);
});

test('a long metadata stage is no stall: no cluster reports progress there', async () => {
  const clone = watched();
  for (const seconds of [0, 600, 600]) await clone.look(seconds, 0, 'metadata');
  expect(clone.counted).toEqual([]);
});

test('a volume that stays "init" without a job and a result to see is stalled, and the line says what was seen', async () => {
  const clone = watched();
  await clone.look(0, undefined);
  expect(await clone.look(600, undefined)).toMatchObject({
    message: 'no clone job and no result to see; volume 57 is still "init" · stalled: no byte moved for 10m',
    progress: { stage: 'finishing', stalled: true },
  });
  expect(clone.counted).toHaveLength(1);
});
