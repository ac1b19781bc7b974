import { activityInfo, log } from '@temporalio/activity';
import type { LeaseView } from '../../contracts/lease.ts';
import { METRICS } from '../../contracts/metrics.ts';
import type { ActivityDeps } from '../deps.ts';
import { createHookActivities } from '../hooks.ts';
import { add } from '../measure.ts';
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
        add(METRICS.leaseWarnings, { cluster });
      }
      const hook = deps.leaseWarningHook?.(cluster) ?? deps.cluster(cluster)?.leaseWarningHook;
      if (hook === undefined) return;
      await callHook({ hook, key: `${leaseID} ${endsAt}`, body: newsOf(leaseID, lease) });
    },
  };
};

/** What is said in fields is said in `text` too, which chat services show as it is. */
function newsOf(leaseID: string, lease: LeaseView) {
  const { cluster, volumeID, name, sourceVolumeID, cloneWorkflowID, requestedBy, endsAt } = lease;
  const what = `volume ${volumeID}${name === undefined ? '' : ` "${name}"`} of cluster ${cluster}`;
  const whose = requestedBy === undefined ? '' : `, cloned for ${requestedBy},`;
  return {
    event: 'leaseEndsSoon',
    leaseID,
    ...{ cluster, volumeID, name, sourceVolumeID, cloneWorkflowID, requestedBy, endsAt },
    text: `The lease of ${what}${whose} ends at ${endsAt}, and the volume is deleted. To keep it: element-clone lease extend ${leaseID} --by 24h`,
  };
}
