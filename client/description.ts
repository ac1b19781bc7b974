import type { Client, WorkflowExecutionDescription, WorkflowExecutionInfo } from '@temporalio/client';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import type { CloneFailureDetails } from '../contracts/failure.ts';
import type { CloneVolumeResult } from '../contracts/clone-result.ts';
import type { CloneVolumeRequest } from '../contracts/clone-volume.ts';
import { MEMO, type Phase } from '../contracts/names.ts';
import { phaseOf, type CloneProgressView, type Observed } from './progress-view.ts';
import { KEYS } from './search-attributes.ts';

/** RUNNING, COMPLETED, FAILED, CANCELLED, TERMINATED, TIMED_OUT, … as the Temporal SDK names them. */
export type ExecutionStatus = WorkflowExecutionInfo['status']['name'];

/** One clone in a list. Times are ISO 8601, UTC. */
export interface CloneSummary {
  workflowId: string;
  runId: string;
  status: ExecutionStatus;
  phase: Phase;
  cluster?: string;
  sourceVolumeID?: number;
  /** The new volume, once there is one. */
  cloneVolumeID?: number;
  series?: string;
  /** As it was asked for; missing when another SDK started the clone without a memo. */
  request?: CloneVolumeRequest;
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
export interface CloneDescription extends CloneSummary {
  taskQueue: string;
  progress: CloneProgressView;
  pendingStep?: PendingStepView;
  /** Path of this execution in the Temporal UI, after its address. */
  uiPath: string;
  /** When it is done. */
  result?: CloneVolumeResult;
  /** When it failed or was cancelled: the text, the client's error code, and what is left. */
  failure?: { code: string; message: string; faults?: readonly string[]; details?: CloneFailureDetails };
}

type Listed = Pick<
  WorkflowExecutionInfo,
  'workflowId' | 'runId' | 'status' | 'memo' | 'typedSearchAttributes' | 'startTime'
> & { closeTime?: Date | undefined };

export function toSummary(info: Listed): CloneSummary {
  const attributes = info.typedSearchAttributes;
  const request = info.memo?.[MEMO.request] as CloneVolumeRequest | undefined;
  const cluster = attributes.get(KEYS.cluster) ?? request?.cluster;
  const sourceVolumeID = attributes.get(KEYS.sourceVolumeID) ?? request?.volumeID;
  const cloneVolumeID = attributes.get(KEYS.cloneVolumeID);
  const series = attributes.get(KEYS.series);
  return {
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
  };
}

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
): Promise<CloneVolumeRequest | undefined> {
  const noted = memo?.[MEMO.request];
  if (noted !== undefined) return noted as CloneVolumeRequest;
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution: { workflowId, runId },
    maximumPageSize: 1,
  });
  const payloads = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads;
  const [request] = await decodeArrayFromPayloads(client.options.loadedDataConverter, payloads);
  return request as CloneVolumeRequest | undefined;
}
