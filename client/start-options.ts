import { randomBytes } from 'node:crypto';
import type { WorkflowStartOptions } from '@temporalio/client';
import type { SearchAttributePair } from '@temporalio/common';
import type { CloneType, RequestOf, ResultOf } from '../contracts/clone-types.ts';
import { DEFAULT_DEADLINE, DEFAULT_PRIORITY, MEMO } from '../contracts/names.ts';
import { workflowIDForRequest } from '../contracts/workflow-id.ts';
import { kindOf, type Detail } from './kinds.ts';
import { titleOf } from './labels.ts';
import { KEYS } from './search-attributes.ts';

export type CloneWorkflow<T extends CloneType> = (request: RequestOf<T>) => Promise<ResultOf<T>>;

/** Ten characters that file names, URLs and shells leave alone. */
export const uniqueSuffix = (): string =>
  [...randomBytes(10)].map((byte) => 'abcdefghjkmnpqrstuvwxyz23456789'[byte % 31]).join('');

/** How a clone is started: its ID, what people see of it, and what makes its key unique. */
export const startOptions = <T extends CloneType>(
  type: T,
  request: RequestOf<T>,
  taskQueue: string,
  unique: string = uniqueSuffix(),
): WorkflowStartOptions<CloneWorkflow<T>> => ({
  workflowId:
    request.requestId === undefined
      ? kindOf(type).workflowID(request, unique)
      : workflowIDForRequest(request.requestId),
  // An ID that is taken makes the start fail, whoever has it: with a requestId that is the clone to hand back.
  // A key whose clone failed may be tried again; one that succeeded keeps its result.
  workflowIdConflictPolicy: 'FAIL',
  workflowIdReusePolicy: request.requestId === undefined ? 'REJECT_DUPLICATE' : 'ALLOW_DUPLICATE_FAILED_ONLY',
  taskQueue,
  args: [request] as Parameters<CloneWorkflow<T>>,
  memo: { [MEMO.request]: request },
  typedSearchAttributes: [
    { key: KEYS.cluster, value: kindOf(type).cluster(request) },
    { key: KEYS.phase, value: 'waiting' },
    { key: KEYS.sourceVolumeID, value: kindOf(type).sourceVolumeID(request) },
    ...seriesOf(type, request),
  ],
  staticSummary: escapeMarkdown(titleOf(type, request)),
  staticDetails: detailsOf(type, request),
  priority: { priorityKey: request.priority ?? DEFAULT_PRIORITY },
});

function seriesOf<T extends CloneType>(type: T, request: RequestOf<T>): SearchAttributePair[] {
  const series = kindOf(type).series?.(request);
  return series === undefined ? [] : [{ key: KEYS.series, value: series }];
}

export const escapeMarkdown = (text: string) => text.replace(/[\\`*_{}[\]<>#|~&]/g, '\\$&');

/** What was asked for, for the Temporal UI: Markdown without links. */
export function detailsOf<T extends CloneType>(type: T, request: RequestOf<T>): string {
  const lines: Detail[] = [
    ['For', request.requestedBy],
    ['Request ID', request.requestId],
    ...kindOf(type).details(request),
    ['Deadline', request.deadline ?? DEFAULT_DEADLINE],
    ['On failure', request.onFailure === 'keep' ? 'keep what was made' : 'undo everything'],
  ];
  const list = lines.flatMap(([name, value]) => (value === undefined ? [] : [`- ${name}: ${escapeMarkdown(value)}`]));
  return [`### ${escapeMarkdown(titleOf(type, request))}`, list.join('\n')].join('\n\n');
}
