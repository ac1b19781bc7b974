import {
  CancellationScope,
  CancelledFailure,
  defineQuery,
  defineUpdate,
  isCancellation,
  setHandler,
  sleep,
  workflowInfo,
  type ApplicationFailure,
} from '@temporalio/workflow';
import { parseDuration } from '../../contracts/duration.ts';
import type { LeftBehind } from '../../contracts/failure.ts';
import { isObject } from '../../contracts/json-object.ts';
import { asText } from '../../contracts/runbook/json-value.ts';
import { DEFAULT_RUNBOOK_TIMEOUT, RUNBOOK, VALUES_BYTES_MAX } from '../../contracts/runbook/names.ts';
import type {
  ApprovalDecision,
  Json,
  RunbookDocument,
  RunbookRequest,
  RunbookResult,
  RunbookStep,
  StepKind,
  StepOutcome,
  StepState,
} from '../../contracts/runbook/types.ts';
import { invalidRequest, reasonOf, wasCancelled } from '../failure.ts';
import { publish } from '../search-attributes.ts';
import { checks } from './activities.ts';
import { Approvals } from './approvals.ts';
import { Budget } from './budget.ts';
import { expand, isTooLarge, isTrue, type Scope } from './expressions.ts';
import { leftByChild, madeBy, runbookFailed, type Fault } from './failure.ts';
import { NotEnded } from './foreign.ts';
import { kindOf } from './kind.ts';
import { StepRunner, type Acted, type Identity } from './step.ts';
import { showTree } from './tree.ts';
import { undoAll } from './undo.ts';

/** Kinds of steps that a run which has failed does not wait for: a nested run that is cancelled undoes itself. */
const WAITING: ReadonlySet<StepKind> = new Set(['wait', 'approval', 'runbook']);

/** One run of a runbook: where its steps stand, and what they have done. */
export class RunbookRun {
  private readonly request: RunbookRequest;
  private inputs: Record<string, Json> = {};
  /** Of all steps that are not to run always. */
  private readonly main = new CancellationScope();
  /** Of those among them that merely wait: they end as soon as the run has failed. */
  private readonly waits = new CancellationScope();
  /** In the order of the document. Empty until that is checked. */
  private readonly states: StepState[] = [];
  private readonly outputs = new Map<string, Json>();
  private readonly ends = new Map<string, { promise: Promise<void>; resolve: () => void }>();
  /** In the order in which they ended. */
  private readonly acted: Acted[] = [];
  private readonly leftBehind: LeftBehind[] = [];
  /** Workflows that were asked to cancel and have not ended, in words. */
  private readonly notEnded: string[] = [];
  private readonly approvals: Approvals;
  private readonly identity: Identity;
  private readonly startedAt = workflowInfo().startTime.toISOString();
  private fault: Fault | undefined;
  readonly budget = new Budget();

  constructor(request: RunbookRequest) {
    this.request = request;
    const { workflowId, runId, firstExecutionRunId } = workflowInfo();
    this.identity = {
      workflowID: workflowId,
      // Another one for another run, though it has the same requestId: what the run before made is undone.
      key: `${typeof request?.requestId === 'string' ? request.requestId : 'runbook'}.${randomPart(firstExecutionRunId)}`,
      run: firstExecutionRunId,
      wasReset: runId !== firstExecutionRunId,
      ...(typeof request?.requestedBy === 'string' ? { requestedBy: request.requestedBy } : {}),
    };
    this.approvals = new Approvals(this.states, () => this.show());
    // Before the first await: messages may come with the start.
    setHandler(defineQuery<StepState[]>(RUNBOOK.steps), () => this.states);
    setHandler(
      defineUpdate<StepState, [ApprovalDecision]>(RUNBOOK.decide),
      (decision) => this.approvals.decide(decision),
      { validator: (decision) => this.approvals.check(decision) },
    );
    this.main.cancelRequested.catch(() => undefined);
    this.waits.cancelRequested.catch(() => undefined);
  }

  async run(): Promise<RunbookResult> {
    this.show();
    await this.check();
    const clock = this.startClock();
    await Promise.all(this.document.steps.map((step) => this.follow(step)));
    clock.cancel();
    const outputs = this.isOver() ? undefined : this.result();
    if (outputs === undefined) throw await this.fail();
    publish({ phase: 'done' });
    this.show('Done.');
    return { name: this.document.name, outputs, steps: this.states };
  }

  private get document(): RunbookDocument {
    return this.request.runbook;
  }

  private isOver(): boolean {
    return this.fault !== undefined || this.main.consideredCancelled;
  }

  private async check(): Promise<void> {
    try {
      const checked = await this.main.run(() =>
        checks.checkRunbook.executeWithOptions({ summary: 'Check the runbook' }, [{ request: this.request }]),
      );
      this.inputs = checked.inputs;
      for (const step of this.document.steps) {
        this.states.push(newState(step));
        this.ends.set(step.id, deferred());
      }
    } catch (err) {
      const cancelled = isCancellation(err) || this.main.consideredCancelled;
      publish({ phase: cancelled ? 'cancelled' : 'failed' });
      throw cancelled ? new CancelledFailure('cancelled') : (invalidRequest(err) ?? err);
    }
  }

  /** Ends the run when its time is over. */
  private startClock(): CancellationScope {
    const text = this.document.timeout ?? DEFAULT_RUNBOOK_TIMEOUT;
    const clock = new CancellationScope();
    const over = () => {
      this.failed({ run: 'timeout', error: new Error(`it had not ended after ${text}`) });
      this.main.cancel();
    };
    clock.run(() => sleep(parseDuration(text)!, { summary: 'The time for the whole run' })).then(over, () => undefined);
    return clock;
  }

