import type { Client } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { AnswerCache, createActivities, SyncJobsView, type Cluster } from '../../activities/index.ts';
import type { SlotExchange } from '../../contracts/slots.ts';
import type { ElementClient } from '../../element/index.ts';
import { askForSlot, call, cutOff, ownIDs, waysToBeCutOff, type Attempt, type Choose } from './calls.ts';
import { end, HEARTBEAT_TIMEOUT_MS, QUANTUM_MS, type Scenario, type World } from './world.ts';

const nothing = () => undefined;
const logger = { log: nothing, trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };

/** The attempt that runs, its cluster and its clock: one at a time. */
let running: Attempt;
let cluster: Cluster;
let clock: () => number;

/** As much of a client as speaks with the line for clone slots, which is not part of the model: it answers as chosen. */
const temporal = {
  withDeadline: (_: unknown, fn: () => unknown) => fn(),
  workflow: {
    getHandle: () => ({
      executeUpdate: async (_: unknown, { args: [{ wanted, refused }] }: { args: [SlotExchange] }) =>
        Object.fromEntries([...wanted, ...refused].map(({ workflowID }) => [workflowID, askForSlot(running)])),
    }),
  },
} as unknown as Client;
const activities = createActivities({
  cluster: () => cluster,
  clusterAliases: () => ['lab'],
  temporal,
  now: () => clock(),
  pulse: () => (running.scenario.unfenced ? 0 : clock()),
}) as unknown as Record<string, (input: unknown) => Promise<object>>;

/** Runs one attempt of the pending activity, the real code, with what `choose` lets happen to it. */
export async function runAttempt(world: World, scenario: Scenario, choose: Choose): Promise<void> {
  const step = world.step!;
  const environment = new MockActivityEnvironment(
    {
      attempt: step.attempt,
      // As it comes back from the server: a copy.
      heartbeatDetails: structuredClone(step.memory),
      activityType: step.type,
      scheduledTimestampMs: world.now,
      currentAttemptScheduledTimestampMs: world.now,
      scheduleToCloseTimeoutMs: 0,
      heartbeatTimeoutMs: HEARTBEAT_TIMEOUT_MS,
    },
    { logger },
  );
  const attempt: Attempt = {
    world,
    scenario,
    step,
    choose,
    heartbeat: step.memory,
    cutOff: false,
    cancel: () => environment.cancel(),
    stoodStillMs: 0,
    before: ownIDs(world.cluster),
  };
  running = attempt;
  environment.on('heartbeat', (details: object) => {
    if (!attempt.cutOff) attempt.heartbeat = { ...structuredClone(details), apiCalls: 0 };
  });
  clock = () => world.now + attempt.stoodStillMs;
  cluster = {
    alias: 'lab',
    api: apiOf(attempt),
    view: new SyncJobsView(clock),
    answers: new AnswerCache(clock),
    times: scenario.times,
  };
  const report = await environment
    .run(() => activities[step.type]!(step.input))
    .then(
      (result): Report => ({ result: { ...(structuredClone(result) as object), apiCalls: 0 } }),
      (error: unknown): Report => ({ error }),
    );

  if (!attempt.cutOff && world.left.faults > 0) {
    const lost = waysToBeCutOff(attempt).map((how) => `${step.type}: done, but ${how}`);
    const choice = choose([`${step.type}: reports`, ...lost]);
    if (lost.includes(choice)) cutOff(attempt, choice);
  }
  if (attempt.cutOff) Object.assign(step, { gone: true, memory: attempt.heartbeat });
  else await take(report, attempt);
}

/** Only help the line for clone slots, and their failure is no matter. */
const ONLY_HELP: Record<string, unknown> = {
  getLimits: { cloneJobsPerVolumeMax: 2, cloneJobsPerNodeMax: 8 },
  listActiveNodes: { nodes: [{ nodeID: 1 }] },
};

const apiOf = (attempt: Attempt) =>
  new Proxy({} as ElementClient, {
    get: (_, method) => async (params: unknown) => {
      if (String(method) in ONLY_HELP) return ONLY_HELP[String(method)];
      const answer = await call(attempt, String(method), params);
      const hidden = attempt.scenario.blind && attempt.step.type === 'startClone' && method === 'listVolumes';
      return hidden ? { volumes: [] } : answer;
    },
  });

type Report = { result: object } | { error: unknown };

/** What Temporal makes of what an attempt reports. */
async function take(report: Report, { world, scenario, step, heartbeat }: Attempt): Promise<void> {
  if ('result' in report) return end(world, scenario, { how: 'completed', result: report.result });
  const { error } = report;
  const cancelled = world.history.cancelledAt === world.history.activities.length;
  if (error instanceof CancelledFailure && cancelled) return end(world, scenario, { how: 'cancelled' });
  if (!(error instanceof ApplicationFailure)) throw error;
  const nonRetryable = error.nonRetryable ?? false;
  if (nonRetryable || cancelled) {
    return end(world, scenario, {
      how: 'failed',
      message: error.message,
      type: error.type ?? '',
      details: error.details ?? [],
      nonRetryable,
      retryState: nonRetryable ? 'NON_RETRYABLE_FAILURE' : 'CANCEL_REQUESTED',
    });
  }
  // A pause ends at the last quantum before its time: too early is the worse case. But it takes time.
  const delay = Number(error.nextRetryDelay ?? 0);
  const pause = delay === 0 ? 0 : Math.max(QUANTUM_MS, delay - (delay % QUANTUM_MS));
  Object.assign(step, { attempt: step.attempt + 1, memory: heartbeat, due: world.now + pause });
}
