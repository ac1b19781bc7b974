import type { ActivityDeps } from '../deps.ts';
import { createHookActivities } from '../hooks.ts';
import { createAwaitSeriesActivities } from './await-series.ts';
import { createRefreshPreflightActivities } from './preflight.ts';
import { createRetireActivities } from './retire.ts';
import { createSwapActivities } from './swap.ts';
import type { RefreshActivities } from './types.ts';

export const createRefreshActivities = (deps: ActivityDeps): RefreshActivities => ({
  ...createRefreshPreflightActivities(deps),
  ...createHookActivities(deps),
  ...createSwapActivities(deps),
  ...createRetireActivities(deps),
  ...createAwaitSeriesActivities(deps),
});
