import { setTimeout as sleep } from 'node:timers/promises';
import {
  ApplicationFailure,
  CancelledFailure,
  TerminatedFailure,
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
} from '@temporalio/client';
import type { RunbookFailureDetails } from '../contracts/failure.ts';
import { InvalidRequestError } from '../contracts/faults.ts';
import { FAILURE } from '../contracts/names.ts';
import { RUNBOOK } from '../contracts/runbook/names.ts';
import type { ApprovalDecision, RunbookRequest, RunbookResult, StepState } from '../contracts/runbook/types.ts';
import type { ProgressOptions, ResultOptions } from './clone-handle.ts';
import { CloneStillRunningError, TaskFailedError } from './errors.ts';
import { OUTAGE_MS } from './outage.ts';
import { DecisionRefusedError, RunbookCancelledError, RunbookFailedError } from './runbook-errors.ts';
import { isOutage, translate } from './temporal-errors.ts';
import { Waiting } from './waiting.ts';

const ANSWER_MS = 30_000;

type Runbook = (request: RunbookRequest) => Promise<RunbookResult>;

/** How a run stands. */
export interface RunbookView {
  workflowId: string;
  /** RUNNING, COMPLETED, FAILED, CANCELLED, TERMINATED, TIMED_OUT. */
  status: string;
  /** In the order of the document; empty before it was checked. */
  steps: StepState[];
}

/** One run of a runbook: to wait for, to watch, to decide over, to cancel. */
export class RunbookHandle {
  readonly workflowId: string;
  /** True when `start` found the run that has the requestId already, and started nothing. */
  readonly joined: boolean;
  private readonly client: Client;

  constructor(client: Client, workflowId: string, joined = false) {
    this.client = client;
    this.workflowId = workflowId;
    this.joined = joined;
  }

  /**
   * Waits for the end, also over an outage of Temporal of a few minutes.
   * @throws RunbookFailedError, RunbookCancelledError, InvalidRequestError, CloneNotFoundError, CloneStillRunningError
   */
  async result(options: ResultOptions = {}): Promise<RunbookResult> {
    const waiting = new Waiting(this.client, options);
    try {
      return await waiting.for(() => waiting.call(() => this.handle().result()));
    } catch (err) {
      if (waiting.hasPassed()) {
        const message = `The runbook ${this.workflowId} is still running after ${options.timeoutMs} ms; it goes on without this caller`;
        throw new CloneStillRunningError(message, { workflowId: this.workflowId, cause: err });
      }
      throw err instanceof WorkflowFailedError ? this.outcome(err) : this.translate(err);
    }
  }

  /** The steps as they stand. Of a run that has ended too, as long as a worker runs. */
  async view(): Promise<RunbookView> {
    try {
      const { status } = await this.handle().describe();
      const steps = await this.client.withDeadline(Date.now() + ANSWER_MS, () =>
        this.handle().query<StepState[]>(RUNBOOK.steps),
      );
      return { workflowId: this.workflowId, status: status.name, steps };
    } catch (err) {
      throw this.translate(err);
    }
  }

  /** The steps until the end. Nothing is thrown for a run that fails: `result()` tells why. */
  async *watch({ intervalMs = 1_000, signal, outageMs = OUTAGE_MS }: ProgressOptions = {}): AsyncGenerator<
    RunbookView,
    void,
    undefined
  > {
    let lastAnswer = Date.now();
    for (;;) {
      if (signal?.aborted) return;
      try {
        const view = await this.view();
        lastAnswer = Date.now();
        yield view;
        if (view.status !== 'RUNNING' && view.status !== 'PAUSED') return;
      } catch (err) {
        if (!isOutage(err) || Date.now() - lastAnswer > outageMs) throw err;
      }
      await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /**
   * Gives or refuses an approval that the run waits for; the same decision twice is fine.
   * @throws DecisionRefusedError with the reason; TaskFailedError when no worker answers
   */
  async decide(decision: ApprovalDecision): Promise<StepState> {
    const { workflowId } = this;
    try {
      return await this.client.withDeadline(Date.now() + ANSWER_MS, () =>
        this.handle().executeUpdate<StepState, [ApprovalDecision]>(RUNBOOK.decide, { args: [decision] }),
      );
    } catch (err) {
      if (err instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
        throw new TaskFailedError(
          `No worker has answered for ${workflowId}; whether the decision counts is not known. Is one running? See "element-clone runbook show ${workflowId}"`,
          { workflowId, cause: err },
        );
      }
      if (err instanceof WorkflowUpdateFailedError && err.cause instanceof ApplicationFailure) {
        throw new DecisionRefusedError(err.cause.message, { workflowId, cause: err });
      }
      if (err instanceof WorkflowNotFoundError && (await this.exists())) {
        throw new DecisionRefusedError(`too late: ${workflowId} has ended`, { workflowId, cause: err });
      }
      throw this.translate(err);
    }
  }

  /** Asks for it; the run undoes what it has done. False when it has ended before. */
  async cancel(): Promise<boolean> {
    try {
      const { status } = await this.handle().describe();
      if (status.name !== 'RUNNING' && status.name !== 'PAUSED') return false;
      await this.handle().cancel();
      return true;
    } catch (err) {
      if (err instanceof WorkflowNotFoundError && (await this.exists())) return false;
      throw this.translate(err);
    }
  }

  private handle() {
    return this.client.workflow.getHandle<Runbook>(this.workflowId);
  }

  private async exists(): Promise<boolean> {
    return this.handle()
      .describe()
      .then(
        () => true,
        () => false,
      );
  }

  private outcome(err: WorkflowFailedError): Error {
    const { workflowId } = this;
    const { cause } = err;
    const options = { workflowId, cause: err };
    if (cause instanceof CancelledFailure) {
      return new RunbookCancelledError(
        `The runbook ${workflowId} was cancelled; what it had done was undone.`,
        options,
      );
    }
    if (cause instanceof TerminatedFailure) {
      return new RunbookFailedError(
        `The runbook ${workflowId} was terminated (${cause.message}); nothing was undone.`,
        options,
      );
    }
    if (!(cause instanceof ApplicationFailure)) return new RunbookFailedError(cause?.message ?? err.message, options);
    const first: unknown = cause.details?.[0];
    if (cause.type === FAILURE.invalidRequest && Array.isArray(first))
      return new InvalidRequestError(first.map(String));
    const details = cause.type === FAILURE.runbookFailed ? (first as RunbookFailureDetails) : undefined;
    const all = { ...options, ...(details === undefined ? {} : { details }) };
    return details?.cancelled === true
      ? new RunbookCancelledError(cause.message, all)
      : new RunbookFailedError(cause.message, all);
  }

  private translate(err: unknown): unknown {
    return translate(err, { namespace: this.client.options.namespace, workflowId: this.workflowId });
  }
}
