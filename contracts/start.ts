import type { CloneLeaseRequest } from './clone-lease.ts';
import type { CloneType, RequestOf, WorkflowTypes } from './clone-types.ts';
import type { UndoCopyRequest } from './copy-volume.ts';
import { kindOf, type Detail } from './kinds.ts';
import { label, runbookLabel, undoCopyLabel } from './label.ts';
import { titleOf } from './labels.ts';
import { leaseWorkflowID } from './lease.ts';
import { DEFAULT_DEADLINE, DEFAULT_PRIORITY, MEMO, WORKFLOW, type Phase } from './names.ts';
import type { RunbookRequest } from './runbook/types.ts';
import { isRequestID, workflowIDForRequest, workflowIDForRunbook, workflowIDForUndo } from './workflow-id.ts';

/*
 * How a workflow of this service is started, whoever does it: a client, somebody else's workflow, a Nexus operation. Workflow
 * code uses this at run time, so it imports no schemas.
 */

/** A search attribute with its value, as the SDK wants it. */
export type SearchAttribute =
  { key: { name: string; type: 'KEYWORD' }; value: string } | { key: { name: string; type: 'INT' }; value: number };

const cluster = (value: string): SearchAttribute => ({ key: { name: 'ElementCluster', type: 'KEYWORD' }, value });
const series = (value: string): SearchAttribute => ({ key: { name: 'ElementSeries', type: 'KEYWORD' }, value });
const sourceVolumeID = (value: number): SearchAttribute => ({
  key: { name: 'ElementSourceVolumeID', type: 'INT' },
  value,
});
const cloneVolumeID = (value: number): SearchAttribute => ({
  key: { name: 'ElementCloneVolumeID', type: 'INT' },
  value,
});
const waiting: SearchAttribute = { key: { name: 'ElementPhase', type: 'KEYWORD' }, value: 'waiting' satisfies Phase };

/** Its ID, what people see of it, and what makes its key unique. */
export interface Start {
  workflowId: string;
  workflowIdReusePolicy: 'ALLOW_DUPLICATE' | 'ALLOW_DUPLICATE_FAILED_ONLY' | 'REJECT_DUPLICATE';
  memo: Record<string, unknown>;
  typedSearchAttributes: SearchAttribute[];
  /** Markdown, one line. */
  staticSummary: string;
  /** Markdown without links. */
  staticDetails?: string;
  /** 1 to 5. */
  priorityKey?: number;
}

/** `unique` keeps two requests apart that have no key. */
export function startOf<T extends CloneType>(type: T, request: RequestOf<T>, unique: string): Start {
  const kind = kindOf(type);
  const ofSeries = kind.series?.(request);
  return {
    workflowId:
      request.requestId === undefined ? kind.workflowID(request, unique) : workflowIDForRequest(request.requestId),
    // A key whose clone failed may be tried again; one that succeeded keeps its result.
    workflowIdReusePolicy: request.requestId === undefined ? 'REJECT_DUPLICATE' : 'ALLOW_DUPLICATE_FAILED_ONLY',
    memo: { [MEMO.request]: request },
    typedSearchAttributes: [
      cluster(kind.cluster(request)),
      waiting,
      sourceVolumeID(kind.sourceVolumeID(request)),
      ...(ofSeries === undefined ? [] : [series(ofSeries)]),
    ],
    staticSummary: escapeMarkdown(titleOf(type, request)),
    staticDetails: detailsOf(type, request),
    priorityKey: request.priority ?? DEFAULT_PRIORITY,
  };
}

/** The one workflow that takes a copy back; while it runs, its ID keeps copies off the volume. */
export const startOfUndo = (request: UndoCopyRequest): Start => ({
  workflowId: workflowIDForUndo(request.workflowID),
  workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  memo: { [MEMO.request]: request },
  typedSearchAttributes: [cluster(request.cluster), waiting],
  staticSummary: escapeMarkdown(undoCopyLabel(request)),
});

