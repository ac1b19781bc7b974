import type { ActivityDeps } from '../deps.ts';
import { createCheckRunbookActivities } from './check.ts';
import { createVolumeConditionActivities } from './condition.ts';
import { createRequestHookActivities } from './hook.ts';
import { createLeaseForRunbookActivities } from './lease.ts';
import { createLookAtWorkflowActivities } from './look-at-workflow.ts';
import { createDeleteForRunbookActivities } from './delete.ts';
import { createSnapshotForRunbookActivities } from './snapshot.ts';
import type { RunbookActivities } from './types.ts';
import { createChangeForRunbookActivities } from './change.ts';

export const createRunbookActivities = (deps: ActivityDeps): RunbookActivities => ({
  ...createCheckRunbookActivities(deps),
  ...createSnapshotForRunbookActivities(deps),
  ...createChangeForRunbookActivities(deps),
  ...createDeleteForRunbookActivities(deps),
  ...createLeaseForRunbookActivities(deps),
  ...createVolumeConditionActivities(deps),
  ...createRequestHookActivities(deps),
  ...createLookAtWorkflowActivities(deps),
});
