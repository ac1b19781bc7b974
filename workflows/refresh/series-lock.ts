import { ActivityFailure, ApplicationFailure, CancelledFailure, workflowInfo } from '@temporalio/workflow';
import { FAILURE, WORKFLOW } from '../../contracts/names.ts';
import type { RefreshCloneResult } from '../../contracts/refresh-clone-result.ts';
import type { RefreshCloneRequest } from '../../contracts/refresh-clone.ts';
import { joins } from '../activities.ts';
import { timeLeft } from '../deadline.ts';
import { wasCancelled } from '../failure.ts';
import { runChild } from '../join.ts';
import { wasEnded } from './child.ts';

/**
 * Runs the refresh as the one workflow that its series allows, as soon as it is free. The ID of that workflow is the lock:
 * it is free when the workflow has ended, whether by itself, terminated or timed out, and nobody has to give it back.
 */
export async function refreshInSeries(
  workflowId: string,
  request: RefreshCloneRequest,
  title: string,
): Promise<RefreshCloneResult> {
  // Tells our own run in the series from others', also after a reset of this workflow.
  const key = request.requestId ?? workflowInfo().firstExecutionRunId;
  for (;;) {
    const ran = await runChild(WORKFLOW.refreshClone, { ...request, requestId: key }, title, {
      workflowId,
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    }).catch((err: unknown) => {
      throw wasEnded(err) ? ended(workflowId, err) : err;
    });
    if ('result' in ran) return ran.result as RefreshCloneResult;
    const waited = await awaitSeries(workflowId, key, request);
    if (waited.result !== undefined) return waited.result as RefreshCloneResult;
  }
}

const ended = (workflowId: string, cause: Error) =>
  ApplicationFailure.create({
    type: FAILURE.cloneFailed,
    message: `${workflowId}, which refreshed the series, was terminated, which undoes nothing. Look which generation is in service; the next refresh clears away what is not.`,
    nonRetryable: true,
    cause,
  });

async function awaitSeries(workflowID: string, key: string, request: RefreshCloneRequest) {
  try {
    return await joins.awaitSeries.executeWithOptions(
      { summary: `Wait for ${workflowID}`.slice(0, 200), scheduleToCloseTimeout: timeLeft(request.deadline) },
      [{ workflowID, key }],
    );
  } catch (err) {
    if (wasCancelled(err)) throw new CancelledFailure('cancelled');
    if (!(err instanceof ActivityFailure && err.cause instanceof ApplicationFailure)) throw err;
    // The holder served this very request: its failure is the one to read.
    if (err.retryState !== 'TIMEOUT') throw err.cause;
    throw ApplicationFailure.create({
      type: FAILURE.cloneFailed,
      message: `The deadline passed while another run had the series: ${err.cause.message}. Nothing was created. It can be asked for again.`,
      nonRetryable: true,
      cause: err,
    });
  }
}
