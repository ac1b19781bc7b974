import { ActivityFailure, ApplicationFailure, isCancellation, rootCause, TimeoutFailure } from '@temporalio/workflow';
import type { FailureDetails, FailureSubject, LeftBehind, StepFailureDetails } from '../contracts/failure.ts';
import { FAILURE } from '../contracts/names.ts';
import type { StepMemory } from '../contracts/progress.ts';

export interface Outcome {
  /** What failed: `Cloning volume 42 of cluster lab to "db"`. */
  what: string;
  /** The same for programs. */
  details: FailureSubject;
  step: string;
  undone: string[];
  leftBehind: LeftBehind[];
  kept: boolean;
}

const isStepDetails = (value: unknown): value is StepFailureDetails =>
  value !== null && typeof value === 'object' && 'step' in value && 'attempts' in value;

/** What the innermost application failure says about the step, if it is one of ours. */
function stepDetails(err: unknown): StepFailureDetails | undefined {
  for (let e = err; e instanceof Error; e = e.cause) {
    if (e instanceof ApplicationFailure) {
      const details: unknown = e.details?.[0];
      if (isStepDetails(details)) return details;
    }
  }
  return undefined;
}

/**
 * A step was cancelled, or it ended badly before it could hear of the cancellation: the server then lets it end so rather
 * than repeat it.
 */
export const wasCancelled = (err: unknown): boolean =>
  isCancellation(err) || (err instanceof ActivityFailure && err.retryState === 'CANCEL_REQUESTED');

/** The step failed by its own judgement, and the cluster had clearly refused whatever it asked to be made. */
export const madeNothing = (err: unknown): boolean =>
  err instanceof ActivityFailure &&
  err.retryState === 'NON_RETRYABLE_FAILURE' &&
  stepDetails(err.cause)?.inDoubt === false;

/** The copy that serves the key was taken back since: its volume holds what it held before. */
export const isTakenBack = (err: unknown): boolean =>
  err instanceof ApplicationFailure && err.type === FAILURE.takenBack;

/** The failed step's reason in words, and whether the deadline was what ended it. */
export function reasonOf(err: unknown): string {
  const text = rootCause(err) ?? String(err);
  if (!timedOut(err)) return text;
  const cause = err instanceof Error ? err.cause : undefined;
  // The attempt was under way: the server's own words about it say nothing of the cluster.
  if (cause instanceof TimeoutFailure && !(cause.cause instanceof Error))
    return `the deadline passed ${seenBefore(cause)}`;
  return `the deadline passed; the last answer was: ${text}`;
}

const timedOut = (err: unknown): boolean =>
  err instanceof ActivityFailure && (err.retryState === 'TIMEOUT' || err.cause instanceof TimeoutFailure);

function seenBefore({ lastHeartbeatDetails }: TimeoutFailure): string {
  const { progress, lastAnswer } = (lastHeartbeatDetails ?? {}) as Partial<StepMemory>;
  if (typeof lastAnswer === 'string') return `while an answer was awaited; the last one was: ${lastAnswer}`;
  return progress === undefined ? 'before there was an answer' : `with ${progress.percent} % copied at the last look`;
}

