import { WorkflowExecutionAlreadyStartedError, type Client, type WorkflowStartOptions } from '@temporalio/client';
import { MEMO, WORKFLOW, type Phase } from '../contracts/names.ts';
import { checkRequest, parseRunbookRequest } from '../contracts/runbook/check.ts';
import type {
  ApprovalDecision,
  RunbookRequest,
  RunbookResult,
  StepState,
  WaitingApproval,
} from '../contracts/runbook/types.ts';
import { startOfRunbook } from '../contracts/start.ts';
import { stableJSON } from '../contracts/stable-json.ts';
import type { ResultOptions } from './clone-handle.ts';
import { requestOf } from './description.ts';
import { RequestConflictError } from './errors.ts';
import { RunbookHandle } from './runbook-handle.ts';
import { KEYS } from './search-attributes.ts';
import { uniqueSuffix } from './start-options.ts';
import { translate } from './temporal-errors.ts';

export interface RunbookListOptions {
  /** Only runs that wait for somebody's decision. */
  waiting?: boolean;
  /** At most this many, newest first. @default all */
  limit?: number;
}

/** One run in a list. Times are ISO 8601, UTC. */
export interface RunbookSummary {
  workflowId: string;
  name: string;
  /** RUNNING, COMPLETED, FAILED, CANCELLED, TERMINATED, TIMED_OUT. */
  status: string;
  phase?: Phase;
  /** The decisions it waits for. */
  waitsFor: WaitingApproval[];
  /** How many decisions it waits for beside these: of very many not all are kept where a list finds them. @default 0 */
  waitsForMore?: number;
  requestedBy?: string;
  startedAt: string;
  closedAt?: string;
}

/**
 * Runs of runbooks. All may throw ServiceUnavailableError; what is about one run also CloneNotFoundError.
 *
 * ```ts
 * const run = await client.runbooks.start({ runbook: parse(text), inputs: { source: 42 }, requestId: 'uat-0412' });
 * for await (const { steps } of run.watch()) console.log(steps.map((s) => `${s.id}: ${s.outcome}`));
 * const { outputs } = await run.result();
 * ```
 */
export class Runbooks {
  private readonly temporal: Client;
  private readonly taskQueue: string;

  constructor(temporal: Client, taskQueue: string) {
    this.temporal = temporal;
    this.taskQueue = taskQueue;
  }

  /**
   * Starts a run and returns at once. With a `requestId` that is known already nothing is started, as with clones.
   * @throws InvalidRequestError with every fault, RequestConflictError
   */
  async start(request: RunbookRequest): Promise<RunbookHandle> {
    const { inputs } = parseRunbookRequest(request);
    const whole = { ...request, inputs };
    const options = this.options(whole);
    try {
      await this.temporal.workflow.start<(r: RunbookRequest) => Promise<RunbookResult>>(WORKFLOW.runbook, options);
      return new RunbookHandle(this.temporal, options.workflowId);
    } catch (err) {
      if (!(err instanceof WorkflowExecutionAlreadyStartedError)) throw this.translate(err);
      return this.join(options.workflowId, whole);
    }
  }

  /** Starts a run and waits for its outputs. */
  async run(request: RunbookRequest, options: ResultOptions = {}): Promise<RunbookResult> {
    return (await this.start(request)).result(options);
  }

  /** The run with this workflow ID. Whether there is one shows at the first call. */
  handle(workflowId: string): RunbookHandle {
    return new RunbookHandle(this.temporal, workflowId);
  }

  /** Gives or refuses an approval: see `RunbookHandle.decide`. */
  decide(workflowId: string, decision: ApprovalDecision): Promise<StepState> {
    return this.handle(workflowId).decide(decision);
  }

