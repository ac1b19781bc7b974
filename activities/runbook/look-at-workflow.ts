import { optionalTsToMs } from '@temporalio/common/lib/time.js';
import type { ActivityDeps } from '../deps.ts';
import type { RunbookActivities } from './types.ts';

const WORKFLOW_TASK_STARTED = 2;
/** A worker that is there takes a task up sooner. */
const IDLE_MS = 5_000;

export const createLookAtWorkflowActivities = (deps: ActivityDeps): Pick<RunbookActivities, 'lookAtWorkflow'> => ({
  async lookAtWorkflow({ workflowID }) {
    const { raw } = await deps.temporal.workflow.getHandle(workflowID).describe();
    const task = raw.pendingWorkflowTask;
    if (!task || Number(task.state) === WORKFLOW_TASK_STARTED) return { isIdle: false };
    const since = optionalTsToMs(task.scheduledTime) ?? Date.now();
    return { isIdle: Date.now() - since > IDLE_MS };
  },
});
