import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  type WorkflowHandle,
} from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { z } from 'zod';
import type { CloneLeaseRequest } from '../../contracts/clone-lease.ts';
import { durationSchema } from '../../contracts/duration-schema.ts';
import { parseDuration } from '../../contracts/duration.ts';
import { clusterSchema, id, LEASE_DAYS_MAX } from '../../contracts/fields.ts';
import { isoTime, LEASE, leaseWorkflowID, type CloneLeaseResult, type LeaseView } from '../../contracts/lease.ts';
import { MEMO, WORKFLOW } from '../../contracts/names.ts';
import type { ActivityDeps } from '../deps.ts';
import { homeQueue } from '../elsewhere.ts';
import { leaseTooLong } from '../preflight-checks.ts';
import { runStep, StepFailed, type StepContext } from '../step.ts';
import type { Owner } from '../types.ts';
import { readFields } from './fields.ts';
import { cloneTag, volumeToChange } from './own.ts';
import type { Fields, RunbookActivities } from './types.ts';

const schema = z
  .strictObject({
    cluster: clusterSchema.optional(),
    volumeID: id('the ID of the volume'),
    for: durationSchema(LEASE_DAYS_MAX).optional(),
    extend: durationSchema(LEASE_DAYS_MAX).optional(),
    release: z.literal(true).optional(),
  })
  .refine((l) => [l.for, l.extend, l.release].filter((x) => x !== undefined).length === 1, {
    path: ['for'],
    error: 'give one of for, extend and release',
  });

export const createLeaseForRunbookActivities = (deps: ActivityDeps): Pick<RunbookActivities, 'leaseForRunbook'> => ({
  async leaseForRunbook({ cluster, owner, fields, undoes = false }) {
    const { volumeID, for: duration, extend } = readFields(schema, fields);
    return runStep(deps, cluster, async (ctx) => {
      const leaseID = leaseWorkflowID(cluster, volumeID, homeQueue(deps));
      if (duration !== undefined) return start(deps, ctx, { leaseID, volumeID, duration, owner });
      const by = owner.requestedBy === undefined ? {} : { requestedBy: owner.requestedBy };
      const [update, message] = extend === undefined ? [LEASE.release, by] : [LEASE.extend, { ...by, by: extend }];
      const lease = deps.temporal.workflow.getHandle<() => Promise<CloneLeaseResult>>(leaseID);
      const view = await change(lease, update, message, owner.request);
      const released = extend === undefined;
      if (view !== undefined) return { cluster, volumeID, leaseID, endsAt: view.endsAt, released };
      const end = await endOf(lease);
      // What is asked for is so already: by an earlier step, or because the lease that is undone never began.
      if (released && (end.isReleased || (undoes && end.isNone))) {
        return { cluster, volumeID, leaseID, endsAt: end.endsAt ?? isoTime(ctx.now()), released };
      }
      const what = `the lease of volume ${volumeID} of cluster ${cluster} cannot be ${released ? 'released' : 'extended'}`;
      throw new StepFailed(`${what}: ${end.why}. ${released ? NOTHING_TO_RELEASE : BEGIN_ANOTHER}`);
    });
  },
});

const BEGIN_ANOTHER = 'While the volume is there, a step with for: 24h puts another lease on it';
const NOTHING_TO_RELEASE = 'No lease will delete the volume; leave the step out, or give it a when';

interface End {
  why: string;
  endsAt?: string;
  isNone?: true;
  isReleased?: true;
}

/** Why there is nothing to change. */
async function endOf(lease: WorkflowHandle<() => Promise<CloneLeaseResult>>): Promise<End> {
  try {
    const { message, endsAt, outcome } = await lease.result();
    const why = `it has ended (${message})`;
    return { why, endsAt, ...(outcome === 'released' ? { isReleased: true } : {}) };
  } catch (err) {
    if (err instanceof WorkflowNotFoundError) {
      const why = 'it has none, or one that ended longer ago than the namespace keeps histories';
      return { why, isNone: true };
    }
    if (!(err instanceof WorkflowFailedError)) throw err;
    if (err.cause instanceof CancelledFailure) return { why: 'it was cancelled, and the volume stays' };
    return { why: `it has ended (${err.cause?.message ?? err.message})` };
  }
}

async function start(
  deps: ActivityDeps,
  ctx: StepContext,
  { leaseID, volumeID, duration, owner }: { leaseID: string; volumeID: number; duration: string; owner: Owner },
): Promise<Fields> {
  const cluster = ctx.alias;
  const volume = await volumeToChange(ctx, volumeID, false);
  const [tooLong] = leaseTooLong({ lease: duration }, ctx.leaseMaxMs, ctx.now());
  if (tooLong !== undefined) throw new StepFailed(tooLong);
  const { workflowID, request, sourceVolumeID } = cloneTag(volume)!;
  const endsAt = isoTime(ctx.now() + parseDuration(duration)!);
  const by = owner.requestedBy === undefined ? {} : { requestedBy: owner.requestedBy };
  const clone = { workflowID, request, sourceVolumeID, name: volume.name };
  const view: LeaseView = {
    ...{ cluster, volumeID, name: volume.name, sourceVolumeID, cloneWorkflowID: workflowID, request },
    ...{ ...by, state: 'running', endsAt, extensions: 0 },
  };
  try {
    await deps.temporal.workflow.start<(r: CloneLeaseRequest) => Promise<unknown>>(WORKFLOW.cloneLease, {
      workflowId: leaseID,
      taskQueue: homeQueue(deps),
      args: [{ cluster, volumeID, endsAt, ...by, clone }],
      workflowIdConflictPolicy: 'FAIL',
      memo: { [MEMO.lease]: view },
      staticSummary: `Lease of volume ${volumeID} of ${cluster}`,
    });
    return { cluster, volumeID, leaseID, endsAt };
  } catch (err) {
    if (!(err instanceof WorkflowExecutionAlreadyStartedError)) throw err;
    // An earlier attempt's, or one that the clone came with: it stays as it is.
    const { memo } = await deps.temporal.workflow.getHandle(leaseID).describe();
    const known = memo?.[MEMO.lease] as LeaseView | undefined;
    return { cluster, volumeID, leaseID, endsAt: known?.endsAt ?? endsAt };
  }
}

/** The same update however often it is tried: its ID is the step's key. `undefined` when there is no lease, or no longer. */
async function change(
  handle: WorkflowHandle,
  update: string,
  message: object,
  key: string,
): Promise<LeaseView | undefined> {
  try {
    return await handle.executeUpdate<LeaseView, [object]>(update, { args: [message], updateId: key });
  } catch (err) {
    if (err instanceof WorkflowNotFoundError) return undefined;
    if (err instanceof WorkflowUpdateFailedError && err.cause instanceof ApplicationFailure) {
      throw new StepFailed(err.cause.message);
    }
    throw err;
  }
}