export const sentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`);

/** `2026-05-01 02:00:12 UTC`, as near to the UI's own times as plain text allows. */
const clock = (iso: string) => iso.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC');

/** How often and since when. A copy is not tried again and again, it is looked at. */
function effort({ step, attempts, since }: StepFailureDetails): string {
  const times = attempts === 1 ? 'once' : `${attempts} times`;
  return `${step.startsWith('await') ? 'Looked at it' : 'Tried'} ${times} since ${clock(since)}.`;
}

const KINDS: Record<LeftBehind['kind'], string> = {
  volume: 'volume',
  snapshot: 'snapshot',
  groupSnapshot: 'group snapshot',
  accessGroupMembership: 'membership of volume access group',
  cloneJob: 'clone job',
  asyncResult: 'async result',
  content: 'content of volume',
};

export const left = ({ kind, id, reason }: LeftBehind) => `${KINDS[kind]}${id === null ? '' : ` ${id}`} (${reason})`;

/** What the reader can do now. */
function advice(err: unknown, { kept, leftBehind }: Outcome): string {
  if (kept) return 'Use it, or remove it by hand.';
  if (wasCancelled(err)) return '';
  const again = timedOut(err)
    ? 'It can be asked for again, with a longer deadline when the cluster is merely slow'
    : 'It can be asked for again once the cause is gone';
  return leftBehind.length === 0 ? `${again}.` : `${again}; what is named here stays until somebody removes it.`;
}

/**
 * The stack of a failure that we compose says nothing about its cause, and in the UI it stands between the reader and
 * what matters. The cause keeps its own.
 */
function withoutStack(failure: ApplicationFailure): ApplicationFailure {
  failure.stack = '';
  return failure;
}

/**
 * The one failure a person reads, the same in the CLI, the workflow and the UI: what was asked, which step failed, the
 * API's own words, how often it was tried and since when, what was undone, what remains and what to do.
 */
export function cloneFailed(err: unknown, o: Outcome): ApplicationFailure {
  const cancelled = wasCancelled(err);
  const step = stepDetails(err);
  const parts = [
    cancelled
      ? `${o.what} was cancelled in step ${o.step}.`
      : `${o.what} failed in step ${o.step}: ${sentence(reasonOf(err))}`,
    step === undefined || cancelled ? '' : effort(step),
    o.kept && o.undone.length === 0
      ? 'Nothing was undone, as the request asked (onFailure: "keep").'
      : o.undone.length > 0
        ? `Undone: ${o.undone.join('; ')}.`
        : o.leftBehind.length > 0
          ? 'Nothing was undone.'
          : 'Nothing had been left on the cluster.',
    o.leftBehind.length > 0 ? `Still on the cluster: ${o.leftBehind.map(left).join('; ')}.` : '',
    advice(err, o),
  ];
  const details: FailureDetails = {
    ...o.details,
    step: o.step,
    ...(step?.method === undefined ? {} : { method: step.method }),
    ...(step?.apiName === undefined ? {} : { apiName: step.apiName }),
    ...(step?.accessTypes === undefined ? {} : { accessTypes: step.accessTypes }),
    ...(step === undefined ? {} : { attempts: step.attempts, since: step.since }),
    cancelled,
    undone: o.undone,
    leftBehind: o.leftBehind,
  };
  return withoutStack(
    ApplicationFailure.create({
      type: FAILURE.cloneFailed,
      message: parts.filter((p) => p !== '').join(' '),
      nonRetryable: true,
      details: [details],
      ...(err instanceof Error ? { cause: err } : {}),
    }),
  );
}

/** The snapshot did not outlive the wait for the clone: a new one may. */
export const isSnapshotGone = (err: unknown): boolean => isOfType(err, FAILURE.snapshotGone);

/** The copy may have ended well, or have been stopped: copying the same once more is safe. */
export const isCopyOutcomeUnknown = (err: unknown): boolean => isOfType(err, FAILURE.copyOutcomeUnknown);

const isOfType = (err: unknown, type: string): boolean =>
  err instanceof ActivityFailure && err.cause instanceof ApplicationFailure && err.cause.type === type;

/** A refusal by preflight passes as it is: nothing had been created, and its message lists every fault. */
export function invalidRequest(err: unknown): ApplicationFailure | undefined {
  const cause = err instanceof ActivityFailure ? err.cause : err;
  if (cause instanceof ApplicationFailure && cause.type === FAILURE.invalidRequest) {
    return withoutStack(
      ApplicationFailure.create({
        type: FAILURE.invalidRequest,
        message: cause.message,
        nonRetryable: true,
        details: cause.details ?? [],
      }),
    );
  }
  return undefined;
}
