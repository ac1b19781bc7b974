import { WorkflowExecutionAlreadyStartedError, type SearchAttributePair } from '@temporalio/common';
import {
  startChild,
  uuid4,
  type ChildWorkflowHandle,
  type ChildWorkflowOptions,
  type ParentClosePolicy,
} from '@temporalio/workflow';
import type { WorkflowTypes } from '../../contracts/clone-types.ts';
import { DEFAULT_TASK_QUEUE, WORKFLOW } from '../../contracts/names.ts';
import { joinerOf, startOfUnchecked, type Start } from '../../contracts/start.ts';

/** How a child of this service is started. What is not given is as the client library would do it. */
export interface StartOptions extends Pick<
  ChildWorkflowOptions,
  'workflowId' | 'cancellationType' | 'memo' | 'typedSearchAttributes' | 'priority' | 'workflowExecutionTimeout'
> {
  /** Queue that the workers of this service poll. @default `element-clone` */
  taskQueue?: string;
  /**
   * What becomes of the child when the workflow that started it ends first.
   * @default REQUEST_CANCEL: it is undone. A lease goes on: ABANDON
   */
  parentClosePolicy?: ParentClosePolicy;
}

type Workflow<T extends keyof WorkflowTypes> = (
  request: WorkflowTypes[T]['request'],
) => Promise<WorkflowTypes[T]['result']>;

/** Of a workflow of this type that runs as a child. */
export type Started<T extends keyof WorkflowTypes> = ChildWorkflowHandle<Workflow<T>>;

/**
 * Starts a workflow of this service as a child, and returns once it runs. With a `requestId` that another workflow serves
 * already, the child waits for that one's result.
 */
export async function start<T extends keyof WorkflowTypes>(
  type: T,
  request: WorkflowTypes[T]['request'],
  options: StartOptions = {},
): Promise<Started<T>> {
  const unique = uuid4().replaceAll('-', '').slice(0, 12);
  const { taskQueue = DEFAULT_TASK_QUEUE } = options;
  const own = startOfUnchecked(type, request, unique, taskQueue);
  const begin = (workflowId: string, { workflowIdReusePolicy }: Pick<Start, 'workflowIdReusePolicy'>) => {
    const { priorityKey, ...seen } = own;
    return startChild<Workflow<T>>(type, {
      // The default would terminate the child with its parent, and what is terminated undoes nothing.
      parentClosePolicy: type === WORKFLOW.cloneLease ? 'ABANDON' : 'REQUEST_CANCEL',
      ...(priorityKey === undefined ? {} : { priority: { priorityKey } }),
      ...options,
      ...seen,
      workflowId,
      workflowIdReusePolicy,
      taskQueue,
      args: [request] as Parameters<Workflow<T>>,
      memo: { ...options.memo, ...seen.memo },
      typedSearchAttributes: [...seen.typedSearchAttributes, ...extra(options.typedSearchAttributes)],
    });
  };
  if (options.workflowId !== undefined) return begin(options.workflowId, own);
  try {
    return await begin(own.workflowId, own);
  } catch (err) {
    const key: unknown = 'requestId' in request ? request.requestId : undefined;
    if (!(err instanceof WorkflowExecutionAlreadyStartedError) || typeof key !== 'string') throw err;
    return begin(joinerOf(key, unique), { workflowIdReusePolicy: 'REJECT_DUPLICATE' });
  }
}

/** Starts a workflow of this service as a child and waits for its result. */
export async function execute<T extends keyof WorkflowTypes>(
  type: T,
  request: WorkflowTypes[T]['request'],
  options: StartOptions = {},
): Promise<WorkflowTypes[T]['result']> {
  const child = await start(type, request, options);
  return child.result();
}

const extra = (given: StartOptions['typedSearchAttributes']): SearchAttributePair[] =>
  given === undefined ? [] : Array.isArray(given) ? given : given.getAll();

const starter =
  <T extends keyof WorkflowTypes>(type: T) =>
  (request: WorkflowTypes[T]['request'], options?: StartOptions): Promise<Started<T>> =>
    start(type, request, options);

const executor =
  <T extends keyof WorkflowTypes>(type: T) =>
  (request: WorkflowTypes[T]['request'], options?: StartOptions): Promise<WorkflowTypes[T]['result']> =>
    execute(type, request, options);

export const startCloneVolume = starter('cloneVolume');
export const startCloneGroup = starter('cloneGroup');
export const startCloneFanOut = starter('cloneFanOut');
export const startCopyVolume = starter('copyVolume');
export const startUndoCopy = starter('undoCopy');
export const startRefreshClone = starter('refreshClone');
export const startCloneLease = starter('cloneLease');
export const startRunbook = starter('runbook');

export const executeCloneVolume = executor('cloneVolume');
export const executeCloneGroup = executor('cloneGroup');
export const executeCloneFanOut = executor('cloneFanOut');
export const executeCopyVolume = executor('copyVolume');
export const executeUndoCopy = executor('undoCopy');
export const executeRefreshClone = executor('refreshClone');
export const executeRunbook = executor('runbook');
