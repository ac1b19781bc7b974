import { ApplicationFailure, condition, upsertMemo } from '@temporalio/workflow';
import { parseDuration } from '../../contracts/duration.ts';
import { isoTime } from '../../contracts/lease.ts';
import { FAILURE, MEMO } from '../../contracts/names.ts';
import { asText, bytesOf } from '../../contracts/runbook/json-value.ts';
import { APPROVALS_BYTES_MAX } from '../../contracts/runbook/names.ts';
import { whoOf } from '../../contracts/runbook/tree.ts';
import type { ApprovalDecision, Json, StepState, WaitingApproval } from '../../contracts/runbook/types.ts';
import { publish } from '../search-attributes.ts';
import type { Action } from './actions.ts';
import type { Done } from './step.ts';

const COMMENT_MAX = 1_000;

/** Somebody said no, or nobody said anything in time. Asking again would not change that. */
export class NotApproved extends Error {
  override readonly name = 'NotApproved' as const;
}

/** The decisions that a run waits for, and those that were made. */
export class Approvals {
  private readonly states: readonly StepState[];
  private readonly show: () => void;
  private readonly waiting = new Map<string, WaitingApproval>();
  private readonly decisions = new Map<string, ApprovalDecision>();
  /** Why a decision comes too late. */
  private readonly closed = new Map<string, string>();

  constructor(states: readonly StepState[], show: () => void) {
    this.states = states;
    this.show = show;
  }

  /** Throws why the decision cannot be taken. */
  check(decision: ApprovalDecision): void {
    const { step, decision: what, who, comment } = asDecision(decision);
    const state = this.states.find((s) => s.id === step);
    if (state === undefined || state.kind !== 'approval') {
      const ids = this.states.filter((s) => s.kind === 'approval').map((s) => s.id);
      throw refusal(
        `step: there is no approval "${step}"; ${ids.length === 0 ? 'this runbook has none' : `there are: ${ids.join(', ')}`}`,
      );
    }
    const made = this.decisions.get(step);
    if (made !== undefined) {
      if (made.decision === what && made.who === who) return;
      throw refusal(`too late: ${made.who} has ${past(made.decision)} "${step}" already`);
    }
    const waits = this.waiting.get(step);
    if (waits === undefined) {
      const why = this.closed.get(step) ?? (state.outcome === 'pending' ? undefined : `it is ${state.outcome}`);
      throw refusal(
        why === undefined
          ? `"${step}" does not wait for a decision yet`
          : `too late: "${step}" no longer waits, ${why}`,
      );
    }
    if (!waits.from.includes(who)) {
      throw refusal(`who: "${who}" may not decide over "${step}"; ${waits.from.join(' or ')} may`);
    }
    if (comment !== undefined && comment.length > COMMENT_MAX) {
      throw refusal(`comment: must be at most ${COMMENT_MAX} characters`);
    }
  }

  decide(decision: ApprovalDecision): StepState {
    this.check(decision);
    const { step } = decision;
    if (!this.decisions.has(step)) this.decisions.set(step, decision);
    return this.states.find((s) => s.id === step)!;
  }

  /** Until somebody decides, or the time is over. */
  async wait({ fields, name }: Action, state: StepState | undefined): Promise<Done> {
    const { from, message, timeout, onTimeout = 'fail' } = fields;
    const people = (Array.isArray(from) ? from : [from ?? null]).map(asText);
    const ms = timeout === undefined ? undefined : parseDuration(timeout);
    if (timeout !== undefined && ms === undefined)
      throw new NotApproved(`timeout: ${JSON.stringify(timeout)} is no duration`);
    const until = ms === undefined ? undefined : isoTime(Date.now() + ms);
    const waits: WaitingApproval = {
      step: name,
      from: people,
      ...(typeof message === 'string' ? { message: message.slice(0, 300) } : {}),
      ...(until === undefined ? {} : { until }),
    };
    if (state !== undefined) {
      state.outcome = 'waiting';
      state.approval = { from: people, ...(until === undefined ? {} : { until }) };
      state.note = waits.message ?? `waits for ${whoOf(people)}`;
    }
    this.waiting.set(name, waits);
    this.tell();
    const decided = () => this.decisions.has(name);
    try {
      const summary = `Approval "${name}"`.slice(0, 200);
      if (ms === undefined) await condition(decided, undefined as never, { summary });
      else await condition(decided, ms, { summary });
    } finally {
      this.waiting.delete(name);
      if (!decided())
        this.closed.set(
          name,
          until !== undefined && Date.now() >= Date.parse(until)
            ? `since nobody had decided until ${until}`
            : 'since the run was cancelled',
        );
      this.tell();
    }
    return judge(this.decisions.get(name), onTimeout, until);
  }

  /** In the search attributes and the memo, so that a list needs neither history nor worker. */
  private tell(): void {
    publish({ phase: this.waiting.size > 0 ? 'waiting' : null });
    upsertMemo(memoOf([...this.waiting.values()]));
    this.show();
  }
}

/** The first that have room: a list shows them, and the query has all. */
export function memoOf(waiting: readonly WaitingApproval[]): Record<string, Json> {
  let room = APPROVALS_BYTES_MAX;
  const shown = waiting.findIndex((approval) => (room -= bytesOf(approval) + 1) < 0);
  const all = shown === -1 ? [...waiting] : waiting.slice(0, shown);
  return { [MEMO.approvals]: all as unknown as Json, [MEMO.moreApprovals]: waiting.length - all.length };
}

function judge(made: ApprovalDecision | undefined, onTimeout: Json, until: string | undefined): Done {
  const decidedAt = isoTime(Date.now());
  if (made === undefined) {
    if (onTimeout === 'skip') return { output: null, skipped: `nobody had decided until ${until}` };
    if (onTimeout === 'approve')
      return { output: { decision: 'approve', who: null, comment: 'nobody objected in time', decidedAt } };
    throw new NotApproved(`nobody had decided until ${until}`);
  }
  const { who, comment, decision } = made;
  if (decision === 'reject')
    throw new NotApproved(`${who} has rejected it${comment === undefined ? '' : `: ${comment}`}`);
  const output: Json = { decision, who, comment: comment ?? null, decidedAt };
  return { output };
}

const past = (decision: ApprovalDecision['decision']) => (decision === 'approve' ? 'approved' : 'rejected');

/** Any SDK may have sent anything. */
function asDecision(input: unknown): ApprovalDecision {
  const { step, decision, who, comment } = (input ?? {}) as Record<string, unknown>;
  if (typeof step !== 'string' || step === '') throw refusal('step: must be the ID of the approval');
  if (decision !== 'approve' && decision !== 'reject') throw refusal('decision: must be "approve" or "reject"');
  if (typeof who !== 'string' || who === '') throw refusal('who: must say who decides');
  if (comment !== undefined && typeof comment !== 'string') throw refusal('comment: must be text');
  return { step, decision, who, ...(comment === undefined ? {} : { comment }) };
}

const refusal = (message: string) => ApplicationFailure.nonRetryable(message, FAILURE.decisionRefused, [[message]]);
