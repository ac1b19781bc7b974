import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AnswerCache, createActivities, SyncJobsView, type Cluster } from '../../activities/index.ts';
import { runStep } from '../../activities/step.ts';
import { carrying } from '../../activities/elsewhere.ts';
import type { Elsewhere } from '../../contracts/elsewhere.ts';
import type { StepMemory } from '../../contracts/progress.ts';
import { createElementClient } from '../../element/index.ts';

let cluster: Cluster;
beforeAll(() => {
  const api = createElementClient({
    endpoint: 'https://127.0.0.1:1',
    apiVersion: '12.5',
    credentials: () => ({ username: 'admin', password: 'none' }),
    tls: {},
  });
  const times = { timeoutMs: 1_000, settleMs: 30_000, pollCapMs: 2_000, stallMs: 60_000, rotationMs: 1 };
  cluster = { alias: 'far', api, view: new SyncJobsView(), answers: new AnswerCache(), times };
});
afterAll(() => cluster.api.close());

/** A worker that has the cluster, whose steps are taken on this queue. */
const deps = (taskQueue: string | undefined) => ({
  cluster: () => cluster,
  clusterAliases: () => ['far'],
  taskQueue: 'home',
  taskQueueOf: () => taskQueue,
  temporal: {} as Client,
});

type Attempt = { attempt?: number; heartbeatDetails?: Partial<StepMemory>; taskQueue?: string };

/** What one attempt of a step sees, and whether it ran at all. */
async function attempt(at: string | undefined, { taskQueue = 'home', ...info }: Attempt, sentOn?: StepMemory) {
  const activities = carrying({
    step: () =>
      runStep(deps(at), 'far', async ({ repeated, memory, taskQueue: home }) => ({
        repeated,
        memory: { ...memory },
        home,
      })),
  });
  const environment = new MockActivityEnvironment({ taskQueue, ...info });
  const step = activities.step as unknown as (input: object, memory?: StepMemory) => ReturnType<typeof activities.step>;
  return environment.run(() => step({}, sentOn)).catch((err: unknown) => err);
}

const sentFrom = (failure: unknown): Elsewhere => {
  expect(failure).toBeInstanceOf(ApplicationFailure);
  expect(failure).toMatchObject({ type: 'ServedElsewhere', nonRetryable: true, category: 'BENIGN' });
  return (failure as ApplicationFailure).details![0] as Elsewhere;
};

describe('a step of a cluster with a task queue of its own', () => {
  test('is taken there, and wherever it is asked for when there is none', async () => {
    expect(await attempt('far-queue', { taskQueue: 'far-queue' })).toMatchObject({ repeated: false, home: 'home' });
    expect(await attempt(undefined, {})).toMatchObject({ repeated: false });
  });

  test('is sent on from anywhere else, the first attempt with nothing', async () => {
    expect(sentFrom(await attempt('far-queue', {}))).toEqual({ cluster: 'far', taskQueue: 'far-queue' });
  });

  test('is no first one there when it was tried before: what those attempts know goes along', async () => {
    const issuedAt = '2026-11-25T10:00:00Z';
    const heartbeatDetails = { apiCalls: 3, suspects: 0, inDoubt: true, issuedAt, ended: 1 };
    const { memory } = sentFrom(await attempt('far-queue', { attempt: 2, heartbeatDetails }));
    expect(memory).toEqual({ apiCalls: 3, suspects: 0, inDoubt: true, issuedAt });
    expect(await attempt('far-queue', { taskQueue: 'far-queue' }, memory)).toMatchObject({
      repeated: true,
      memory: { apiCalls: 3, inDoubt: true, issuedAt },
    });
  });

  test('whose attempt died without a word is in doubt there too', async () => {
    const { memory } = sentFrom(await attempt('far-queue', { attempt: 2 }));
    expect(memory).toMatchObject({ inDoubt: true, issuedAt: expect.any(String) as string });
    // The first attempt there died as well.
    const again = await attempt('far-queue', { attempt: 2, taskQueue: 'far-queue' }, { apiCalls: 1, suspects: 0 });
    expect(again).toMatchObject({ repeated: true, memory: { apiCalls: 1, inDoubt: true } });
  });

  test('finds hooks checked where they are called', async () => {
    const activities = createActivities({ ...deps('far-queue'), hooks: undefined as never });
    const request = {
      ...{ series: 'nightly', keep: 1, hooks: { beforeSwap: 'quiesce' } },
      clone: { cluster: 'far', volumeID: 42 },
      volumeAccessGroups: ['hosts'],
    };
    const environment = new MockActivityEnvironment({ taskQueue: 'home' });
    const owner = { workflowID: 'w', request: 'r', mayHaveRunBefore: false };
    const input = { request, owner, nominalTime: '2026-11-25T10:00:00Z', key: 'k' };
    const failure: unknown = await environment
      .run(() => activities.preflightRefresh(input as never))
      .catch((err: unknown) => err);
    expect(failure).toMatchObject({
      type: 'InvalidRequest',
      message: expect.stringContaining('knows no hook "quiesce"') as string,
    });
  });
});
