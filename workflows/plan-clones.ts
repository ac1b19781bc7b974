import { workflowInfo } from '@temporalio/workflow';
import type { Owner } from '../activities/types.ts';
import type { CloneFanOutRequest } from '../contracts/clone-fan-out.ts';
import type { CloneGroupRequest } from '../contracts/clone-group.ts';
import type { CloneVolumeRequest } from '../contracts/clone-volume.ts';
import type { ClonesPlan, PlanClonesRequest } from '../contracts/dry-run.ts';
import { WORKFLOW } from '../contracts/names.ts';
import { planReads } from './activities.ts';
import { planCopy, planFanOut, planGroup, planVolume, type Planned } from './dry-run/calls.ts';
import { estimate } from './dry-run/estimate.ts';
import { rethrowRefusal } from './refusal.ts';

/**
 * What a request would do: the calls it would make, the clone slots there are, how long the copies would take. Changes
 * nothing, and refuses what the request itself would be refused for.
 * @throws ApplicationFailure `InvalidRequest`
 */
export async function planClones({ type, request }: PlanClonesRequest): Promise<ClonesPlan> {
  const planned = await plan(type, request).catch(rethrowRefusal);
  const { apiCalls: _calls, ...slots } = await planReads.lookAtSlots({ cluster: request.cluster });
  return { type, cluster: request.cluster, ...planned, slots, ...estimate(type, planned.clones, slots) };
}

async function plan(type: PlanClonesRequest['type'], request: unknown): Promise<Planned> {
  const { workflowId, firstExecutionRunId } = workflowInfo();
  const owner: Owner = { workflowID: workflowId, request: firstExecutionRunId, mayHaveRunBefore: false };
  switch (type) {
    case WORKFLOW.cloneVolume:
      return planVolume(await planReads.preflight({ request, owner }), request as CloneVolumeRequest);
    case WORKFLOW.cloneFanOut:
      return planFanOut(await planReads.preflightFanOut({ request, owner }), request as CloneFanOutRequest);
    case WORKFLOW.copyVolume:
      return planCopy(await planReads.preflightCopy({ request, owner }));
    case WORKFLOW.cloneGroup:
      return planGroup(await planReads.preflightGroup({ request, owner }), request as CloneGroupRequest);
  }
}
