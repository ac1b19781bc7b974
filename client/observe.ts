import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { optionalTsToMs } from '@temporalio/common/lib/time.js';
import { WORKFLOW } from '../contracts/names.ts';
import type { StepMemory } from '../contracts/progress.ts';
import type { Observed, PendingStep } from './progress-view.ts';
import { KEYS } from './search-attributes.ts';

type Raw = WorkflowExecutionDescription['raw'];
type RawActivity = NonNullable<Raw['pendingActivities']>[number];

const ACTIVITY_PAUSED = 4;
const WORKFLOW_TASK_STARTED = 2;

/** What a description says that progress is made of. There is no typed accessor for a pending activity in the SDK. */
export async function observe(client: Client, d: WorkflowExecutionDescription): Promise<Observed> {
  const activity = d.raw.pendingActivities?.[0];
  const task = d.raw.pendingWorkflowTask;
  return {
    workflowId: d.workflowId,
    status: d.status.name,
    taskQueue: d.taskQueue,
    phase: d.typedSearchAttributes.get(KEYS.phase),
    // Of a group it is the first of many.
    cloneVolumeID: d.type === WORKFLOW.cloneGroup ? undefined : d.typedSearchAttributes.get(KEYS.cloneVolumeID),
    pending: activity ? await pendingStep(client, activity) : undefined,
    workflowTask: task
      ? {
          attempt: task.attempt ?? 1,
          scheduledAt: optionalTsToMs(task.scheduledTime),
          started: Number(task.state) === WORKFLOW_TASK_STARTED,
        }
      : undefined,
    pendingChild: d.raw.pendingChildren?.[0]?.workflowId ?? undefined,
  };
}

async function pendingStep(client: Client, activity: RawActivity): Promise<PendingStep> {
  return {
    activityType: activity.activityType?.name ?? '',
    attempt: activity.attempt ?? 1,
    taskQueue: activity.activityOptions?.taskQueue?.name || undefined,
    paused: Number(activity.state) === ACTIVITY_PAUSED,
    scheduledAt: optionalTsToMs(activity.scheduledTime),
    neverStarted: !activity.lastStartedTime && (activity.attempt ?? 1) <= 1,
    nextAttemptAt: optionalTsToMs(activity.nextAttemptScheduleTime),
    memory: await decodeMemory(client, activity.heartbeatDetails?.payloads),
    lastFailure: await decodeFailure(client, activity.lastFailure),
  };
}

/** Heartbeat details, through the client's codec if it has one. */
async function decodeMemory(client: Client, payloads: Parameters<typeof decodeArrayFromPayloads>[1]) {
  if (!payloads?.length) return undefined;
  const [memory] = await decodeArrayFromPayloads(client.options.loadedDataConverter, payloads);
  return memory !== null && typeof memory === 'object' ? (memory as StepMemory) : undefined;
}

/** A failure converter may have moved the message into an encrypted payload. */
async function decodeFailure(client: Client, failure: RawActivity['lastFailure']): Promise<PendingStep['lastFailure']> {
  if (!failure) return undefined;
  const type = failure.applicationFailureInfo?.type ?? undefined;
  if (!failure.encodedAttributes) return { type, message: failure.message ?? '' };
  const [hidden] = await decodeArrayFromPayloads(client.options.loadedDataConverter, [failure.encodedAttributes]);
  const message = hidden !== null && typeof hidden === 'object' && 'message' in hidden ? String(hidden.message) : '';
  return { type, message };
}
