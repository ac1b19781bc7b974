import { WorkflowFailedError, type Client } from '@temporalio/client';
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  TimeoutFailure,
  type Duration,
} from '@temporalio/common';
import { InvalidRequestError } from '../contracts/faults.ts';
import { FAILURE } from '../contracts/names.ts';
import { TaskFailedError } from './errors.ts';
import { throughOutages } from './outage.ts';
import { uniqueSuffix } from './start-options.ts';
import { translate } from './temporal-errors.ts';

export interface TaskOptions {
  /** Stop waiting after this many milliseconds. */
  timeoutMs?: number | undefined;
  /** Stops the waiting. The promise rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

export interface Task {
  /** Workflow type. */
  type: string;
  /** Beginning of the workflow ID. */
  name: string;
  /** One line for the Temporal UI. */
  summary: string;
  request: object;
  /** After this the workflow ends, done or not. */
  limit: Duration;
}

const OUTAGE_MS = 300_000;

/** Runs a short workflow on a worker and waits for its result, also over an outage of Temporal. */
export async function runTask<T>(
  temporal: Client,
  taskQueue: string,
  task: Task,
  { timeoutMs, signal }: TaskOptions = {},
): Promise<T> {
  const workflowId = `${task.name}-${uniqueSuffix()}`;
  const limit = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  const signals = [signal, limit].filter((s) => s !== undefined);
  const stop = signals.length === 0 ? undefined : AbortSignal.any(signals);
  const abortable = async <R>(call: () => Promise<R>): Promise<R> => {
    // The SDK hears of an abort only while a call is under way.
    stop?.throwIfAborted();
    return stop === undefined ? call() : temporal.withAbortSignal(stop, call);
  };
  const noAnswer = (cause: unknown) =>
    new TaskFailedError(
      `No worker has answered (${workflowId}). Is one running on the task queue "${taskQueue}"? Start one with "element-clone worker", or see "element-clone doctor"`,
      { workflowId, cause },
    );
  try {
    const handle = await abortable(() =>
      temporal.workflow.start(task.type, {
        workflowId,
        taskQueue,
        args: [task.request],
        workflowExecutionTimeout: task.limit,
        staticSummary: task.summary,
      }),
    );
    return (await throughOutages(() => abortable(() => handle.result()), {
      forMs: OUTAGE_MS,
      signal: stop,
    })) as T;
  } catch (err) {
    signal?.throwIfAborted();
    if (limit?.aborted) throw noAnswer(err);
    if (!(err instanceof WorkflowFailedError))
      throw translate(err, { namespace: temporal.options.namespace, workflowId });
    if (err.cause instanceof TimeoutFailure) throw noAnswer(err);
    throw failure(err, workflowId);
  }
}

function failure(err: WorkflowFailedError, workflowId: string): Error {
  const { cause } = err;
  const reason = cause instanceof ActivityFailure ? cause.cause : cause;
  if (reason instanceof ApplicationFailure && reason.type === FAILURE.invalidRequest) {
    const faults: unknown = reason.details?.[0];
    if (Array.isArray(faults)) return new InvalidRequestError(faults.map(String));
  }
  const what = cause instanceof CancelledFailure ? 'it was cancelled' : (reason?.message ?? err.message);
  return new TaskFailedError(`${workflowId} came to nothing: ${what}`, { workflowId, cause: err });
}
