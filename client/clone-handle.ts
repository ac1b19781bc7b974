import { setTimeout as sleep } from 'node:timers/promises';
import {
  TerminatedFailure,
  WorkflowFailedError,
  type Client,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import type { CloneType, ResultOf } from '../contracts/clone-types.ts';
import { InvalidRequestError } from '../contracts/faults.ts';
import { WORKFLOW } from '../contracts/names.ts';
import { requestOf, toPendingStep, toSummary, uiPathOf, type CloneDescription } from './description.ts';
import { CloneCancelledError, CloneFailedError, CloneNotFoundError, CloneStillRunningError } from './errors.ts';
import { FanOutLook } from './fan-out-progress.ts';
import { isCloneType } from './labels.ts';
import { throughChildren } from './refresh-progress.ts';
import { observe } from './observe.ts';
import { OUTAGE_MS } from './outage.ts';
import { outcomeError } from './outcome.ts';
import { isTerminal, toProgressView, type CloneProgressView, type Observed } from './progress-view.ts';
import type { CloneWorkflow } from './start-options.ts';
import { isOutage, translate } from './temporal-errors.ts';
import { Waiting } from './waiting.ts';

export interface ResultOptions {
  /** Stop waiting after this many milliseconds, with `CloneStillRunningError`; the clone goes on. @default for ever */
  timeoutMs?: number;
  /** Stops the waiting, never the clone. The promise rejects with the signal's reason. */
  signal?: AbortSignal;
}

export interface ProgressOptions {
  /** Milliseconds between two looks at Temporal. They cost the storage cluster nothing. @default 1_000 */
  intervalMs?: number;
  /** Stops the watching, never the clone. The iteration ends without an error. */
  signal?: AbortSignal;
  /** How long Temporal may be away before watching fails, in milliseconds. @default 300_000 */
  outageMs?: number;
}

const LOOK_MS = 5_000;
const AWAY = 'Temporal does not answer, asking again; the copy itself goes on';

/**
 * One clone, or what makes several: to wait for, to watch, to cancel. Get it from `CloneClient.start`, `startGroup` or
 * `handle`.
 */
export class CloneHandle<T extends CloneType = 'cloneVolume'> {
  readonly workflowId: string;
  /** True when `start` found the clone that has the requestId already, and started nothing. */
  readonly joined: boolean;
  private readonly client: Client;

  constructor(client: Client, workflowId: string, joined = false) {
    this.client = client;
    this.workflowId = workflowId;
    this.joined = joined;
  }

  /**
   * Waits for the end, also over an outage of Temporal of a few minutes.
   * @throws CloneFailedError, CloneCancelledError, InvalidRequestError, RequestConflictError, CloneNotFoundError,
   * CloneStillRunningError, ServiceUnavailableError
   */
  async result(options: ResultOptions = {}): Promise<ResultOf<T>> {
    const waiting = new Waiting(this.client, options);
    const result = () => waiting.call(() => this.handle().result());
    try {
      return await waiting.for(() => this.followResets(result));
    } catch (err) {
      if (waiting.hasPassed()) {
        throw new CloneStillRunningError(
          `The clone ${this.workflowId} is still running after ${options.timeoutMs} ms; it goes on without this caller`,
          { workflowId: this.workflowId, cause: err },
        );
      }
      throw err instanceof WorkflowFailedError ? outcomeError(err, this.workflowId) : this.translate(err);
    }
  }

  /**
   * Progress until the end; the last view has the phase done, failed or cancelled. Nothing is thrown for a clone that
   * fails: `result()` tells why. While Temporal is away the last view is carried on and its message says so.
   */
  async *progress(options: ProgressOptions = {}): AsyncGenerator<CloneProgressView, void, undefined> {
    const { intervalMs = 1_000, signal, outageMs = OUTAGE_MS } = options;
    let last: CloneProgressView | undefined;
    let observed: Observed | undefined;
    let lastAnswer = Date.now();
    const fanOut = new FanOutLook(this.client);
    for (;;) {
      if (signal?.aborted) return;
      try {
        // Bounded, since the SDK by itself tries for a long time before it says that nobody answers.
        const description = await this.client.withDeadline(Date.now() + LOOK_MS, () => this.describeRaw());
        observed = await observe(this.client, description);
        const own = toProgressView(observed, Date.now(), last);
        const view = await this.whole(own, description, fanOut);
        lastAnswer = Date.now();
        // The phase is published before the workflow ends: only its end is the end.
        if (isTerminal(view.phase) && observed.status !== 'RUNNING') {
          yield view;
          return;
        }
        last = isTerminal(view.phase) ? { ...view, phase: last?.phase ?? 'waiting' } : view;
        yield last;
      } catch (err) {
        if (!isOutage(err) || Date.now() - lastAnswer > outageMs) throw err;
        if (observed && last) yield { ...toProgressView(observed, Date.now(), last), message: AWAY };
      }
      await sleep(intervalMs, undefined, { signal }).catch(() => {});
    }
  }

  /** All there is to know now, in one answer; for a clone that has ended, its result or failure too. */
  async describe(): Promise<CloneDescription<T>> {
    const raw = await this.describeRaw();
    const observed = await observe(this.client, raw);
    const summary = toSummary(raw);
    const request = summary.request ?? (await this.call(() => requestOf(this.client, raw)));
    // Type, request and result belong together, which the compiler cannot see.
    return {
      ...summary,
      ...(request === undefined ? {} : { request }),
      taskQueue: raw.taskQueue,
      progress: await this.progressOf(raw, observed),
      ...(observed.pending === undefined ? {} : { pendingStep: toPendingStep(observed.pending) }),
      uiPath: uiPathOf(this.client.options.namespace, raw),
      ...(raw.status.name === 'RUNNING' || raw.status.name === 'PAUSED' ? {} : await this.ending()),
    } as unknown as CloneDescription<T>;
  }

  /**
   * Asks the clone to stop and to undo what it has made; `result()` or `progress()` tell when that is done.
   * @returns false when it had ended already
   */
  async cancel(): Promise<boolean> {
    // Looked at first: the ID may be that of somebody else's workflow in the same namespace.
    const { status } = await this.describeRaw();
    if (status.name !== 'RUNNING' && status.name !== 'PAUSED') return false;
    try {
      await this.handle().cancel();
      return true;
    } catch (err) {
      const error = this.translate(err);
      // It ended between the look and the call.
      if (error instanceof CloneNotFoundError) return false;
      throw error;
    }
  }

  private handle() {
    return this.client.workflow.getHandle<CloneWorkflow<T>>(this.workflowId);
  }

  private async describeRaw(): Promise<WorkflowExecutionDescription> {
    const description = await this.call(() => this.handle().describe());
    if (!isCloneType(description.type)) {
      throw new CloneNotFoundError(
        `"${this.workflowId}" is no clone but a workflow of the type "${description.type}"; it is left alone`,
        { workflowId: this.workflowId },
      );
    }
    return description;
  }

  private async progressOf(raw: WorkflowExecutionDescription, observed: Observed): Promise<CloneProgressView> {
    const own = toProgressView(observed, Date.now());
    return this.whole(own, raw, new FanOutLook(this.client));
  }

  /** With what the workflows below it say. */
  private async whole(
    own: CloneProgressView,
    d: WorkflowExecutionDescription,
    fanOut: FanOutLook,
  ): Promise<CloneProgressView> {
    if (d.type === WORKFLOW.cloneFanOut) return fanOut.over(own, d);
    return d.type === WORKFLOW.refreshClone ? throughChildren(this.client, own, d) : own;
  }

  private async ending(): Promise<{ result: ResultOf<T> } | Pick<CloneDescription, 'failure'>> {
    try {
      return { result: await this.result() };
    } catch (err) {
      if (err instanceof InvalidRequestError) {
        return { failure: { code: 'INVALID_REQUEST', message: err.message, faults: err.faults } };
      }
      if (err instanceof CloneFailedError || err instanceof CloneCancelledError) {
        const { code, message, details } = err;
        return { failure: { code, message, ...(details === undefined ? {} : { details }) } };
      }
      if (err instanceof Error && 'code' in err && err.code === 'REQUEST_CONFLICT') {
        return { failure: { code: err.code, message: err.message } };
      }
      throw err;
    }
  }

  /** A reset ends the run that is waited for and starts another one under the same ID. */
  private async followResets<R>(wait: () => Promise<R>): Promise<R> {
    for (;;) {
      try {
        return await wait();
      } catch (err) {
        if (!(err instanceof WorkflowFailedError && err.cause instanceof TerminatedFailure)) throw err;
        if ((await this.describeRaw()).status.name !== 'RUNNING') throw err;
      }
    }
  }

  private async call<R>(fn: () => Promise<R>): Promise<R> {
    try {
      return await fn();
    } catch (err) {
      throw this.translate(err);
    }
  }

  private translate(err: unknown): unknown {
    return translate(err, { namespace: this.client.options.namespace, workflowId: this.workflowId });
  }
}