  /** Runs, newest first. The server's index lags by a second or so. */
  async *list({ waiting = false, limit = Infinity }: RunbookListOptions = {}): AsyncGenerator<
    RunbookSummary,
    void,
    undefined
  > {
    const query = [
      `WorkflowType = '${WORKFLOW.runbook}'`,
      ...(waiting ? ["ElementPhase = 'waiting'", "ExecutionStatus = 'Running'"] : []),
    ].join(' AND ');
    let count = 0;
    try {
      for await (const info of this.temporal.workflow.list({ query, pageSize: Math.min(limit, 1_000) })) {
        if (count >= limit) return;
        count += 1;
        const request = info.memo?.[MEMO.request] as RunbookRequest | undefined;
        const running = info.status.name === 'RUNNING' || info.status.name === 'PAUSED';
        const phase = info.typedSearchAttributes.get(KEYS.phase) as Phase | undefined;
        const more = running ? Number(info.memo?.[MEMO.moreApprovals] ?? 0) : 0;
        yield {
          workflowId: info.workflowId,
          name: request?.runbook.name ?? '?',
          status: info.status.name,
          ...(phase === undefined ? {} : { phase }),
          waitsFor: running ? ((info.memo?.[MEMO.approvals] as WaitingApproval[] | undefined) ?? []) : [],
          ...(more === 0 ? {} : { waitsForMore: more }),
          ...(request?.requestedBy === undefined ? {} : { requestedBy: request.requestedBy }),
          startedAt: info.startTime.toISOString(),
          ...(info.closeTime === undefined ? {} : { closedAt: info.closeTime.toISOString() }),
        };
      }
    } catch (err) {
      throw this.translate(err);
    }
  }

  private options(request: RunbookRequest): WorkflowStartOptions<(r: RunbookRequest) => Promise<RunbookResult>> & {
    workflowId: string;
  } {
    return {
      ...startOfRunbook(request, uniqueSuffix()),
      workflowIdConflictPolicy: 'FAIL',
      taskQueue: this.taskQueue,
      args: [request],
    };
  }

  /** The run that has the key, if it was asked for the same. */
  private async join(workflowId: string, request: RunbookRequest): Promise<RunbookHandle> {
    try {
      const description = await this.temporal.workflow.getHandle(workflowId).describe();
      const isRunbook = description.type === WORKFLOW.runbook;
      const theirs = isRunbook ? ((await requestOf(this.temporal, description)) as unknown) : undefined;
      // Of another SDK it may have no values where the document has defaults.
      const same = theirs === undefined || stableJSON(checkRequest(theirs).request ?? theirs) === stableJSON(request);
      if (isRunbook && same) return new RunbookHandle(this.temporal, workflowId, true);
      const how = isRunbook ? differences((theirs ?? {}) as RunbookRequest, request) : `a ${description.type}`;
      throw new RequestConflictError(
        `requestId "${request.requestId}" was used before for a different request (${workflowId}: ${how}); use a new key, or repeat the request unchanged`,
        { workflowId },
      );
    } catch (err) {
      throw this.translate(err, workflowId);
    }
  }

  private translate(err: unknown, workflowId?: string): unknown {
    const { namespace } = this.temporal.options;
    return translate(err, { namespace, ...(workflowId === undefined ? {} : { workflowId }) });
  }
}

/** Where the two differ: a document is too long to be quoted. */
function differences(before: RunbookRequest, now: RunbookRequest): string {
  const [a, b] = [{ ...before.runbook }, { ...now.runbook }];
  const fields = (of: object, other: object, prefix: string) =>
    Object.keys({ ...of, ...other })
      .filter((key) => stableJSON((of as never)[key]) !== stableJSON((other as never)[key]))
      .map((key) => `${prefix}${key}`);
  const differing = [
    ...fields(a, b, 'runbook.'),
    ...fields({ ...before.inputs }, { ...now.inputs }, 'inputs.'),
    ...(before.requestedBy === now.requestedBy ? [] : ['requestedBy']),
  ];
  return `another ${differing.join(', ')}`;
}
