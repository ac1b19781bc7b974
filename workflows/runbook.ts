import { CancellationScope, workflowInfo } from '@temporalio/workflow';
import { runbookLabel } from '../contracts/label.ts';
import { WORKFLOW } from '../contracts/names.ts';
import { DEFAULT_RUNBOOK_TIMEOUT } from '../contracts/runbook/names.ts';
import type { RunbookRequest, RunbookResult } from '../contracts/runbook/types.ts';
import { isRequestID, workflowIDForRequest } from '../contracts/workflow-id.ts';
import { joinOrRun } from './join.ts';
import { RunbookRun } from './runbook/run.ts';

/**
 * Carries out a document of steps: each begins when what it needs is done, independent ones in parallel. A step that
 * fails stops new ones; those under way are let finish, steps that run always run, and then what was done is undone in the
 * reverse order. A run finishes with the document it was started with.
 * @throws ApplicationFailure `InvalidRequest` (nothing was done) or `RunbookFailed` (`details[0]`: RunbookFailureDetails)
 */
export async function runbook(request: RunbookRequest): Promise<RunbookResult> {
  const key = request?.requestId;
  if (isRequestID(key) && workflowInfo().workflowId !== workflowIDForRequest(key)) {
    const deadline = request.runbook?.timeout ?? DEFAULT_RUNBOOK_TIMEOUT;
    return joinOrRun(WORKFLOW.runbook, key, request, runbookLabel(request), { deadline });
  }
  const run = new RunbookRun(request);
  // A cancellation reaches the steps by the run's own scope, and leaves alone what is to be done all the same.
  return CancellationScope.nonCancellable(() => run.run());
}
