import { randomUUID } from 'node:crypto';
import type { Client, WorkflowHandle } from '@temporalio/client';

/** Resets to just before the nth workflow task was answered, as `temporal workflow reset` does. */
export async function reset(client: Client, handle: WorkflowHandle, nth: number): Promise<WorkflowHandle> {
  const { events } = await handle.fetchHistory();
  const tasks = events!.filter((e) => e.workflowTaskCompletedEventAttributes).map((e) => e.eventId!);
  const { runId } = await client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: handle.workflowId },
    workflowTaskFinishEventId: tasks.at(nth)!,
    requestId: randomUUID(),
    reason: 'test',
  });
  return client.workflow.getHandle(handle.workflowId, runId);
}
