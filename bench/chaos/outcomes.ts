import { ApplicationFailure, CancelledFailure, defaultPayloadConverter } from '@temporalio/common';
import { WorkflowFailedError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import type { CloneActivities } from '../../activities/types.ts';
import type { CloneVolumeResult } from '../../contracts/clone-result.ts';
import type { CloneFailureDetails } from '../../contracts/failure.ts';
import { patiently } from './patience.ts';

/** How one workflow ended, as its last run says. */
export interface Outcome {
  workflowID: string;
  /** `missing`: Temporal knows no such workflow. */
  ended: 'completed' | 'failed' | 'cancelled' | 'terminated' | 'timedOut' | 'running' | 'missing';
  result?: CloneVolumeResult;
  failure?: { type: string; message: string; details?: CloneFailureDetails };
  /** Milliseconds since 1970. */
  startedAt?: number;
  closedAt?: number;
  /** Second volumes that verify found and removed. */
  strangersRemoved: number[];
  /** Volumes that its CloneVolume step reported. */
  learnt: number[];
  /** What it waits for, when it is still running. */
  waitsFor?: string;
}

const ENDED: Record<string, Outcome['ended']> = {
  COMPLETED: 'completed',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  TERMINATED: 'terminated',
  TIMED_OUT: 'timedOut',
};

export async function readOutcome(client: Client, workflowID: string): Promise<Outcome> {
  const handle = client.workflow.getHandle(workflowID);
  try {
    const { status, raw, startTime, closeTime } = await patiently(client, () => handle.describe());
    const ended = ENDED[status.name] ?? 'running';
    const outcome: Outcome = {
      workflowID,
      ended,
      startedAt: startTime.getTime(),
      ...(closeTime === undefined ? {} : { closedAt: closeTime.getTime() }),
      ...fromHistory(await patiently(client, () => handle.fetchHistory())),
    };
    if (ended === 'running') return { ...outcome, waitsFor: pendingOf(raw) };
    if (ended !== 'completed' && ended !== 'failed') return outcome;
    try {
      return { ...outcome, result: (await patiently(client, () => handle.result())) as CloneVolumeResult };
    } catch (err) {
      return { ...outcome, failure: failureOf(err) };
    }
  } catch (err) {
    if (err instanceof WorkflowNotFoundError) return { workflowID, ended: 'missing', strangersRemoved: [], learnt: [] };
    throw err;
  }
}

function failureOf(err: unknown): NonNullable<Outcome['failure']> {
  if (!(err instanceof WorkflowFailedError)) throw err;
  const { cause } = err;
  if (!(cause instanceof ApplicationFailure)) {
    const type = cause instanceof CancelledFailure ? 'CancelledFailure' : (cause?.name ?? 'unknown');
    return { type, message: cause?.message ?? err.message };
  }
  const details: unknown = cause.details?.[0];
  const known = details !== null && typeof details === 'object' && 'leftBehind' in details;
  return {
    type: cause.type ?? '',
    message: cause.message,
    ...(known ? { details: details as CloneFailureDetails } : {}),
  };
}

interface Raw {
  pendingActivities?: temporal.api.workflow.v1.IPendingActivityInfo[] | null;
  pendingChildren?: temporal.api.workflow.v1.IPendingChildExecutionInfo[] | null;
}

function pendingOf({ pendingActivities, pendingChildren }: Raw): string {
  const [activity] = pendingActivities ?? [];
  if (activity) {
    const why = activity.lastFailure?.message ?? 'no failure yet';
    return `${activity.activityType?.name}, attempt ${activity.attempt}: ${why}`;
  }
  const [child] = pendingChildren ?? [];
  return child ? `its child ${child.workflowId}` : 'no activity and no child is pending';
}

/** What the results of this step in the history hold. */
function resultsOf<T>({ events }: temporal.api.history.v1.IHistory, step: keyof CloneActivities): T[] {
  const steps = new Map<string, string>();
  return (events ?? []).flatMap((event) => {
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (scheduled) steps.set(String(event.eventId), scheduled.activityType?.name ?? '');
    const completed = event.activityTaskCompletedEventAttributes;
    const [payload] = completed?.result?.payloads ?? [];
    const isIts = payload && steps.get(String(completed?.scheduledEventId)) === step;
    return isIts ? [defaultPayloadConverter.fromPayload<T>(payload)] : [];
  });
}

function fromHistory(history: temporal.api.history.v1.IHistory): Pick<Outcome, 'strangersRemoved' | 'learnt'> {
  const verified = resultsOf<{ strangersRemoved: number[] }>(history, 'verifyClone');
  const started = resultsOf<{ volumeID?: number }>(history, 'startClone');
  return {
    strangersRemoved: verified.flatMap((v) => v.strangersRemoved),
    learnt: started.flatMap((s) => s.volumeID ?? []),
  };
}
