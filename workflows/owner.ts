import { workflowInfo } from '@temporalio/workflow';
import type { Owner } from '../activities/types.ts';

interface Asked {
  requestId?: string | undefined;
  requestedBy?: string | undefined;
}

/** Whose tag everything carries that this workflow makes: the same over retries, restarts and resets. */
export function ownerOf(request: Asked | null | undefined): Owner {
  const { workflowId, runId, firstExecutionRunId } = workflowInfo();
  return {
    workflowID: workflowId,
    request: request?.requestId ?? firstExecutionRunId,
    ...(typeof request?.requestedBy === 'string' ? { requestedBy: request.requestedBy } : {}),
    mayHaveRunBefore: runId !== firstExecutionRunId || typeof request?.requestId === 'string',
    ...(runId === firstExecutionRunId ? {} : { wasReset: true }),
  };
}
