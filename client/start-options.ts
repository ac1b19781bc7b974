import { randomBytes } from 'node:crypto';
import type { WorkflowStartOptions } from '@temporalio/client';
import type { CloneVolumeResult } from '../contracts/clone-result.ts';
import type { CloneVolumeRequest } from '../contracts/clone-volume.ts';
import { DEFAULT_DEADLINE, MEMO } from '../contracts/names.ts';
import { workflowIDForClone, workflowIDForRequest } from '../contracts/workflow-id.ts';
import { KEYS } from './search-attributes.ts';

export type CloneVolumeWorkflow = (request: CloneVolumeRequest) => Promise<CloneVolumeResult>;

const DEFAULT_PRIORITY = 3;

/** Ten characters that file names, URLs and shells leave alone. */
export const uniqueSuffix = (): string =>
  [...randomBytes(10)].map((byte) => 'abcdefghjkmnpqrstuvwxyz23456789'[byte % 31]).join('');

/** How a clone is started: its ID, what people see of it, and what makes its key unique. */
export const startOptions = (
  request: CloneVolumeRequest,
  taskQueue: string,
  unique: string = uniqueSuffix(),
): WorkflowStartOptions<CloneVolumeWorkflow> => ({
  workflowId:
    request.requestId === undefined ? workflowIDForClone(request, unique) : workflowIDForRequest(request.requestId),
  // An ID that is taken makes the start fail, whoever has it: with a requestId that is the clone to hand back.
  // A key whose clone failed may be tried again; one that succeeded keeps its result.
  workflowIdConflictPolicy: 'FAIL',
  workflowIdReusePolicy: request.requestId === undefined ? 'REJECT_DUPLICATE' : 'ALLOW_DUPLICATE_FAILED_ONLY',
  taskQueue,
  args: [request],
  memo: { [MEMO.request]: request },
  typedSearchAttributes: [
    { key: KEYS.cluster, value: request.cluster },
    { key: KEYS.phase, value: 'waiting' },
    { key: KEYS.sourceVolumeID, value: request.volumeID },
  ],
  staticSummary: escapeMarkdown(summaryOf(request)),
  staticDetails: detailsOf(request),
  priority: { priorityKey: request.priority ?? DEFAULT_PRIORITY },
});

/** `Clone volume 42 of lab → db-uat`. */
export const summaryOf = (request: Pick<CloneVolumeRequest, 'volumeID' | 'cluster' | 'name'>): string =>
  `Clone volume ${request.volumeID} of ${request.cluster} → ${request.name}`;

const escapeMarkdown = (text: string) => text.replace(/[\\`*_{}[\]<>#|~&]/g, '\\$&');

/** What was asked for, for the Temporal UI: Markdown without links. */
export function detailsOf(r: CloneVolumeRequest): string {
  const snapshot =
    r.snapshotID === undefined
      ? `taken now, ${r.snapshot?.retention === 'keep' ? 'kept afterwards' : 'deleted afterwards'}`
      : String(r.snapshotID);
  const lines: [string, string | undefined][] = [
    ['For', r.requestedBy],
    ['Request ID', r.requestId],
    ['Snapshot', snapshot],
    ['Size', r.newSize === undefined ? undefined : `${r.newSize} bytes`],
    ['Access', r.access],
    ['Account', r.newAccountID?.toString()],
    ['Afterwards', r.modify === undefined ? undefined : modifyText(r.modify)],
    ['Volume access groups', r.volumeAccessGroups?.join(', ')],
    ['Lease', r.lease],
    ['Deadline', r.deadline ?? DEFAULT_DEADLINE],
    ['On failure', r.onFailure === 'keep' ? 'keep what was made' : 'undo everything'],
  ];
  const list = lines.flatMap(([name, value]) => (value === undefined ? [] : [`- ${name}: ${escapeMarkdown(value)}`]));
  return [`### ${escapeMarkdown(summaryOf(r))}`, list.join('\n')].join('\n\n');
}

function modifyText(modify: NonNullable<CloneVolumeRequest['modify']>): string {
  const { qos, qosPolicyID, access, accountID, totalSize, attributes } = modify;
  return [
    ...Object.entries(qos ?? {}).map(([name, value]) => `${name} ${value}`),
    ...(qosPolicyID === undefined ? [] : [`QoS policy ${qosPolicyID}`]),
    ...(access === undefined ? [] : [`access ${access}`]),
    ...(accountID === undefined ? [] : [`account ${accountID}`]),
    ...(totalSize === undefined ? [] : [`${totalSize} bytes`]),
    ...(attributes === undefined ? [] : [`attributes ${Object.keys(attributes).join(', ')}`]),
  ].join(', ');
}
