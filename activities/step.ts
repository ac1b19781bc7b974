import { activityInfo, ApplicationFailure, cancellationSignal, heartbeat, log } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import type { StepFailureDetails } from '../contracts/failure.ts';
import { InvalidRequestError } from '../contracts/faults.ts';
import { FAILURE } from '../contracts/names.ts';
import type { StepMemory } from '../contracts/progress.ts';
import {
  accessTypesFor,
  classify,
  ElementApiError,
  ElementAuthError,
  ElementProtocolError,
  ElementTransportError,
  isPermissionError,
  type CloneJob,
  type ElementClient,
} from '../element/index.ts';
import type { ActivityDeps, Cluster } from './deps.ts';
import { FLOOR_MS } from './delay.ts';
import { carriedMemory, homeQueue, queueElsewhere, servedElsewhere } from './elsewhere.ts';
import { GateShut } from './gate.ts';
import type { SeenJobs } from './view.ts';

/** An error name that is only believed after this many answers in a row. */
export const SUSPECT_TRIES = 3;
/** Pause before a suspect is asked again: upgrades and volumes not yet ready take seconds. */
const SUSPECT_PAUSE_MS = 5_000;
/** As in the retry policies. */
const FAULT_PAUSE_MAX_MS = 30_000;
/** Longest pause before refused credentials are read and tried anew; it begins at two seconds and doubles. */
const REFUSED_PAUSE_MS = 15_000;
/** Pause before a full cluster is asked for a slot again, when it gives no better estimate. */
const BUSY_PAUSE_MS = 5_000;

/**
 * How often a running attempt says that it lives. That is how a killed worker is noticed within the heartbeat time-out,
 * and the only way in which a running attempt hears of a cancellation.
 */
const HEARTBEAT_MS = 3_000;

/**
 * A worker that stood still for so long (a suspended machine, a stopped process) may have been given up, and its attempt
 * repeated elsewhere: what it had in mind must not be done any more.
 */
const STANDSTILL_MS = 9_000;

/**
 * For so long an attempt may go on that Temporal has given up: it hears of that at its next heartbeat, which the worker
 * passes on every 5 s at least.
 */
export const UNAWARE_MS = 6_000;

/** What one attempt of a step works with. */
export interface StepContext extends Cluster {
  /** Survives failed attempts and crashes; save() after a change that the next attempt must know. */
  memory: StepMemory;
  save(): void;
  /** Clone jobs that run on the cluster, seen at most a second or two ago. */
  jobs(): Promise<CloneJob[]>;
  /** The same with the time of the look, which was asked for at `since` (milliseconds) or later. */
  look(since: number): Promise<SeenJobs>;
  /** An answer that changes slowly, kept by this worker for `maxAgeMs`. A failed call is not kept. */
  cached<T>(key: string, maxAgeMs: number, read: () => Promise<T>): Promise<T>;
  /** 1 for the first. */
  attempt: number;
  /** True when there was an attempt before. */
  repeated: boolean;
  signal: AbortSignal;
  /** Where the workflows of this service run. */
  taskQueue: string;
  now(): number;
}

/** Look again after `delayMs`. Benign: nothing is wrong. The message reads as a progress line, since the UI shows it. */
export class NotYet extends Error {
  override readonly name = 'NotYet' as const;
  readonly delayMs: number;
  readonly type: string;
  readonly keepSuspects: boolean;

  constructor(
    message: string,
    delayMs: number,
    type: string = FAILURE.notReady,
    options: { /** The step itself counts tries in `memory.suspects`. */ keepSuspects?: boolean } = {},
  ) {
    super(message);
    this.delayMs = delayMs;
    this.type = type;
    this.keepSuspects = options.keepSuspects ?? false;
  }
}

