import { CancellationScope, CancelledFailure, sleep } from '@temporalio/workflow';
import { parseDuration } from '../../contracts/duration.ts';
import {
  ACTIONS_MAX,
  DEFAULT_PARALLEL,
  DEFAULT_RETRY_DELAY,
  DEFAULT_UNDO_TIMEOUT,
  RETRY_DELAY_MAX_MS,
} from '../../contracts/runbook/names.ts';
import type { Json, RunbookRetry, RunbookStep, StepKind, StepState } from '../../contracts/runbook/types.ts';
import { reasonOf, wasCancelled } from '../failure.ts';
import { act, prepare } from './actions.ts';
import { listOf } from './expressions.ts';
import { isFinal } from './failure.ts';
import { kindOf } from './kind.ts';
import type { RunbookRun } from './run.ts';
import { within } from './within.ts';

/** Who runs: what keys and tags are made of. */
export interface Identity {
  workflowID: string;
  /** Where the keys of what the run makes begin: the same over resets. */
  key: string;
  /** ID of its first execution. */
  run: string;
  wasReset: boolean;
  requestedBy?: string;
}

/** What a step came to. */
export interface Done {
  output: Json;
  /** Why it counts as skipped. */
  skipped?: string;
}

/** A step, or one item of it, that has begun to act and has ended. */
export interface Acted {
  step: RunbookStep;
  kind: StepKind;
  /** How people call it. */
  name: string;
  fields: { [field: string]: Json };
  output: Json | undefined;
  /** Of a step with `forEach`. */
  item?: { item: Json; index: number };
}

/** Carries out one step: its items, at most `parallel` at a time, and each as often as `retry` says. */
export class StepRunner {
  private readonly step: RunbookStep;
  private readonly state: StepState;
  private readonly runbook: RunbookRun;

  constructor(step: RunbookStep, state: StepState, run: RunbookRun) {
    this.step = step;
    this.state = state;
    this.runbook = run;
  }

  async run(): Promise<Done> {
    if (this.step.forEach === undefined) return this.attempts();
    const list = listOf(this.step.forEach, this.runbook.scope());
    if (list.length > ACTIONS_MAX)
      throw new Error(`forEach has ${list.length} items; at most ${ACTIONS_MAX} can be done`);
    return { output: { items: await this.items(list) } };
  }

  /** After an item that fails no other one begins, unless failures are allowed. */
  private async items(list: readonly Json[]): Promise<Json[]> {
    const results: Json[] = list.map(() => null);
    const failures: { index: number; err: unknown }[] = [];
    const progress = (this.state.items = { done: 0, of: list.length });
    let next = 0;
    const work = async () => {
      while (next < list.length && (failures.length === 0 || this.step.allowFailure === true)) {
        if (CancellationScope.current().consideredCancelled || this.runbook.isOverFor(this.step)) {
          throw new CancelledFailure('the run has ended meanwhile');
        }
        const index = next;
        next += 1;
        try {
          results[index] = (await this.attempts({ item: list[index]!, index })).output;
        } catch (err) {
          results[index] = { outcome: 'failed', error: reasonOf(err).slice(0, 500) };
          failures.push({ index, err });
        }
        progress.done += 1;
        this.runbook.show();
      }
    };
    const parallel = Math.min(this.step.parallel ?? DEFAULT_PARALLEL, list.length);
    const ended = await Promise.allSettled(Array.from({ length: parallel }, work));
    const [first] = failures;
    if (first !== undefined && this.step.allowFailure !== true) {
      const others = failures.length === 1 ? '' : `, and ${failures.length - 1} more`;
      throw Object.assign(new Error(`item ${first.index} of ${list.length} failed${others}: ${reasonOf(first.err)}`), {
        causes: failures.map((f) => f.err),
      });
    }
    const withdrawn = ended.find((e) => e.status === 'rejected');
    if (withdrawn !== undefined) throw withdrawn.reason;
    return results;
  }

  private async attempts(item?: Acted['item']): Promise<Done> {
    const { step, runbook: run } = this;
    const name = item === undefined ? step.id : `${step.id}[${item.index}]`;
    const acted: Acted = {
      ...{ step, kind: kindOf(step), name, fields: {}, output: undefined },
      ...(item === undefined ? {} : { item }),
    };
    let begun = false;
    try {
      const timeout = step.timeout ?? (step.always === true ? DEFAULT_UNDO_TIMEOUT : undefined);
      const how = { retry: step.retry, state: this.state, step };
      return await repeat(run, how, async (attempt) => {
        const action = prepare(run, step, name, attempt, { ...run.scope(), ...item });
        acted.fields = action.fields;
        begun = true;
        const done = await within(timeout, () => act(run, action, item === undefined ? this.state : undefined));
        acted.output = done.output;
        return done;
      });
    } finally {
      if (begun) run.remember(acted);
    }
  }
}

interface Repeating {
  retry: RunbookRetry | undefined;
  state?: StepState;
  /** Whose attempts they are; without it they undo. */
  step?: RunbookStep;
}

/** Tries as often as `retry` says, with pauses that double. What would fail in the same way again is not repeated. */
export async function repeat<T>(
  run: RunbookRun,
  { retry, state, step }: Repeating,
  once: (attempt: number) => Promise<T>,
): Promise<T> {
  const attempts = retry?.attempts ?? 1;
  for (let attempt = 1; ; attempt += 1) {
    run.budget.spend(step, attempt);
    try {
      return await once(attempt);
    } catch (err) {
      if (attempt >= attempts || wasCancelled(err) || isFinal(err) || run.isOverFor(step)) throw err;
      const first = parseDuration(retry?.delay ?? DEFAULT_RETRY_DELAY)!;
      const pause = Math.min(RETRY_DELAY_MAX_MS, first * 2 ** (attempt - 1));
      if (state !== undefined) state.note = `attempt ${attempt} of ${attempts} failed: ${reasonOf(err)}`.slice(0, 500);
      run.show();
      try {
        await run.waitFor(step, () => sleep(pause, { summary: `Before attempt ${attempt + 1} of ${attempts}` }));
      } catch {
        throw err;
      }
    }
  }
}
