import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { startWorkflow, WorkflowRunOperationHandler } from '@temporalio/nexus';
import { HandlerError, serviceHandler, type ServiceHandler, type StartOperationContext } from 'nexus-rpc';
import type { WorkflowTypes } from '../contracts/clone-types.ts';
import { InvalidRequestError } from '../contracts/faults.ts';
import { FAILURE, WORKFLOW } from '../contracts/names.ts';
import { elementClone } from '../contracts/nexus.ts';
import { PARSE } from '../contracts/parse.ts';
import { joinerOf, startOfType, type Start } from '../contracts/start.ts';

type Type = keyof WorkflowTypes;
type Workflow<T extends Type> = (request: WorkflowTypes[T]['request']) => Promise<WorkflowTypes[T]['result']>;

/** The Nexus service of a worker of this task queue: each operation is a workflow run. */
export const nexusService = (taskQueue: string): ServiceHandler =>
  serviceHandler(elementClone, {
    cloneVolume: run('cloneVolume', taskQueue),
    cloneGroup: run('cloneGroup', taskQueue),
    cloneFanOut: run('cloneFanOut', taskQueue),
    copyVolume: run('copyVolume', taskQueue),
    undoCopy: run('undoCopy', taskQueue),
    refreshClone: run('refreshClone', taskQueue),
    cloneLease: run('cloneLease', taskQueue),
    runbook: run('runbook', taskQueue),
  });

const run = <T extends Type>(type: T, taskQueue: string) =>
  new WorkflowRunOperationHandler<WorkflowTypes[T]['request'], WorkflowTypes[T]['result']>(async (ctx, input) => {
    const request = checked(type, input);
    // The same over tries of one operation, so that a try whose answer was lost finds what it has started.
    const unique = ctx.requestId.replaceAll(/[^A-Za-z0-9]/g, '').slice(0, 12);
    const start = startOfType(type, request, unique, taskQueue);
    try {
      return await begin(ctx, type, request, start, taskQueue);
    } catch (err) {
      if (!(err instanceof WorkflowExecutionAlreadyStartedError)) throw err;
      const key = 'requestId' in request ? request.requestId : undefined;
      if (key === undefined) throw refusal([`${start.workflowId} runs already`], err);
      const workflowId = joinerOf(key, unique);
      return begin(ctx, type, request, { ...start, workflowId, workflowIdReusePolicy: 'REJECT_DUPLICATE' }, taskQueue);
    }
  });

function begin<T extends Type>(
  ctx: StartOperationContext,
  type: T,
  request: WorkflowTypes[T]['request'],
  { priorityKey, ...start }: Start,
  taskQueue: string,
) {
  return startWorkflow<Workflow<T>>(ctx, type, {
    ...start,
    taskQueue,
    workflowIdConflictPolicy: type === WORKFLOW.undoCopy ? 'USE_EXISTING' : 'FAIL',
    args: [request] as Parameters<Workflow<T>>,
    ...(priorityKey === undefined ? {} : { priority: { priorityKey } }),
  });
}

function checked<T extends Type>(type: T, input: unknown): WorkflowTypes[T]['request'] {
  try {
    return PARSE[type](input);
  } catch (err) {
    if (err instanceof InvalidRequestError) throw refusal(err.faults, err);
    throw err;
  }
}

/** Not tried again; the caller reads the same failure as of a workflow that refuses its request. */
function refusal(faults: readonly string[], err: Error): HandlerError {
  const cause = ApplicationFailure.create({
    type: FAILURE.invalidRequest,
    message: err instanceof InvalidRequestError ? err.message : faults.join('\n'),
    nonRetryable: true,
    details: [[...faults]],
  });
  return new HandlerError('BAD_REQUEST', cause.message, { cause });
}
