import type { WorkflowService } from '@temporalio/client';
import proto from '@temporalio/proto';

const { TaskQueueType } = proto.temporal.api.enums.v1;

/** Workers that have asked a task queue for work in the last minutes. */
export async function countPollers(
  service: WorkflowService,
  namespace: string,
  taskQueue: string,
): Promise<{ workflows: number; activities: number }> {
  const count = async (taskQueueType: proto.temporal.api.enums.v1.TaskQueueType) => {
    const { pollers } = await service.describeTaskQueue({ namespace, taskQueue: { name: taskQueue }, taskQueueType });
    return new Set(pollers?.map((p) => p.identity)).size;
  };
  const [workflows, activities] = await Promise.all([
    count(TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW),
    count(TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY),
  ]);
  return { workflows, activities };
}
