import { MockActivityEnvironment } from '@temporalio/testing';
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AnswerCache, createActivities, SyncJobsView, type ClonePlan, type Cluster } from '../../activities/index.ts';
import type { StepMemory } from '../../contracts/progress.ts';
import { createElementClient } from '../../element/index.ts';
import { startSimulator, type RunningSimulator } from '../../simulator/index.ts';

const OWNER = { workflowID: 'w', request: 'r', mayHaveRunBefore: false };
const PLAN: ClonePlan = {
  request: { cluster: 'lab', volumeID: 42, name: 'db-uat' },
  source: { volumeID: 42, name: 'db-prod', totalSize: 4_294_967_296, accountID: 1 },
  totalSize: 4_294_967_296,
  cloneAttributes: {},
  attributes: {},
  expected: { totalSize: 4_294_967_296, accountID: 1 },
  volumeAccessGroups: [],
  snapshot: { name: 'db-uat', retention: 'delete', expiry: '24:00:00' },
};

let simulator: RunningSimulator;
let cluster: Cluster;
beforeAll(async () => {
  simulator = await startSimulator({ seed: 7 });
  cluster = {
    alias: 'lab',
    api: createElementClient({
      endpoint: simulator.endpoint,
      apiVersion: '12.5',
      credentials: () => ({ username: 'admin', password: 'simulator' }),
      tls: { ca: simulator.caPem },
    }),
    view: new SyncJobsView(),
    answers: new AnswerCache(),
    times: { timeoutMs: 10_000, settleMs: 30_000, pollCapMs: 2_000, stallMs: 60_000, rotationMs: 1 },
  };
});
afterAll(async () => {
  await cluster.api.close();
  await simulator.close();
});

/** CreateSnapshot's step in this attempt, with what the attempts before left. */
function createSnapshot(attempt: number, heartbeatDetails?: Partial<StepMemory>, scheduledAgain = false) {
  const activities = createActivities({
    cluster: () => cluster,
    clusterAliases: () => ['lab'],
    temporal: {} as Client,
  });
  const environment = new MockActivityEnvironment({
    attempt,
    ...{ scheduledTimestampMs: 1_000, currentAttemptScheduledTimestampMs: scheduledAgain ? 5_000 : 1_000 },
    ...(heartbeatDetails === undefined ? {} : { heartbeatDetails }),
  });
  return environment.run(() => activities.createSnapshot({ plan: PLAN, owner: OWNER }));
}

const quiet = { apiCalls: 3, suspects: 0 };

describe('an attempt after one that died without a word waits for what that one may have called', () => {
  test.each<[what: string, attempt: number, left?: Partial<StepMemory> | undefined, scheduledAgain?: boolean]>([
    ['before it said anything at all', 2],
    ['before it said anything, and was counted as the first once more: an operator reset it', 1, undefined, true],
    ['after it had said that it began', 2, { ...quiet, unfinished: true }],
    ['before it said anything, after one that ended in order', 3, { ...quiet, ended: 1 }],
  ])('%s', async (_what, attempt, left, scheduledAgain) => {
    await expect(createSnapshot(attempt, left, scheduledAgain)).rejects.toThrow(
      /waiting to see whether the CreateSnapshot whose answer was lost/,
    );
  });

  test.each<[what: string, attempt: number, left?: Partial<StepMemory>]>([
    ['the first', 1],
    ['after one that ended in order', 3, { ...quiet, ended: 2 }],
    ['after one of an older version that ended in order', 3, quiet],
  ])('others do not: %s', async (_what, attempt, left) => {
    expect(await createSnapshot(attempt, left)).toMatchObject({ snapshotID: expect.any(Number), inDoubtSince: null });
    for (const { snapshotID } of simulator.cluster.state().snapshots) {
      simulator.cluster.act('DeleteSnapshot', { snapshotID });
    }
  });
});
