import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { MEMO } from '../contracts/names.ts';

/** What a workflow was asked for: from its memo, or from its history when whoever started it wrote none. */
export async function requestBehind(
  temporal: Client,
  { workflowId, runId, memo }: Pick<WorkflowExecutionDescription, 'workflowId' | 'runId' | 'memo'>,
): Promise<unknown> {
  const noted = memo?.[MEMO.request];
  if (noted !== undefined) return noted;
  const { history } = await temporal.workflowService.getWorkflowExecutionHistory({
    namespace: temporal.options.namespace,
    execution: { workflowId, runId },
    maximumPageSize: 1,
  });
  const payloads = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads;
  const [request] = await decodeArrayFromPayloads(temporal.options.loadedDataConverter, payloads);
  return request;
}
