import { activityInfo, log, metricMeter } from '@temporalio/activity';
import type { ActivityDeps } from '../deps.ts';
import { createHookActivities } from '../hooks.ts';
import type { LeaseActivities } from './types.ts';

export const createWarnActivities = (deps: ActivityDeps): Pick<LeaseActivities, 'warnOfLeaseEnd'> => {
  const { callHook } = createHookActivities(deps);
  return {
    warnOfLeaseEnd: async ({ leaseID, lease }) => {
      const { cluster, volumeID, name, endsAt, requestedBy } = lease;
      const about = { leaseID, cluster, volumeID, name, endsAt, ...(requestedBy === undefined ? {} : { requestedBy }) };
      // A hook that does not answer is called again; the others have been told by then.
      if (activityInfo().attempt === 1) {
        log.warn('A lease ends soon, and its volume is deleted', about);
        metricMeter.createCounter('element_clone_lease_warnings', 'leases', 'Leases that end soon').add(1, { cluster });
      }
      const hook = deps.cluster(cluster)?.leaseWarningHook;
      if (hook === undefined) return;
      await callHook({ hook, key: `${leaseID} ${endsAt}`, body: { event: 'leaseEndsSoon', ...about } });
    },
  };
};
