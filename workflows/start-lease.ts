import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  getExternalWorkflowHandle,
  startChild,
  type WorkflowIdReusePolicy,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { ClonePlan, Owner } from '../activities/types.ts';
import type { CloneLeaseRequest } from '../contracts/clone-lease.ts';
import { parseDuration } from '../contracts/duration.ts';
import { isoTime, leaseWorkflowID, type LeaseOfClone, type LeaseView } from '../contracts/lease.ts';
import { MEMO, WORKFLOW } from '../contracts/names.ts';
import { readings } from './lease/activities.ts';
import { leaseDetails, leaseTitle } from './lease/details.ts';
import { escapeMarkdown } from './markdown.ts';
import { leaseSearchAttributes } from './search-attributes.ts';

/**
 * Starts the lease of a finished clone, which outlives this workflow. After a reset the lease may be there already, running
 * or over: then it stays as it is, and its end counts. Throws when the clone can have no lease.
 */
export async function startLease(
  plan: ClonePlan,
  owner: Owner,
  clone: { volumeID: number; name: string },
  timeLeft: number,
): Promise<LeaseOfClone> {
  const { cluster, volumeID: sourceVolumeID, lease, leaseGrace } = plan.request;
  const { volumeID, name } = clone;
  const leaseID = leaseWorkflowID(cluster, volumeID, plan.lease!.taskQueue);
  const endsAt = isoTime(Date.now() + parseDuration(lease)!);
  const request: CloneLeaseRequest = {
    cluster,
    volumeID,
    endsAt,
    leaseMax: plan.lease!.max,
    ...(leaseGrace === undefined ? {} : { leaseGrace }),
    ...(owner.requestedBy === undefined ? {} : { requestedBy: owner.requestedBy }),
    clone: { workflowID: owner.workflowID, request: owner.request, sourceVolumeID, name },
  };
  const started = await start(leaseID, request, 'REJECT_DUPLICATE');
  // A run that was reset is given the lease of the run before it, as if it had just been started.
  if (started && owner.wasReset !== true) return { workflowID: leaseID, endsAt };
  const found = await read(leaseID, request, timeLeft);
  if (found.own) {
    const { ended } = found;
    return { workflowID: leaseID, endsAt: found.endsAt, ...(ended === undefined ? {} : { ended }) };
  }
  // The lease of an earlier volume of this number is over: the cluster was set up anew.
  if (await start(leaseID, request, 'ALLOW_DUPLICATE')) return { workflowID: leaseID, endsAt };
  throw ApplicationFailure.nonRetryable(`${leaseID} was started by somebody else at the same moment`);
}

/** The volume goes with the clone that fails: its lease is told, and deletes nothing. */
export const withdrawLease = (leaseID: string): Promise<void> => getExternalWorkflowHandle(leaseID).cancel();

/** False when the ID is taken. */
async function start(
  leaseID: string,
  request: CloneLeaseRequest,
  workflowIdReusePolicy: WorkflowIdReusePolicy,
): Promise<boolean> {
  const view = firstView(request);
  try {
    // A cancellation that comes now finds a lease that is started, or is not; it is heard right after.
    await CancellationScope.nonCancellable(() =>
      startChild<(r: CloneLeaseRequest) => Promise<unknown>>(WORKFLOW.cloneLease, {
        workflowId: leaseID,
        args: [request],
        workflowIdReusePolicy,
        parentClosePolicy: 'ABANDON',
        memo: { [MEMO.lease]: view },
        typedSearchAttributes: leaseSearchAttributes(request),
        staticSummary: escapeMarkdown(leaseTitle(view)),
        staticDetails: leaseDetails(leaseID, view),
      }),
    );
    return true;
  } catch (err) {
    if (err instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw err;
  }
}

/** As the lease will see itself, so that it need not write it down. */
const firstView = ({ cluster, volumeID, clone, endsAt, requestedBy }: CloneLeaseRequest): LeaseView => ({
  cluster,
  volumeID,
  name: clone!.name,
  sourceVolumeID: clone!.sourceVolumeID,
  cloneWorkflowID: clone!.workflowID,
  request: clone!.request,
  ...(requestedBy === undefined ? {} : { requestedBy }),
  state: 'running',
  endsAt: endsAt!,
  extensions: 0,
});

async function read(leaseID: string, { cluster, volumeID, clone }: CloneLeaseRequest, scheduleToCloseTimeout: number) {
  try {
    return await readings.readLease.executeWithOptions(
      { summary: `Look at ${leaseID}`.slice(0, 200), scheduleToCloseTimeout },
      [{ leaseID, cluster, volumeID, request: clone!.request }],
    );
  } catch (err) {
    // What people read is why, not that an activity failed.
    throw err instanceof ActivityFailure && err.cause instanceof ApplicationFailure ? err.cause : err;
  }
}
