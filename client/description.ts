import type { Client, WorkflowExecutionDescription, WorkflowExecutionInfo } from '@temporalio/client';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import type { CloneType, RequestOf, ResultOf } from '../contracts/clone-types.ts';
import type { CloneFailureDetails, CopyFailureDetails, GroupFailureDetails } from '../contracts/failure.ts';
import { MEMO, type Phase } from '../contracts/names.ts';
import { kindOf } from './kinds.ts';
import { phaseOf, type CloneProgressView, type Observed } from './progress-view.ts';
import { KEYS } from './search-attributes.ts';

/** RUNNING, COMPLETED, FAILED, CANCELLED, TERMINATED, TIMED_OUT, … as the Temporal SDK names them. */
export type ExecutionStatus = WorkflowExecutionInfo['status']['name'];

/** One clone, or what makes several, in a list. Times are ISO 8601, UTC. */
export type CloneSummary<T extends CloneType = CloneType> = T extends CloneType ? SummaryOf<T> : never;

interface SummaryOf<T extends CloneType> {
  type: T;
  workflowId: string;
  runId: string;
  status: ExecutionStatus;
  phase: Phase;
  cluster?: string;
  /** Of a group the first. */
  sourceVolumeID?: number;
  /** The new volume, once there is one; of a group the first. */
  cloneVolumeID?: number;
  series?: string;
  /** As it was asked for; missing when another SDK started the clone without a memo. */
  request?: RequestOf<T>;
  startedAt: string;
  closedAt?: string;
}

/** The step that is pending. */
export interface PendingStepView {
  /** Name of the activity: `startClone`, `awaitClone`, … */
  step: string;
  attempt: number;
  paused: boolean;
  scheduledAt?: string;
  nextAttemptAt?: string;
  lastFailure?: string;
}

/** Everything about one clone. */
export type CloneDescription<T extends CloneType = CloneType> = T extends CloneType ? DescriptionOf<T> : never;

interface DescriptionOf<T extends CloneType> extends SummaryOf<T> {
  taskQueue: string;
  progress: CloneProgressView;
  pendingStep?: PendingStepView;
  /** Path of this execution in the Temporal UI, after its address. */
  uiPath: string;
  /** When it is done. */
  result?: ResultOf<T>;
  /** When it failed or was cancelled: the text, the client's error code, and what is left. */
  failure?: {
    code: string;
    message: string;
    faults?: readonly string[];
    details?: CloneFailureDetails | GroupFailureDetails | CopyFailureDetails;
  };
}

type Listed = Pick<
  WorkflowExecutionInfo,
  'type' | 'workflowId' | 'runId' | 'status' | 'memo' | 'typedSearchAttributes' | 'startTime'
> & { closeTime?: Date | undefined };

export function toSummary(info: Listed): CloneSummary {
  const attributes = info.typedSearchAttributes;
  const type = info.type as CloneType;
  const request = info.memo?.[MEMO.request] as RequestOf | undefined;
  const cluster = attributes.get(KEYS.cluster) ?? (request && clusterOf(type, request));
  const sourceVolumeID = attributes.get(KEYS.sourceVolumeID) ?? (request && sourceOf(type, request));
  const cloneVolumeID = attributes.get(KEYS.cloneVolumeID);
  const series = attributes.get(KEYS.series);
  // Type and request belong together, which the compiler cannot see.
  return {
    type,
    workflowId: info.workflowId,
    runId: info.runId,
    status: info.status.name,
    phase: phaseOf({ status: info.status.name, phase: attributes.get(KEYS.phase) }),
    ...(cluster === undefined ? {} : { cluster }),
    ...(sourceVolumeID === undefined ? {} : { sourceVolumeID }),
    ...(cloneVolumeID === undefined ? {} : { cloneVolumeID }),
    ...(series === undefined ? {} : { series }),
    ...(request === undefined ? {} : { request }),
    startedAt: info.startTime.toISOString(),
    ...(info.closeTime === undefined ? {} : { closedAt: info.closeTime.toISOString() }),
  } as CloneSummary;
}

const clusterOf = <T extends CloneType>(type: T, request: RequestOf<T>): string => kindOf(type).cluster(request);
const sourceOf = <T extends CloneType>(type: T, request: RequestOf<T>): number => kindOf(type).sourceVolumeID(request);

const iso = (ms: number) => new Date(ms).toISOString();

export function toPendingStep(pending: NonNullable<Observed['pending']>): PendingStepView {
  return {
    step: pending.activityType,
    attempt: pending.attempt,
    paused: pending.paused,
    ...(pending.scheduledAt === undefined ? {} : { scheduledAt: iso(pending.scheduledAt) }),
    ...(pending.nextAttemptAt === undefined ? {} : { nextAttemptAt: iso(pending.nextAttemptAt) }),
    ...(pending.lastFailure === undefined ? {} : { lastFailure: pending.lastFailure.message }),
  };
}

export const uiPathOf = (namespace: string, { workflowId, runId }: { workflowId: string; runId: string }) =>
  `/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}/${runId}/history`;

/** What was asked for: from the memo, or from the history's first event when another SDK wrote no memo. */
export async function requestOf(
  client: Client,
  { workflowId, runId, memo }: Pick<WorkflowExecutionDescription, 'workflowId' | 'runId' | 'memo'>,
): Promise<RequestOf | undefined> {
  const noted = memo?.[MEMO.request];
  if (noted !== undefined) return noted as RequestOf;
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution: { workflowId, runId },
    maximumPageSize: 1,
  });
  const payloads = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads;
  const [request] = await decodeArrayFromPayloads(client.options.loadedDataConverter, payloads);
  return request as RequestOf | undefined;
}
