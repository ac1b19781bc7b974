import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { CloneLeaseResult, LeaseView } from '../../contracts/lease.ts';
import { FAILURE, MEMO, WORKFLOW } from '../../contracts/names.ts';
import type { ActivityDeps } from '../deps.ts';
import type { LeaseActivities } from './types.ts';

export const createReadLeaseActivities = (deps: ActivityDeps): Pick<LeaseActivities, 'readLease'> => ({
  async readLease({ leaseID, cluster, volumeID, request }) {
    const handle = deps.temporal.workflow.getHandle(leaseID);
    const { type, status, memo } = await handle.describe();
    const lease = memo?.[MEMO.lease] as LeaseView | undefined;
    const own = lease?.cluster === cluster && lease.volumeID === volumeID && lease.request === request;
    const running = status.name === 'RUNNING' || status.name === 'PAUSED';
    if (type === WORKFLOW.cloneLease && own) {
      return { own: true, endsAt: lease.endsAt, ...(running ? {} : { ended: await ending() }) };
    }
    if (type === WORKFLOW.cloneLease && !running) return { own: false };
    throw ApplicationFailure.create({
      type: FAILURE.permanent,
      message: `the lease of volume ${volumeID} cannot be started: ${leaseID} runs already and is not the lease of this clone; end it (element-clone lease release ${leaseID}) and ask again, or ask without a lease`,
      nonRetryable: true,
    });

    async function ending(): Promise<string> {
      try {
        return ((await handle.result()) as CloneLeaseResult).outcome;
      } catch (err) {
        if (!(err instanceof WorkflowFailedError)) throw err;
        return status.name.toLowerCase();
      }
    }
  },
});
