import { ApplicationFailure, CancelledFailure, defaultPayloadConverter } from '@temporalio/common';
import { WorkflowFailedError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import type { FailureDetails } from '../../contracts/failure.ts';
import { MEMO } from '../../contracts/names.ts';
import { patiently } from './patience.ts';

/** A run of a workflow that another one has started. */
export interface Child {
  workflowID: string;
  runID: string;
}

/** How one workflow ended, as its last run says, or the run that was asked for. */
export interface Outcome {
  workflowID: string;
  /** Empty when it is missing. */
  runID: string;
  /** Its workflow type; empty when it is missing. */
  type: string;
  /** What it was started with. */
  request: unknown;
  memo: Record<string, unknown>;
  /** In the order of their start. */
  children: Child[];
  /** `missing`: Temporal knows no such workflow. */
  ended: 'completed' | 'failed' | 'cancelled' | 'terminated' | 'timedOut' | 'running' | 'missing';
  /** As its type says. */
  result?: unknown;
  failure?: { type: string; message: string; details?: FailureDetails };
  /** Milliseconds since 1970. */
  startedAt?: number;
  closedAt?: number;
  /** Second volumes that verify found and removed. */
  strangersRemoved: number[];
  /** Volumes that its creating step reported. */
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

export async function readOutcome(client: Client, workflowID: string, runID?: string): Promise<Outcome> {
  const handle = client.workflow.getHandle(workflowID, runID);
  try {
    const { status, runId, type, memo, raw, startTime, closeTime } = await patiently(client, () => handle.describe());
    const ended = ENDED[status.name] ?? 'running';
    const outcome: Outcome = {
      workflowID,
      runID: runId,
      type,
      memo: memo ?? {},
      ended,
      startedAt: startTime.getTime(),
      ...(closeTime === undefined ? {} : { closedAt: closeTime.getTime() }),
      ...fromHistory(await patiently(client, () => handle.fetchHistory())),
    };
    if (ended === 'running') return { ...outcome, waitsFor: pendingOf(raw) };
    if (ended !== 'completed' && ended !== 'failed') return outcome;
    try {
      return { ...outcome, result: await patiently(client, () => handle.result()) };
    } catch (err) {
      return { ...outcome, failure: failureOf(err) };
    }
  } catch (err) {
    if (err instanceof WorkflowNotFoundError) return missing(workflowID);
    throw err;
  }
}

const missing = (workflowID: string): Outcome => ({
  workflowID,
  runID: '',
  type: '',
  request: undefined,
  memo: {},
  children: [],
  ended: 'missing',
  strangersRemoved: [],
  learnt: [],
});

/** The lease that a workflow keeps lasts longer than it was asked for. */
export const wasExtended = ({ memo }: Pick<Outcome, 'memo'>): boolean =>
  ((memo[MEMO.lease] as { extensions?: number } | undefined)?.extensions ?? 0) > 0;

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
    ...(known ? { details: details as FailureDetails } : {}),
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

type History = temporal.api.history.v1.IHistory;

/** What the results of these steps in the history hold. */
function resultsOf<T>({ events }: History, ...wanted: string[]): T[] {
  const steps = new Map<string, string>();
  return (events ?? []).flatMap((event) => {
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (scheduled) steps.set(String(event.eventId), scheduled.activityType?.name ?? '');
    const completed = event.activityTaskCompletedEventAttributes;
    const [payload] = completed?.result?.payloads ?? [];
    const isIts = payload && wanted.includes(steps.get(String(completed?.scheduledEventId)) ?? '');
    return isIts ? [defaultPayloadConverter.fromPayload<T>(payload)] : [];
  });
}

interface Started {
  volumeID?: number;
  members?: { volumeID: number }[];
}

function fromHistory(history: History): Pick<Outcome, 'strangersRemoved' | 'learnt' | 'request' | 'children'> {
  const verified = resultsOf<{ strangersRemoved: number[] }>(history, 'verifyClone', 'verifyMembers');
  const started = resultsOf<Started>(history, 'startClone', 'startGroup');
  const events = history.events ?? [];
  const [input] = events[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  return {
    strangersRemoved: verified.flatMap((v) => v.strangersRemoved),
    learnt: started.flatMap((s) => [
      ...(s.volumeID === undefined ? [] : [s.volumeID]),
      ...(s.members ?? []).map((m) => m.volumeID),
    ]),
    request: input && defaultPayloadConverter.fromPayload(input),
    children: events.flatMap((event) => {
      const its = event.childWorkflowExecutionStartedEventAttributes?.workflowExecution;
      return its?.workflowId && its.runId ? [{ workflowID: its.workflowId, runID: its.runId }] : [];
    }),
  };
}
