/** Names of what Temporal tells a workflow that a schedule has started. This file imports nothing. */
export const SCHEDULED_BY = 'TemporalScheduledById';
export const SCHEDULED_FOR = 'TemporalScheduledStartTime';

/** What `scheduledRun` is asked for: one run of a schedule, under a key of its own. */
export interface ScheduledRunRequest {
  /** Workflow type. */
  type: string;
  /** What the workflow is asked for, without a requestId. */
  request: { cluster?: string; deadline?: string; [field: string]: unknown };
}

/** What `scheduledRun` returns: small, since Temporal hands it to every later run of the schedule. */
export interface ScheduledRunResult {
  /** The workflow that did the work, in this run or in an earlier one for the same time. */
  workflowId: string;
  type: string;
  /** The moment that the run was for (ISO 8601, UTC). */
  nominalTime: string;
  outcome: 'done' | 'cancelled';
  /** The new volume, where there is one. */
  volumeID?: number;
}

/** Short enough for a requestId with the time behind it. */
export const SCHEDULE_ID_MAX = 59;
export const SCHEDULE_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,58}$/;

/** `2026-11-25T02:30:00Z`: seconds, as the server itself writes a run's time. */
export const nominalText = (time: Date | number): string => `${new Date(time).toISOString().slice(0, 19)}Z`;

/** The requestId of the run of a schedule for a moment: repeated or backfilled, it is the same run. */
export const scheduledRequestID = (scheduleID: string, nominalTime: Date | number): string =>
  `${scheduleID}@${nominalText(nominalTime)}`;

/** The server puts `-2026-11-25T02:30:00Z` behind it. */
export const scheduledWorkflowID = (scheduleID: string): string => `schedule-${scheduleID}`;

/** The moment in the workflow ID of a run, in milliseconds. */
export function nominalTimeOf(workflowID: string): number | undefined {
  const text = /-(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$/.exec(workflowID)?.[1];
  const time = text === undefined ? NaN : Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}