/** Final: trying again would end the same way. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed' as const;
  readonly type: string;
  readonly apiName: string | undefined;
  readonly method: string | undefined;

  constructor(message: string, options: { type?: string; apiName?: string; method?: string } = {}) {
    super(message);
    this.type = options.type ?? FAILURE.permanent;
    this.apiName = options.apiName;
    this.method = options.method;
  }
}

/** Runs one attempt of a step: hands it the cluster, its memory and a counted API, and turns errors into failures. */
export async function runStep<T extends object>(
  deps: ActivityDeps,
  alias: string,
  body: (ctx: StepContext) => Promise<T>,
): Promise<T & { apiCalls: number }> {
  const info = activityInfo();
  const now = deps.now ?? Date.now;
  const elsewhere = queueElsewhere(deps, alias);
  const cluster = deps.cluster(alias);
  const details = info.heartbeatDetails as StepMemory | undefined;
  const sentOn = carriedMemory();
  const { unfinished, ended, ...remembered }: Partial<StepMemory> = details ?? { ...sentOn, unfinished: true };
  const memory: StepMemory = { apiCalls: 0, suspects: 0, ...remembered };
  // Somebody who resets an activity begins at attempt 1 again, with the memory that there is, or none.
  const here =
    info.attempt > 1 || details !== undefined || info.currentAttemptScheduledTimestampMs > info.scheduledTimestampMs;
  const repeated = here || sentOn !== undefined;
  if (here && (unfinished || (ended ?? info.attempt - 1) !== info.attempt - 1)) {
    // Every attempt that ends leaves its memory; this one's worker died, or is cut off. What it had called is not known.
    memory.inDoubt = true;
    memory.issuedAt = new Date(now() + UNAWARE_MS).toISOString();
  }
  // Without a memory it is the first attempt anywhere.
  if (elsewhere !== undefined) throw servedElsewhere(alias, elsewhere, repeated ? memory : undefined);
  if (cluster === undefined) throw unknownCluster(deps, alias);
  const save = () => heartbeat({ ...memory, unfinished: true } satisfies StepMemory);
  const pulse = takePulse(deps.pulse);
  const signal = AbortSignal.any([cancellationSignal(), pulse.stopped]);
  const api = counted(cluster, memory, signal, pulse);
  const ctx: StepContext = {
    ...cluster,
    api,
    jobs: async () => (await cluster.view.cloneJobs(api)).jobs,
    look: (since) => cluster.view.cloneJobs(api, since),
    cached: (key, maxAgeMs, read) => cluster.answers.get(key, maxAgeMs, read),
    memory,
    save,
    attempt: info.attempt,
    repeated,
    signal,
    taskQueue: homeQueue(deps),
    now,
  };
  const beat = setInterval(() => {
    pulse.check();
    save();
  }, HEARTBEAT_MS);
  let inside = false;
  try {
    cluster.gate?.enter();
    inside = true;
    const result = await body(ctx);
    return { ...result, apiCalls: memory.apiCalls };
  } catch (err) {
    const failure =
      cancellationSignal().aborted && !(err instanceof StepFailed)
        ? new CancelledFailure('cancelled', [], err as Error)
        : withStackOf(err, toFailure(err, ctx));
    if (failure instanceof ApplicationFailure) memory.lastAnswer = failure.message;
    heartbeat({ ...memory, ended: info.attempt } satisfies StepMemory);
    throw failure;
  } finally {
    clearInterval(beat);
    if (inside) cluster.gate?.leave();
  }
}

interface Pulse {
  /** Aborted once the worker has stood still; the reason is a failure to be retried. */
  stopped: AbortSignal;
  check(): void;
}

/** Notices that too much time has passed since it was last checked. */
function takePulse(clock: () => number = Date.now): Pulse {
  const stopped = new AbortController();
  let last = clock();
  return {
    stopped: stopped.signal,
    check() {
      const stoodMs = clock() - last;
      last += stoodMs;
      if (stoodMs < STANDSTILL_MS) return;
      stopped.abort(
        new NotYet(`this worker stood still for ${Math.round(stoodMs / 1_000)} s, beginning anew`, FLOOR_MS),
      );
    },
  };
}

