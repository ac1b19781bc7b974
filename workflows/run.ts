import { CancellationScope, CancelledFailure, log, workflowInfo, type ApplicationFailure } from '@temporalio/workflow';
import type { ClonePlan, InLine, LinePass, Owner, StepResult } from '../activities/types.ts';
import type { FailureSubject, LeftBehind } from '../contracts/failure.ts';
import type { LeaseOfClone } from '../contracts/lease.ts';
import { DEFAULT_PRIORITY, type Phase } from '../contracts/names.ts';
import { isRequestID, workflowIDForRequest } from '../contracts/workflow-id.ts';
import { Compensation } from './compensation.ts';
import { timeLeft } from './deadline.ts';
import { cloneFailed, invalidRequest, madeNothing, reasonOf, sentence, wasCancelled } from './failure.ts';
import { joinOrRun } from './join.ts';
import { ownerOf } from './owner.ts';
import { Measures } from './measure.ts';
import { publish } from './search-attributes.ts';
import { startLease } from './start-lease.ts';
import { Story, type Step } from './story.ts';
import { Turn } from './turn.ts';

/** What every request has. Until preflight has checked it, anything may stand there. */
export interface Order {
  cluster: string;
  requestId?: string | undefined;
  requestedBy?: string | undefined;
  deadline?: string | undefined;
  onFailure?: 'cleanup' | 'keep' | undefined;
  priority?: number | undefined;
}

/** What a failure is about, in words and for programs. */
export interface Subject {
  /** As in "… failed in step x": `Cloning volume 42 of cluster lab to "db"`. */
  what: string;
  details: FailureSubject;
}

/**
 * Serves a request in the one workflow that its requestId allows: the ID of the workflow is the lock on the key, and
 * whoever comes under another name waits for the holder's result. What fails or is cancelled is undone.
 */
export async function serve<R extends Order, T>(
  type: string,
  request: R,
  title: string,
  makeRun: () => Run<R, T>,
): Promise<T> {
  const key = request?.requestId;
  // A key that cannot be one is refused by preflight, with everything else that is wrong.
  if (isRequestID(key) && workflowInfo().workflowId !== workflowIDForRequest(key)) {
    return joinOrRun(type, key, request, title);
  }
  return carryOut(makeRun());
}

/** What fails or is cancelled is undone. */
export async function carryOut<R extends Order, T>(run: Run<R, T>): Promise<T> {
  try {
    return await run.run();
  } catch (err) {
    throw await CancellationScope.nonCancellable(() => run.fail(err));
  }
}

/** One request on its way: where it is, what it has made, and how to undo that. */
export abstract class Run<R extends Order, T> {
  protected readonly request: R;
  protected readonly owner: Owner;
  protected readonly story: Story;
  protected readonly compensation: Compensation = new Compensation();
  protected readonly startedAt = workflowInfo().startTime.toISOString();
  protected apiCalls = 0;
  protected step = 'preflight';
  private cutShort = false;
  private readonly turn = new Turn();
  private readonly measures = new Measures();

  constructor(request: R, title: string, steps?: readonly Step[]) {
    this.request = request;
    this.owner = ownerOf(request);
    this.story = new Story(title, steps);
  }

  abstract run(): Promise<T>;
  protected abstract subject(): Subject;

  /** Undoes what was made and returns what to throw. Runs in a scope that no cancellation reaches. */
  async fail(err: unknown): Promise<unknown> {
    const refused = this.step.startsWith('preflight') ? invalidRequest(err) : undefined;
    const cancelled = wasCancelled(err);
    const outcome = cancelled ? 'cancelled' : refused ? 'refused' : 'failed';
    this.measures.endPhase(outcome);
    const kept = this.request?.onFailure === 'keep' && refused === undefined;
    if (!refused) {
      const what = cancelled ? 'Cancelled.' : `Failed in step ${this.step}: ${sentence(reasonOf(err))}`;
      this.story.say(kept ? what : `${what} Undoing what was made.`);
    }
    // What an earlier run may have made is not refused with this one's call.
    const refusedClearly = madeNothing(err) && !this.cutShort;
    const { undone, leftBehind } = kept
      ? await this.compensation.leave(refusedClearly)
      : await this.compensation.run(refusedClearly);
    this.measures.end(outcome);
    if (!refused) this.measures.compensated(kept ? 'kept' : leftBehind.length === 0 ? 'clean' : 'leftBehind');
    publish({ phase: cancelled ? 'cancelled' : 'failed' });
    const failure = refused ?? this.failure(err, undone, leftBehind, kept);
    this.story.end(cancelled ? 'cancelled' : 'failed', failure.message);
    return cancelled && leftBehind.length === 0 ? new CancelledFailure('cancelled') : failure;
  }

