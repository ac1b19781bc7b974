import { log } from '@temporalio/activity';
import { ElementApiError, ElementAuthError, ElementTransportError } from '../element/index.ts';
import { NotYet, UNAWARE_MS, type StepContext } from './step.ts';
import type { ClonePlan, Owner } from './types.ts';

/** Errors of the API that may come after the cluster has acted. All others are refusals. */
const AMBIGUOUS = new Set([
  'xDBOperationTimeout',
  'xDBConnectionLoss',
  'xRecvTimeout',
  'xRpcTimeout',
  'xUnknownException',
  'xInternalError',
]);

/** True when a creating call that ended so may have created something all the same. */
export function mayHaveActed(err: unknown): boolean {
  if (err instanceof ElementTransportError || err instanceof ElementAuthError) return err.mayHaveActed;
  if (err instanceof NotYet) return false;
  if (err instanceof ElementApiError) return AMBIGUOUS.has(err.apiName);
  return true;
}

/**
 * Issues a creating call so that a lost answer leaves a trace: the memory says "in doubt" from before the call goes out,
 * and takes it back only when the cluster clearly answered. It is not sent to Temporal first: an attempt that dies without
 * a word is in doubt anyway.
 */
export async function issue<T>(ctx: StepContext, call: () => Promise<T>): Promise<T> {
  ctx.signal.throwIfAborted();
  const before = { inDoubt: ctx.memory.inDoubt, issuedAt: ctx.memory.issuedAt };
  ctx.memory.inDoubt = true;
  ctx.memory.issuedAt = new Date(ctx.now()).toISOString();
  try {
    const answer = await call();
    restore(ctx, before);
    return answer;
  } catch (err) {
    if (mayHaveActed(err)) {
      // Counted from the end of the call: until it was given up, it may have been on its way.
      ctx.memory.issuedAt = new Date(ctx.now()).toISOString();
      ctx.memory.inDoubt = true;
    } else {
      restore(ctx, before);
    }
    throw err;
  }
}

function restore(ctx: StepContext, before: { inDoubt: boolean | undefined; issuedAt: string | undefined }): void {
  ctx.memory.inDoubt = before.inDoubt ?? false;
  if (before.issuedAt === undefined) delete ctx.memory.issuedAt;
  else ctx.memory.issuedAt = before.issuedAt;
}

/**
 * Takes over the doubt about an earlier run of the same workflow, whose last call may be under way still. After a reset
 * the plan may be that of the run which it cut short, and know nothing of its end: it ended a moment ago.
 */
export function inheritDoubt(
  ctx: StepContext,
  { earlierRunEndedAt }: Pick<ClonePlan, 'earlierRunEndedAt'>,
  { wasReset }: Pick<Owner, 'wasReset'>,
): void {
  const since = wasReset ? new Date(ctx.now() + UNAWARE_MS).toISOString() : (earlierRunEndedAt ?? undefined);
  if (since === undefined || ctx.memory.inDoubt !== undefined) return;
  ctx.memory.inDoubt = true;
  ctx.memory.issuedAt = since;
}

/** When the last call without a clear answer ended; `null` when all were answered. */
export function inDoubtSince(ctx: StepContext): string | null {
  return ctx.memory.inDoubt ? (ctx.memory.issuedAt ?? new Date(ctx.now()).toISOString()) : null;
}

/**
 * Before a creating call is repeated: a call whose answer was lost usually takes effect within seconds, if at all. A
 * short wait then finds its work instead of making a second one; what comes later still is removed by verify.
 */
export function settleBeforeRepeating(ctx: StepContext, method: string): void {
  const patience = { ...ctx, times: { ...ctx.times, settleMs: ctx.times.settleMs / 3 } };
  settle(patience, inDoubtSince(ctx), `waiting to see whether the ${method} whose answer was lost took effect`);
}

/** What an earlier attempt, or an earlier run, has made; else what the call makes now. */
export async function makeOnce<T>(
  ctx: StepContext,
  owner: Owner,
  plan: Pick<ClonePlan, 'earlierRunEndedAt'>,
  step: { method: string; find: () => Promise<T | undefined>; create: () => Promise<T> },
): Promise<T> {
  inheritDoubt(ctx, plan, owner);
  if (ctx.repeated || owner.mayHaveRunBefore) {
    const found = await step.find();
    if (found !== undefined) {
      log.info('Found what an earlier attempt made', { method: step.method });
      return found;
    }
    settleBeforeRepeating(ctx, step.method);
  }
  return issue(ctx, step.create);
}

/**
 * Comes back later unless a call that ended at `since` can no longer have an effect. Stands before the look-up that is
 * to find its work: what acts between a look-up and this would be missed.
 */
export function settle(ctx: StepContext, since: string | null, what: string): void {
  const notYet = settling(ctx, since, what);
  if (notYet) throw notYet;
}

/** The same for a step that has work to do while it waits: what to throw once that is done. */
export function settling(ctx: StepContext, since: string | null, what: string): NotYet | undefined {
  if (since === null) return undefined;
  const left = Date.parse(since) + ctx.times.settleMs - ctx.now();
  if (left <= 0) return undefined;
  return new NotYet(`${what} (${Math.ceil(left / 1_000)} s to go)`, Math.min(left + 500, 10_000));
}