/** Members that are no method of the API with parameters of its own. */
const NOT_COUNTED = new Set<string | symbol>(['call', 'apiVersion', 'clockSkewMs', 'close']);

/** Calls that only look: their answers may be dropped. */
const isRead = (member: string) => /^(list|get)/.test(member);

/**
 * The same client, counting its calls. Once the activity is cancelled, or its worker has stood still, it makes no
 * further call. A look that is under way is cut short, a change is not: what it did must be known to be undone.
 */
function counted({ api, gate }: Cluster, memory: StepMemory, signal: AbortSignal, pulse: Pulse): ElementClient {
  return new Proxy(api, {
    get(target, property, receiver) {
      const member: unknown = Reflect.get(target, property, receiver);
      if (typeof member !== 'function' || typeof property !== 'string' || NOT_COUNTED.has(property)) return member;
      return async (params?: unknown, options: object = {}) => {
        pulse.check();
        signal.throwIfAborted();
        memory.apiCalls += 1;
        const cut = isRead(property) ? { signal } : {};
        gate?.asked();
        try {
          const answer = await (member as (p: unknown, o: object) => unknown).call(target, params, {
            ...cut,
            ...options,
          });
          gate?.answered();
          return answer;
        } catch (err) {
          if (!(err instanceof ElementTransportError)) gate?.answered();
          else if (err.reason === 'aborted' || err.reason === 'credentials') gate?.givenUp();
          else gate?.unanswered(err.message);
          throw err;
        }
      };
    },
  });
}

/**
 * Nothing was created when preflight finds no such cluster. Later it is a worker that was started with another
 * configuration: one that knows the cluster may take the next attempt.
 */
function unknownCluster(deps: ActivityDeps, alias: string): ApplicationFailure {
  const known = deps.clusterAliases().join(', ') || 'none';
  const what = `this worker knows no cluster "${alias}" (it knows: ${known})`;
  if (!activityInfo().activityType.startsWith('preflight')) {
    return ApplicationFailure.create({
      type: FAILURE.transient,
      message: `${what}; add it to the worker's configuration`,
    });
  }
  const fault = `cluster: ${what}; correct the name or add it to the worker's configuration`;
  return ApplicationFailure.create({
    type: FAILURE.invalidRequest,
    message: `${new InvalidRequestError([fault]).message}\nNothing was created.`,
    nonRetryable: true,
    details: [[fault]],
  });
}

