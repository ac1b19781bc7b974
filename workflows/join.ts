import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  executeChild,
  workflowInfo,
  type ChildWorkflowOptions,
} from '@temporalio/workflow';
import { FAILURE, MEMO } from '../contracts/names.ts';
import { workflowIDForRequest } from '../contracts/workflow-id.ts';
import { joins } from './activities.ts';
import { timeLeft } from './deadline.ts';
import { wasCancelled } from './failure.ts';

interface Keyed {
  deadline?: string | undefined;
  requestId?: string | undefined;
}

/** What of the request may differ from that of the workflow that serves the key already. */
interface JoinOptions {
  anySnapshot?: boolean;
  anyRequest?: boolean;
  unlessTakenBack?: boolean;
  /** What the child is found by. @default as its parent */
  searchAttributes?: ChildWorkflowOptions['typedSearchAttributes'];
  /** For how long the workflow that serves the key is waited for. @default the request's own deadline */
  deadline?: string;
}

/**
 * Runs the request in the one workflow that its requestId allows, or waits for the one that runs already. The server
 * keeps IDs unique, so two callers with the same key share one clone, whatever IDs their own workflows have.
 */
export async function joinOrRun<T>(
  type: string,
  requestId: string,
  request: Keyed,
  title: string,
  options: JoinOptions = {},
): Promise<T> {
  const workflowId = workflowIDForRequest(requestId);
  const ran = await runChild(type, request, title, {
    workflowId,
    // A key that failed may be tried again; one that succeeded keeps its result.
    workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
    ...(options.searchAttributes === undefined ? {} : { typedSearchAttributes: options.searchAttributes }),
  });
  return 'result' in ran ? (ran.result as T) : join<T>(type, workflowId, request, options);
}

/** The same for a workflow of any type, which is found by its ID alone. */
export async function joinChild(
  type: string,
  input: unknown,
  title: string,
  as: Pick<ChildWorkflowOptions, 'taskQueue'> & { workflowId: string },
): Promise<unknown> {
  const ran = await runChild(type, input as Keyed, title, {
    ...as,
    workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
    typedSearchAttributes: [],
  });
  return 'result' in ran ? ran.result : join(type, as.workflowId, {}, { anyRequest: true, deadline: '7d' });
}

/** Runs the request in a workflow with this ID, unless there is one. It fails as that workflow fails. */
export async function runChild(
  type: string,
  request: Keyed,
  title: string,
  as: Pick<ChildWorkflowOptions, 'workflowIdReusePolicy' | 'typedSearchAttributes' | 'taskQueue'> & {
    workflowId: string;
  },
): Promise<{ result: unknown } | { taken: true }> {
  try {
    const result = await executeChild<(r: Keyed) => Promise<unknown>>(type, {
      typedSearchAttributes: workflowInfo().typedSearchAttributes,
      ...as,
      args: [request],
      // The default would terminate the clone with us, and a terminated clone undoes nothing.
      parentClosePolicy: 'REQUEST_CANCEL',
      memo: { [MEMO.request]: request },
      staticSummary: title,
    });
    return { result };
  } catch (err) {
    // The holder's own failure is the one to read, not that a child failed.
    if (err instanceof ChildWorkflowFailure && err.cause instanceof ApplicationFailure) throw err.cause;
    if (!(err instanceof WorkflowExecutionAlreadyStartedError)) throw err;
    return { taken: true };
  }
}

async function join<T>(type: string, workflowId: string, request: Keyed, options: JoinOptions): Promise<T> {
  const { deadline, searchAttributes: _attributes, ...how } = options;
  try {
    const result = await joins.joinRequest.executeWithOptions(
      {
        summary: `Wait for ${workflowId}`.slice(0, 200),
        scheduleToCloseTimeout: timeLeft(deadline ?? request.deadline),
      },
      [{ workflowID: workflowId, type, request, ...how }],
    );
    return result as T;
  } catch (err) {
    if (wasCancelled(err)) throw new CancelledFailure('cancelled');
    // As above: the type of the failure is what callers go by, and it must not be hidden below an ActivityFailure.
    if (!(err instanceof ActivityFailure && err.cause instanceof ApplicationFailure)) throw err;
    if (err.retryState !== 'TIMEOUT') throw err.cause;
    throw ApplicationFailure.create({
      type: FAILURE.cloneFailed,
      message: `The deadline passed while ${workflowId}, which serves this requestId, was still running; it goes on.`,
      nonRetryable: true,
      cause: err,
    });
  }
}
