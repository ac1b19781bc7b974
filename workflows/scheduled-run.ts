import {
  ApplicationFailure,
  CancellationScope,
  ChildWorkflowFailure,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
import { FAILURE } from '../contracts/names.ts';
import { scheduledRequestID, type ScheduledRunRequest, type ScheduledRunResult } from '../contracts/scheduled-run.ts';
import { isRequestID, workflowIDForRequest } from '../contracts/workflow-id.ts';
import { wasCancelled } from './failure.ts';
import { joinOrRun } from './join.ts';
import { escapeMarkdown } from './markdown.ts';
import { nominalTime, scheduleID } from './nominal-time.ts';

/**
 * One run of a schedule. Temporal starts a time anew when it is backfilled, though its run had succeeded; so the work is
 * done by a child under a key made of the schedule and the time, which makes a repeated run the same run.
 *
 * A run that somebody cancelled by itself is no failure, so that it does not pause the schedule.
 * @throws ApplicationFailure of the child
 */
export async function scheduledRun({ type, request }: ScheduledRunRequest): Promise<ScheduledRunResult> {
  const time = nominalTime();
  const requestId: string = scheduledRequestID(scheduleID() ?? 'by-hand', time);
  const fits: boolean = isRequestID(requestId);
  if (!fits) {
    const message = `The schedule's ID is too long, or has characters that no requestId may have: ${requestId}`;
    throw ApplicationFailure.nonRetryable(message, FAILURE.invalidRequest, [message]);
  }
  const workflowId = workflowIDForRequest(requestId);
  setCurrentDetails(`The work is done by \`${escapeMarkdown(workflowId)}\`: see Relationships.`);
  const run = { workflowId, type, nominalTime: time.toISOString() };
  const title: unknown = workflowInfo().memo?.['title'];
  try {
    const result = await joinOrRun<unknown>(
      type,
      requestId,
      { ...request, requestId },
      typeof title === 'string' ? title : type,
      // The request of the schedule may have changed since the time that is backfilled.
      { anyRequest: true },
    );
    const volumeID: unknown = (result as { volumeID?: unknown } | null)?.volumeID;
    return { ...run, outcome: 'done', ...(typeof volumeID === 'number' ? { volumeID } : {}) };
  } catch (err) {
    if (CancellationScope.current().consideredCancelled || !wasCancelled(err)) throw reason(err);
    return { ...run, outcome: 'cancelled' };
  }
}

/** What the schedule notes when it pauses: why the work failed, not that a child did. */
const reason = (err: unknown): unknown =>
  err instanceof ChildWorkflowFailure && !wasCancelled(err)
    ? ApplicationFailure.create({
        type: FAILURE.cloneFailed,
        message: `${err.execution.workflowId ?? 'The run'} was ended from outside: ${err.cause?.message ?? err.message}`,
        nonRetryable: true,
        cause: err,
      })
    : err;