/** Errors become failures here and nowhere else: what to retry, when, and what a person reads. */
function toFailure(err: unknown, ctx: StepContext): ApplicationFailure {
  if (err instanceof ApplicationFailure) return err;
  const { alias, memory } = ctx;
  const now = ctx.now();
  const info = activityInfo();
  const details: StepFailureDetails = {
    step: info.activityType,
    cluster: alias,
    ...(err instanceof ElementApiError ? { method: err.method, apiName: err.apiName } : {}),
    ...(err instanceof ElementTransportError ? { method: err.method } : {}),
    ...(err instanceof StepFailed && err.apiName !== undefined ? { apiName: err.apiName } : {}),
    ...(err instanceof StepFailed && err.method !== undefined ? { method: err.method } : {}),
    ...accessOf(err),
    attempts: info.attempt,
    since: new Date(info.scheduledTimestampMs).toISOString(),
    inDoubt: memory.inDoubt ?? false,
  };
  const message = err instanceof Error ? err.message : String(err);
  const retry = (type: string, options: { delayMs?: number; benign?: boolean } = {}) =>
    ApplicationFailure.create({
      type,
      message,
      details: [details],
      ...(options.benign ? { category: 'BENIGN' } : {}),
      ...(options.delayMs === undefined ? {} : { nextRetryDelay: withinDeadline(options.delayMs, now) }),
    });
  const fail = (type: string) => ApplicationFailure.create({ type, message, details: [details], nonRetryable: true });

  if (err instanceof NotYet) {
    if (!err.keepSuspects) memory.suspects = 0;
    delete memory.refusedSince;
    delete memory.faults;
    return retry(err.type, { delayMs: err.delayMs, benign: true });
  }
  // What is known of earlier attempts stays as it is: this one has asked nothing.
  if (err instanceof GateShut) return retry(FAILURE.transient, { delayMs: err.delayMs, benign: true });
  if (err instanceof StepFailed) return fail(err.type);
  const { kind } = classify(err);
  if (kind !== 'suspect') memory.suspects = 0;
  if (kind !== 'refused') delete memory.refusedSince;
  switch (kind) {
    case 'busy':
      return retry(FAILURE.busy, { delayMs: BUSY_PAUSE_MS, benign: true });
    case 'refused': {
      memory.refusedSince ??= new Date(now).toISOString();
      const refusedMs = now - Date.parse(memory.refusedSince);
      if (refusedMs >= ctx.times.rotationMs) return fail(FAILURE.permanent);
      log.warn('Credentials refused, reading them again before that is believed', { cluster: alias, refusedMs });
      return retry(FAILURE.transient, { delayMs: Math.min(REFUSED_PAUSE_MS, Math.max(2_000, refusedMs)) });
    }
    case 'suspect':
      memory.suspects += 1;
      if (memory.suspects >= SUSPECT_TRIES) return fail(FAILURE.permanent);
      log.warn('Doubtful error, asking again before it is believed', { error: message, tries: memory.suspects });
      return retry(FAILURE.transient, { delayMs: SUSPECT_PAUSE_MS });
    case 'permanent':
    case 'done':
      return fail(FAILURE.permanent);
    case 'transient':
    case 'askAnotherWay':
      memory.faults = (memory.faults ?? 0) + 1;
      // The retry policy counts attempts: after some looks its pause would be the longest from the first fault on.
      return retry(
        FAILURE.transient,
        info.attempt > memory.faults ? { delayMs: Math.min(FAULT_PAUSE_MAX_MS, 1_000 * 2 ** memory.faults) } : {},
      );
  }
}

/** The access types of which the user needs one, when that is what the cluster said. */
function accessOf(err: unknown): Pick<StepFailureDetails, 'accessTypes'> {
  const { method, apiName } =
    err instanceof ElementApiError || err instanceof StepFailed ? err : { method: undefined, apiName: undefined };
  if (method === undefined || apiName === undefined || !isPermissionError(apiName)) return {};
  return { accessTypes: [...accessTypesFor(method)] };
}

/**
 * What the cluster said, and what is merely not ready, is told by the message; a stack would only push the heartbeat
 * details off the page in the UI. A fault of our own code keeps the stack of where it arose.
 */
function withStackOf(err: unknown, failure: ApplicationFailure): ApplicationFailure {
  const expected =
    err instanceof NotYet ||
    err instanceof GateShut ||
    err instanceof StepFailed ||
    err instanceof ApplicationFailure ||
    err instanceof ElementApiError ||
    err instanceof ElementTransportError ||
    err instanceof ElementAuthError ||
    err instanceof ElementProtocolError;
  failure.stack = expected || !(err instanceof Error) ? '' : (err.stack ?? '');
  return failure;
}

/**
 * The server gives up at the first failure whose next attempt would pass the deadline, so the last attempt lands just
 * before it.
 */
function withinDeadline(delayMs: number, now: number): number {
  const { scheduledTimestampMs, scheduleToCloseTimeoutMs } = activityInfo();
  const left = scheduleToCloseTimeoutMs > 0 ? scheduledTimestampMs + scheduleToCloseTimeoutMs - now : Infinity;
  return Math.max(FLOOR_MS, Math.min(delayMs, left - 2_000));
}
