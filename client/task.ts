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
import { uniqueSuffix } from './start-options.ts';
import { translate } from './temporal-errors.ts';
import { Waiting, type WaitingOptions } from './waiting.ts';

export type TaskOptions = WaitingOptions;

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

/** Runs a short workflow on a worker and waits for its result, also over an outage of Temporal. */
export async function runTask<T>(
  temporal: Client,
  taskQueue: string,
  task: Task,
  options: TaskOptions = {},
): Promise<T> {
  const workflowId = `${task.name}-${uniqueSuffix()}`;
  const waiting = new Waiting(temporal, options);
  const noAnswer = (cause: unknown) =>
    new TaskFailedError(
      `No worker has answered (${workflowId}). Is one running on the task queue "${taskQueue}"? Start one with "element-clone worker", or see "element-clone doctor"`,
      { workflowId, cause },
    );
  try {
    const handle = await waiting.call(() =>
      temporal.workflow.start(task.type, {
        workflowId,
        taskQueue,
        args: [task.request],
        workflowExecutionTimeout: task.limit,
        staticSummary: task.summary,
      }),
    );
    return (await waiting.for(() => waiting.call(() => handle.result()))) as T;
  } catch (err) {
    if (waiting.hasPassed()) throw noAnswer(err);
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
