import { log, metricMeter } from '@temporalio/activity';
import type { LeaseActivities } from './types.ts';

export const createWarnActivities = (): Pick<LeaseActivities, 'warnOfLeaseEnd'> => ({
  warnOfLeaseEnd: async ({ leaseID, lease }) => {
    const { cluster, volumeID, name, endsAt, requestedBy } = lease;
    log.warn('A lease ends soon, and its volume is deleted', { leaseID, cluster, volumeID, name, endsAt, requestedBy });
    metricMeter.createCounter('element_clone_lease_warnings', 'leases', 'Leases that end soon').add(1, { cluster });
  },
});
