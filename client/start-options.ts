import { randomBytes } from 'node:crypto';
import type { WorkflowStartOptions } from '@temporalio/client';
import type { CloneType, RequestOf, ResultOf } from '../contracts/clone-types.ts';
import { startOf } from '../contracts/start.ts';

export { detailsOf, escapeMarkdown } from '../contracts/start.ts';

export type CloneWorkflow<T extends CloneType> = (request: RequestOf<T>) => Promise<ResultOf<T>>;

/** Ten characters that file names, URLs and shells leave alone. */
export const uniqueSuffix = (): string =>
  [...randomBytes(10)].map((byte) => 'abcdefghjkmnpqrstuvwxyz23456789'[byte % 31]).join('');

/** How a clone is started: its ID, what people see of it, and what makes its key unique. */
export function startOptions<T extends CloneType>(
  type: T,
  request: RequestOf<T>,
  taskQueue: string,
  unique: string = uniqueSuffix(),
): WorkflowStartOptions<CloneWorkflow<T>> {
  const { priorityKey, ...start } = startOf(type, request, unique);
  return {
    ...start,
    // An ID that is taken makes the start fail, whoever has it: with a requestId that is the clone to hand back.
    workflowIdConflictPolicy: 'FAIL',
    taskQueue,
    args: [request] as Parameters<CloneWorkflow<T>>,
    ...(priorityKey === undefined ? {} : { priority: { priorityKey } }),
  };
}