/** A lease by hand. `taskQueue` is that of this service: it is part of the ID. */
export const startOfLease = (request: CloneLeaseRequest, taskQueue: string): Start => ({
  workflowId: leaseWorkflowID(request.cluster, request.volumeID, taskQueue),
  workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  memo: { [MEMO.request]: request },
  typedSearchAttributes: [cluster(request.cluster), waiting, cloneVolumeID(request.volumeID)],
  staticSummary: escapeMarkdown(`Lease of volume ${label(request.volumeID)} of ${label(request.cluster)}`),
});

/** A run of a runbook. `unique` keeps two runs apart that have no key. */
export function startOfRunbook(request: RunbookRequest, unique: string): Start {
  const { requestId, runbook, requestedBy, inputs = {} } = request;
  const ofCluster = runbook.cluster !== undefined && !runbook.cluster.includes('${') ? [cluster(runbook.cluster)] : [];
  const title = escapeMarkdown(runbookLabel(request));
  const given = [
    ...(requestedBy === undefined ? [] : [['For', requestedBy] as const]),
    ...Object.entries(inputs).map(([name, value]) => [name, JSON.stringify(value).slice(0, 200)] as const),
  ].map(([name, value]) => `- ${escapeMarkdown(name)}: ${escapeMarkdown(value)}`);
  return {
    workflowId: requestId === undefined ? workflowIDForRunbook(runbook.name, unique) : workflowIDForRequest(requestId),
    workflowIdReusePolicy: requestId === undefined ? 'REJECT_DUPLICATE' : 'ALLOW_DUPLICATE_FAILED_ONLY',
    memo: { [MEMO.request]: request },
    typedSearchAttributes: ofCluster,
    staticSummary: title,
    staticDetails: [`### ${title}`, escapeMarkdown(runbook.description ?? ''), given.join('\n')]
      .filter((part) => part !== '')
      .join('\n\n'),
  };
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

/** Of any type that others start. `taskQueue` is that of this service. */
export function startOfType<T extends keyof WorkflowTypes>(
  type: T,
  request: WorkflowTypes[T]['request'],
  unique: string,
  taskQueue: string,
): Start {
  if (type === WORKFLOW.undoCopy) return startOfUndo(request as UndoCopyRequest);
  if (type === WORKFLOW.cloneLease) return startOfLease(request as CloneLeaseRequest, taskQueue);
  if (type === WORKFLOW.runbook) return startOfRunbook(request as RunbookRequest, unique);
  return startOf(type, request as RequestOf, unique);
}

/**
 * The ID of a workflow that waits for the one that has the key: under any other ID than that of the key, a workflow does so
 * by itself.
 */
export const joinerOf = (key: string, unique: string) => `join-${key}-${unique}`;

/**
 * How a request is started that nobody has checked: what it holds may be anything, and what cannot be told is left out. The
 * workflow that is started refuses it with every fault.
 */
export function startOfUnchecked<T extends keyof WorkflowTypes>(
  type: T,
  request: WorkflowTypes[T]['request'],
  unique: string,
  taskQueue: string,
): Start {
  const plain: Start = {
    workflowId: `${type}-${unique}`,
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    memo: { [MEMO.request]: request },
    typedSearchAttributes: [waiting],
    staticSummary: type,
  };
  try {
    const { typedSearchAttributes, priorityKey, ...start } = startOfType(type, withGoodKey(request), unique, taskQueue);
    return {
      ...plain,
      ...start,
      ...(new TextEncoder().encode(start.workflowId).length > ID_BYTES_MAX ? { workflowId: plain.workflowId } : {}),
      memo: plain.memo,
      typedSearchAttributes: typedSearchAttributes.filter(fits),
      ...(isPriority(priorityKey) ? { priorityKey } : {}),
    };
  } catch {
    return plain;
  }
}

/** Longest workflow ID that a server takes, whatever its database: on PostgreSQL and MySQL there is no room for more. */
const ID_BYTES_MAX = 255;

const withGoodKey = <R extends object>(request: R): R =>
  !('requestId' in request) || isRequestID(request.requestId) ? request : { ...request, requestId: undefined };
const fits = ({ key: { type }, value }: { key: { type: string }; value: unknown }) =>
  type === 'INT' ? Number.isSafeInteger(value) : typeof value === 'string' && value.length <= 64;
const isPriority = (value: unknown) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 5;
