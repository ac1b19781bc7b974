import { parseCloneLeaseRequest, type CloneLeaseRequest } from '../../contracts/clone-lease.ts';
import { readTag, unreadableTag } from '../../contracts/tag.ts';
import type { ActivityDeps } from '../deps.ts';
import { findVolume } from '../find.ts';
import { accessFaults, LEASE_CALLS } from '../preflight-access.ts';
import { leaseTooLong } from '../preflight-checks.ts';
import { checked, invalid } from '../preflight.ts';
import { runStep, type StepContext } from '../step.ts';
import type { LeaseActivities, LeasedClone } from './types.ts';

export const createCheckLeaseActivities = (deps: ActivityDeps): Pick<LeaseActivities, 'checkLease'> => ({
  async checkLease({ request: input }) {
    const { clone, requestedBy, ...request } = checked(parseCloneLeaseRequest, input);
    const by = requestedBy === undefined ? {} : { requestedBy };
    const isKnown = deps.cluster(request.cluster) ?? deps.taskQueueOf?.(request.cluster);
    if (clone === undefined && isKnown === undefined) {
      const known = deps.clusterAliases().join(', ') || 'none';
      throw invalid([
        `cluster: this worker knows no cluster "${request.cluster}" (it knows: ${known}); correct the name`,
      ]);
    }
    return runStep(deps, request.cluster, async (ctx) =>
      // A clone has just verified its volume; that it stays so is asked before it is deleted.
      clone === undefined ? { ...(await cloneBehind(ctx, request)), ...by } : { clone, ...by },
    );
  },
});

/** The clone that the volume is, by its tag. */
async function cloneBehind(
  ctx: StepContext,
  request: Omit<CloneLeaseRequest, 'clone' | 'requestedBy'>,
): Promise<{ clone: LeasedClone; requestedBy?: string }> {
  const { volumeID } = request;
  const lacking = await accessFaults(ctx, LEASE_CALLS);
  if (lacking.length > 0) throw invalid(lacking);
  const volume = await findVolume(ctx.api, volumeID);
  const faults = leaseTooLong(request, ctx.leaseMaxMs, ctx.now());
  if (volume === undefined) {
    throw invalid([...faults, `volumeID: cluster ${ctx.alias} has no volume ${volumeID}, or it was deleted`]);
  }
  const tag = readTag(volume.attributes);
  if (tag?.step !== 'clone' || tag.volumeID !== volumeID) {
    const why = unreadableTag(volume.attributes);
    faults.push(
      why === undefined
        ? `volumeID: volume ${volumeID} is no finished clone of this service, so it is never deleted; name a clone`
        : `volumeID: volume ${volumeID} ${why}`,
    );
  }
  if (faults.length > 0) throw invalid(faults);
  const { workflowID, request: key, sourceVolumeID, requestedBy } = tag!;
  return {
    clone: { workflowID, request: key, sourceVolumeID, name: volume.name },
    ...(requestedBy === undefined ? {} : { requestedBy }),
  };
}