  private failure(err: unknown, undone: string[], leftBehind: LeftBehind[], kept: boolean): ApplicationFailure {
    return cloneFailed(err, { ...this.subject(), step: this.step, undone, leftBehind, kept });
  }

  /**
   * True when an earlier run of this workflow was ended from outside. It may have come further than this one will, so
   * that everything is to be undone from the start.
   */
  protected wasCutShort({ earlierRunEndedAt }: { earlierRunEndedAt?: string | null }): boolean {
    return (this.cutShort = this.owner.wasReset === true || earlierRunEndedAt != null);
  }

  /** The step that begins: its activity's name for programs, its own for people. */
  protected begin(activity: string, step: Step, sentenceNow: string, phase?: Phase): void {
    this.step = activity;
    this.measures.begin(step, this.subject().details.cluster);
    this.story.begin(step, sentenceNow, phase);
  }

  /** What a step has cost. */
  protected count<S extends StepResult>(result: S): S {
    this.apiCalls += result.apiCalls;
    return result;
  }

  /** Of the deadline, in milliseconds. */
  protected timeLeft(): number {
    return timeLeft(this.request?.deadline);
  }

  /** A creating step that needs clone slots, as often as it is put in line for them. */
  protected async inTurn<S extends StepResult>(
    create: (line: LinePass) => Promise<S | InLine>,
    /** The slots are ours already. */
    held?: true,
  ): Promise<S> {
    let line: LinePass = {
      priority: this.request.priority ?? DEFAULT_PRIORITY,
      inDoubtSince: null,
      ...(held === undefined ? {} : { granted: held }),
    };
    for (;;) {
      const outcome = this.count(await create(line));
      if (!('inLine' in outcome)) return outcome;
      publish({ phase: 'waiting' });
      const { granted } = this.count(await this.turn.wait(this.request.cluster, this.timeLeft()));
      line = { ...line, inDoubtSince: outcome.inDoubtSince, granted };
    }
  }

  /** A good clone is not thrown away over its snapshot: that one expires by itself, and the result says it is there. */
  protected async removeSnapshot(what: string, remove: () => Promise<boolean>): Promise<boolean> {
    try {
      return await remove();
    } catch (err) {
      if (wasCancelled(err)) throw err;
      log.warn('The snapshot could not be removed; it expires by itself', { what, error: String(err) });
      this.story.learn(`${what} could not be removed; it expires by itself`);
      return false;
    }
  }

  /** The clone is not done without the lease it was asked for: else it might silently stay for ever. */
  protected async startLease(plan: ClonePlan, clone: { volumeID: number; name: string }): Promise<LeaseOfClone> {
    this.step = 'startLease';
    const lease = await startLease(plan, this.owner, clone, this.timeLeft());
    if (lease.ended === undefined) this.compensation.lease(lease.workflowID);
    this.story.learn(
      lease.ended === undefined
        ? `${lease.workflowID} deletes volume ${clone.volumeID} at ${lease.endsAt}`
        : `${lease.workflowID} has ended before: ${lease.ended}`,
    );
    return lease;
  }

  /** The end, unless a cancellation came while the last step was finished: it would else go unheard. */
  protected finish(sentenceNow: string, /** That were cloned here, and by no child. */ bytes?: number): void {
    this.checkCancelled();
    this.measures.end('done', bytes);
    this.story.end('done', sentenceNow);
    publish({ phase: 'done' });
  }

  protected checkCancelled(): void {
    if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('cancelled');
  }
}