  /** From when what the step needs has ended until it has ended itself. Never throws. */
  private async follow(step: RunbookStep): Promise<void> {
    await Promise.all((step.needs ?? []).map((id) => this.ends.get(id)!.promise));
    const state = this.state(step.id);
    if (this.isOver() && step.always !== true) this.end(state, 'cancelled', 'not started');
    else await this.carryOut(step, state);
    this.ends.get(step.id)!.resolve();
  }

  private async carryOut(step: RunbookStep, state: StepState): Promise<void> {
    try {
      if (step.when !== undefined && !isTrue(step.when, this.scope())) return this.end(state, 'skipped');
      state.startedAt = now();
      state.outcome = 'running';
      this.show();
      const runner = new StepRunner(step, state, this);
      const scope = WAITING.has(state.kind) ? this.waits : this.main;
      const done = step.always === true ? await runner.run() : await scope.run(() => runner.run());
      this.outputs.set(step.id, done.output);
      this.end(state, done.skipped === undefined ? 'succeeded' : 'skipped', done.skipped);
    } catch (err) {
      this.leftBehind.push(...leftByChild(err));
      const wasWithdrawn = this.main.consideredCancelled || (this.fault !== undefined && wasCancelled(err));
      if (wasWithdrawn && step.always !== true) {
        return this.end(state, 'cancelled', err instanceof NotEnded ? err.message : undefined);
      }
      this.end(state, 'failed', reasonOf(err));
      if (step.allowFailure !== true) this.failed({ step: step.id, error: err });
    }
  }

  /** The first failure is the one that counts. Nobody is waited for any more. */
  private failed(fault: Fault): void {
    this.fault ??= fault;
    this.waits.cancel();
  }

  private end(state: StepState, outcome: StepOutcome, note?: string): void {
    state.outcome = outcome;
    state.endedAt = now();
    delete state.approval;
    if (note === undefined) delete state.note;
    else state.note = note.slice(0, 500);
    this.show();
  }

  /** `undefined` when they cannot be made, which fails the run. */
  private result(): Record<string, Json> | undefined {
    try {
      const outputs = expand(this.document.outputs ?? {}, this.scope()) as Record<string, Json>;
      if (isTooLarge(outputs)) throw new Error(`they are larger than ${VALUES_BYTES_MAX} bytes`);
      return outputs;
    } catch (err) {
      this.fault = { run: 'outputs', error: err };
      return undefined;
    }
  }

  /** Undoes what was done and returns what to throw. */
  private async fail(): Promise<ApplicationFailure | CancelledFailure> {
    const cancelled = this.fault === undefined;
    this.show(cancelled ? 'Cancelled. Undoing what was done.' : 'Failed. Undoing what was done.');
    const undoing = await undoAll(this);
    const made = this.acted.flatMap((acted) => madeBy(acted, this.defaultCluster));
    const leftBehind = [
      ...this.leftBehind,
      ...undoing.leftBehind,
      ...made.filter((m) => !undoing.gone.has(m.key)).map((m) => m.left),
    ];
    const failedUndo = [...this.notEnded, ...undoing.failed];
    publish({ phase: cancelled ? 'cancelled' : 'failed' });
    const failure = runbookFailed(this.document.name, this.fault, {
      undone: undoing.undone,
      failedUndo,
      leftBehind,
      steps: this.states,
    });
    this.show(failure.message);
    const clean = cancelled && leftBehind.length === 0 && failedUndo.length === 0;
    return clean ? new CancelledFailure('cancelled') : failure;
  }

  /* What steps work with. */

  get id(): Identity {
    return this.identity;
  }

  get waitingApprovals(): Approvals {
    return this.approvals;
  }

  get defaultCluster(): string | undefined {
    if (this.document.cluster === undefined) return undefined;
    return asText(expand(this.document.cluster, { inputs: this.inputs }));
  }

  get done(): readonly Acted[] {
    return this.acted;
  }

  scope(): Scope {
    const steps = Object.fromEntries(
      this.states.map(({ id, outcome }) => {
        const outputs = this.outputs.get(id);
        return [id, { ...(isObject(outputs) ? outputs : {}), outcome }];
      }),
    );
    const { workflowID } = this.identity;
    const run = { id: workflowID, requestId: this.request.requestId ?? workflowID, startedAt: this.startedAt };
    return { inputs: this.inputs, steps, run };
  }

  state(id: string): StepState {
    return this.states.find((s) => s.id === id)!;
  }

  /** Whether the step is to begin nothing more. `undefined`: what undoes. */
  isOverFor(step: RunbookStep | undefined): boolean {
    return step !== undefined && step.always !== true && this.isOver();
  }

  /** Ends early, with a cancellation, when the run fails. */
  waitFor<T>(step: RunbookStep | undefined, wait: () => Promise<T>): Promise<T> {
    return step === undefined || step.always === true ? wait() : this.waits.run(wait);
  }

  /** A step, or an item of it, that has begun to act and has ended. */
  remember(acted: Acted): void {
    this.acted.push(acted);
  }

  /** A workflow of a step, or of an item, that was asked to cancel and has not ended. */
  givenUp(name: string, why: string): void {
    this.notEnded.push(`${name} (${why})`);
  }

  show(sentence?: string): void {
    showTree(this.request, this.states, sentence);
  }
}

const now = () => new Date().toISOString();

/** Of a run ID, which begins with the time: 62 bits that no other run has. */
const randomPart = (runID: string) => runID.slice(-17).replace('-', '');

const newState = (step: RunbookStep): StepState => ({
  id: step.id,
  kind: kindOf(step),
  ...(step.title === undefined ? {} : { title: step.title }),
  needs: step.needs ?? [],
  outcome: 'pending',
});

function deferred() {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((r) => (resolve = r));
  return { promise, resolve };
}
