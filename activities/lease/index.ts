import type { ActivityDeps } from '../deps.ts';
import { createCheckLeaseActivities } from './check.ts';
import { createDeleteLeasedActivities } from './delete.ts';
import { createReadLeaseActivities } from './read.ts';
import type { LeaseActivities } from './types.ts';
import { createWarnActivities } from './warn.ts';
import { createWatchLeaseActivities } from './watch.ts';

export const createLeaseActivities = (deps: ActivityDeps): LeaseActivities => ({
  ...createCheckLeaseActivities(deps),
  ...createWatchLeaseActivities(deps),
  ...createDeleteLeasedActivities(deps),
  ...createWarnActivities(deps),
  ...createReadLeaseActivities(deps),
});
