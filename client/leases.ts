import {
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
  type WorkflowExecutionInfo,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { InvalidRequestError } from '../contracts/faults.ts';
import {
  extensionFaults,
  LEASE,
  type CloneLeaseResult,
  type LeaseExtension,
  type LeaseRelease,
  type LeaseView,
} from '../contracts/lease.ts';
import { FAILURE, MEMO, WORKFLOW } from '../contracts/names.ts';
import type { ExecutionStatus } from './description.ts';
import { LeaseOverError, TaskFailedError } from './errors.ts';
import { findLease, type LeaseReference } from './find-lease.ts';
import { translate } from './temporal-errors.ts';
import { quote } from './visibility.ts';

/** One lease in a list. Times are ISO 8601, UTC. */
export interface LeaseSummary extends LeaseView {
  workflowId: string;
  status: ExecutionStatus;
}

/** Everything about one lease. */
export interface LeaseDescription extends LeaseSummary {
  /** While its time is over and the volume still there: what the last look has found, in words. */
  waitingFor?: string;
  /** Once it has ended. */
  result?: CloneLeaseResult;
}

export interface LeaseListOptions {
  cluster?: string | undefined;
  volumeID?: number | undefined;
  /** Those too that have ended within the retention of the namespace. @default false */
  ended?: boolean | undefined;
}

type CloneLease = (request: unknown) => Promise<CloneLeaseResult>;

/** How long a worker may take to answer, in milliseconds. */
const ANSWER_MS = 30_000;

/**
 * The leases of clones: how long they live. A lease is named by its workflow ID, by the workflow ID or requestId of its
 * clone, or by its volume (`63`, `lab/63`).
 *
 * All throw LeaseNotFoundError, ServiceUnavailableError; changes also InvalidRequestError, LeaseOverError, and
 * TaskFailedError when no worker answers.
 */
export class Leases {
  private readonly temporal: Client;
  private readonly taskQueue: string;

  constructor(temporal: Client, taskQueue: string) {
    this.temporal = temporal;
    this.taskQueue = taskQueue;
  }

  /** Leases that match; those that end first come first. The server's index lags by a second or so. */
  async list({ cluster, volumeID, ended = false }: LeaseListOptions = {}): Promise<LeaseSummary[]> {
    const query = [
      `WorkflowType = ${quote(WORKFLOW.cloneLease)}`,
      ...(cluster === undefined ? [] : [`ElementCluster = ${quote(cluster)}`]),
      ...(volumeID === undefined ? [] : [`ElementCloneVolumeID = ${volumeID}`]),
      ...(ended ? [] : ["ExecutionStatus = 'Running'"]),
    ].join(' AND ');
    return this.call(async () => {
      const leases: LeaseSummary[] = [];
      for await (const info of this.temporal.workflow.list({ query, pageSize: 1_000 })) {
        const lease = summaryOf(info);
        if (lease !== undefined) leases.push(lease);
      }
      return leases.toSorted((a, b) => (a.endsAt < b.endsAt ? -1 : 1));
    });
  }

  /** All there is to know now. */
  async describe(lease: LeaseReference): Promise<LeaseDescription> {
    const workflowId = await this.find(lease);
    return this.call(async () => {
      const description = await this.handle(workflowId).describe();
      const pending = description.raw.pendingActivities?.find((a) => a.activityType?.name === 'awaitUnused');
      const waitingFor = pending?.lastFailure?.message ?? undefined;
      const running = description.status.name === 'RUNNING' || description.status.name === 'PAUSED';
      const result = running ? undefined : await this.resultOf(workflowId);
      return {
        ...summaryOf(description)!,
        ...(waitingFor === undefined ? {} : { waitingFor }),
        ...(result === undefined ? {} : { result }),
      };
    }, workflowId);
  }

  /** Keeps the clone longer. Returns the lease with its new end. */
  async extend(lease: LeaseReference, extension: LeaseExtension): Promise<LeaseSummary> {
    const faults = extensionFaults(extension);
    if (faults.length > 0) throw new InvalidRequestError(faults);
    return this.change(lease, LEASE.extend, extension);
  }

  /** Ends the lease; the clone stays for good. */
  async release(lease: LeaseReference, release: LeaseRelease = {}): Promise<LeaseSummary> {
    return this.change(lease, LEASE.release, release);
  }

  private async change(lease: LeaseReference, update: string, message: object): Promise<LeaseSummary> {
    const workflowId = await this.find(lease);
    return this.call(async () => {
      try {
        const view = await this.temporal.withDeadline(Date.now() + ANSWER_MS, () =>
          this.handle(workflowId).executeUpdate<LeaseView, [object]>(update, { args: [message] }),
        );
        return { ...view, workflowId, status: view.state === 'ended' ? 'COMPLETED' : 'RUNNING' };
      } catch (err) {
        throw await this.refusal(err, workflowId);
      }
    }, workflowId);
  }

  private async refusal(err: unknown, workflowId: string): Promise<unknown> {
    if (err instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
      return new TaskFailedError(
        `No worker has answered for ${workflowId}; whether the lease is changed is not known. Is one running? See "element-clone doctor", then "element-clone list --leases"`,
        { workflowId, cause: err },
      );
    }
    if (err instanceof WorkflowUpdateFailedError && err.cause instanceof ApplicationFailure) {
      const { type, message, details } = err.cause;
      if (type === FAILURE.leaseOver) return new LeaseOverError(message, { workflowId, cause: err });
      const faults: unknown = details?.[0];
      if (type === FAILURE.invalidRequest && Array.isArray(faults)) return new InvalidRequestError(faults.map(String));
    }
    // There was such a workflow a moment ago: it has ended.
    if (err instanceof WorkflowNotFoundError) {
      const result = await this.resultOf(workflowId);
      const why = result?.message ?? 'It has ended.';
      return new LeaseOverError(`The lease can no longer be changed: ${why}`, { workflowId, cause: err });
    }
    return err;
  }

  /** `undefined` for a lease that did not end by itself. */
  private async resultOf(workflowId: string): Promise<CloneLeaseResult | undefined> {
    try {
      return await this.handle(workflowId).result();
    } catch (err) {
      if (err instanceof WorkflowFailedError) return undefined;
      throw err;
    }
  }

  private handle(workflowId: string) {
    return this.temporal.workflow.getHandle<CloneLease>(workflowId);
  }

  private find(lease: LeaseReference): Promise<string> {
    const candidates = (volumeID: number) => this.list({ volumeID, ended: true });
    return this.call(() => findLease(this.temporal, this.taskQueue, candidates, lease));
  }

  private async call<T>(fn: () => Promise<T>, workflowId?: string): Promise<T> {
    try {
      return await fn();
    } catch (err) {
      const { namespace } = this.temporal.options;
      throw translate(err, { namespace, ...(workflowId === undefined ? {} : { workflowId }) });
    }
  }
}

/** `undefined` when its request was refused, so that it never was one. */
function summaryOf({ workflowId, status, memo }: Pick<WorkflowExecutionInfo, 'workflowId' | 'status' | 'memo'>) {
  const view = memo?.[MEMO.lease] as LeaseView | undefined;
  return view && { ...view, workflowId, status: status.name };
}
