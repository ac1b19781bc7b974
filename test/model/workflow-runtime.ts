import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  noopMetricMeter,
  TimeoutFailure,
  type RetryState,
} from '@temporalio/common';

/** How one activity ended, as the history has it. */
export type Outcome =
  | { how: 'completed'; result: unknown }
  | { how: 'failed'; message: string; type: string; details: unknown[]; nonRetryable: boolean; retryState: RetryState }
  | { how: 'timed out'; message: string }
  | { how: 'cancelled' };

/** What a workflow's history says, as far as the protocol goes. */
export interface History {
  workflowId: string;
  runId: string;
  firstExecutionRunId: string;
  startTime: number;
  activities: Outcome[];
  /** The activity that was pending when the cancellation came. */
  cancelledAt: number | null;
}

export type Replayed =
  | { next: 'activity'; type: string; input: unknown; shielded: boolean }
  | { next: 'completed'; result: unknown }
  | { next: 'failed'; error: unknown };

interface Run {
  history: History;
  at: number;
  shielded: boolean;
  command: (command: Replayed) => void;
}

let run: Run | undefined;

/** What the workflow asks for next after this history, found as Temporal finds it: by running its code again. */
export async function replay(workflow: () => Promise<unknown>, history: History): Promise<Replayed> {
  return new Promise((resolve) => {
    const mine: Run = { history, at: 0, shielded: false, command: resolve };
    run = mine;
    workflow().then(
      (result) => resolve({ next: 'completed', result }),
      (error: unknown) => resolve({ next: 'failed', error }),
    );
  });
}

function current(): Run {
  if (run === undefined) throw new Error('no workflow is being replayed');
  return run;
}

const cancelRequested = ({ history, at }: Run) => history.cancelledAt !== null && at > history.cancelledAt;

/** Asked only by a clone in line, whose signal comes first. */
const OUTRUN = 'waitForSlot';

async function activity(type: string, input: unknown): Promise<unknown> {
  if (type === OUTRUN) return new Promise(() => undefined);
  const mine = current();
  if (cancelRequested(mine) && !mine.shielded) throw new CancelledFailure('cancelled before it was scheduled');
  const outcome = mine.history.activities[mine.at];
  if (outcome === undefined) {
    mine.command({ next: 'activity', type, input, shielded: mine.shielded });
    return new Promise(() => undefined);
  }
  mine.at += 1;
  if (outcome.how === 'completed') return outcome.result;
  throw asFailure(type, outcome);
}

function asFailure(type: string, outcome: Exclude<Outcome, { how: 'completed' }>): ActivityFailure {
  const failure = (state: RetryState, cause: Error) =>
    new ActivityFailure('Activity task failed', type, '1', state, 'model', cause);
  switch (outcome.how) {
    case 'failed':
      return failure(outcome.retryState, ApplicationFailure.create({ ...outcome }));
    case 'timed out':
      return failure('TIMEOUT', new TimeoutFailure(outcome.message, undefined, 'SCHEDULE_TO_CLOSE'));
    case 'cancelled':
      return failure('CANCEL_REQUESTED', new CancelledFailure('cancelled'));
  }
}

const nothing = () => undefined;

class Scope {
  static current = () => ({ consideredCancelled: cancelRequested(current()) });

  static async nonCancellable(fn: () => Promise<unknown>): Promise<unknown> {
    const mine = current();
    mine.shielded = true;
    try {
      return await fn();
    } finally {
      mine.shielded = false;
    }
  }

  run = (fn: () => Promise<unknown>) => fn();
  cancel = nothing;
}

/** `@temporalio/workflow` with our own in place of the parts that need the sandbox: for `vi.mock`. */
export const standIn = async (original: () => Promise<object>) => ({ ...(await original()), ...runtime });

const runtime = {
  workflowInfo: () => {
    const { workflowId, runId, firstExecutionRunId, startTime } = current().history;
    return {
      workflowId,
      runId,
      firstExecutionRunId,
      startTime: new Date(startTime),
      typedSearchAttributes: { get: nothing },
    };
  },
  proxyActivities: () =>
    new Proxy(
      {},
      {
        get: (_, type) => ({
          executeWithOptions: (_options: unknown, [input]: [unknown]) => activity(String(type), input),
        }),
      },
    ),
  CancellationScope: Scope,
  // A clone that waits in line waits for its signal, which comes at once: time passes elsewhere.
  setHandler: nothing,
  condition: async () => true,
  log: { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing },
  metricMeter: noopMetricMeter,
  setCurrentDetails: nothing,
  upsertSearchAttributes: nothing,
};
