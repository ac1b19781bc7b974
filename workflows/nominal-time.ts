import { defineSearchAttributeKey } from '@temporalio/common';
import { workflowInfo } from '@temporalio/workflow';
import { SCHEDULED_BY, SCHEDULED_FOR } from '../contracts/scheduled-run.ts';

const scheduledBy = defineSearchAttributeKey(SCHEDULED_BY, 'KEYWORD');
const scheduledFor = defineSearchAttributeKey(SCHEDULED_FOR, 'DATETIME');

/** The schedule that this run, or the run that started it as a child, belongs to. */
export const scheduleID = (): string | undefined => workflowInfo().typedSearchAttributes.get(scheduledBy);

/**
 * The moment that this run is for: the schedule's, without jitter and however late the run began, also in a backfill;
 * without a schedule the start of the workflow. The same in every replay.
 */
export function nominalTime(): Date {
  const info = workflowInfo();
  // As text in a workflow that was started by another SDK's converter.
  const time: Date | string | undefined = info.typedSearchAttributes.get(scheduledFor);
  return time === undefined ? info.startTime : new Date(time);
}
