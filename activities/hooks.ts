import { activityInfo, ApplicationFailure, cancellationSignal, heartbeat } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import type { StepFailureDetails } from '../contracts/failure.ts';
import { FAILURE } from '../contracts/names.ts';
import type { ActivityDeps } from './deps.ts';
import type { RefreshActivities } from './refresh/types.ts';

/** What a hook answered. */
export interface HookAnswer {
  status: number;
  /** The beginning of the body. */
  text: string;
}

/** The hooks of a configuration: the only addresses besides the clusters' that are ever called. */
export interface Hooks {
  names(): string[];
  /** Seconds for one call. */
  timeoutSeconds(name: string): number;
  /** One call. Throws when there is no answer; the message holds no secret. Errors: UnsafePathError. */
  call(name: string, request: HookRequest): Promise<HookAnswer>;
}

/** One call of a hook. */
export interface HookRequest {
  /** The same for each try: the `Idempotency-Key` header. */
  key: string;
  /** Sent as JSON; not at all when it is undefined. */
  body?: unknown;
  /** @default POST */
  method?: HookMethod;
  /** Below the hook's own address. */
  path?: string;
  query?: Readonly<Record<string, string>>;
  signal: AbortSignal;
}

export const HOOK_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export type HookMethod = (typeof HOOK_METHODS)[number];

export const HEARTBEAT_MS = 3_000;
/** Of an answer that is quoted in a failure. */
export const QUOTED = 300;

/** Answers that may be another one next time. */
export const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

export const createHookActivities = (deps: ActivityDeps): Pick<RefreshActivities, 'callHook'> => ({
  async callHook({ hook, key, body }) {
    const fail = failer(hook);
    const { hooks } = deps;
    if (hooks === undefined || !hooks.names().includes(hook)) {
      // A worker that was started with another configuration: one that knows the hook may take the next attempt.
      throw fail(`this worker knows no hook "${hook}"; add it to the worker's configuration`, true);
    }
    const beat = setInterval(() => heartbeat(), HEARTBEAT_MS);
    heartbeat();
    let answer: HookAnswer;
    try {
      answer = await hooks.call(hook, { key, body, signal: cancellationSignal() });
    } catch (err) {
      if (cancellationSignal().aborted) throw new CancelledFailure('cancelled');
      throw fail(`hook "${hook}" gave no answer (${err instanceof Error ? err.message : String(err)})`, true);
    } finally {
      clearInterval(beat);
    }
    const { status, text } = answer;
    if (status >= 200 && status < 300) return { status };
    const said = text.trim() === '' ? '' : `: ${text.trim().slice(0, QUOTED)}`;
    const why = status >= 300 && status < 400 ? ', and redirects are not followed' : '';
    throw fail(`hook "${hook}" answered HTTP ${status}${why}${said}`, PASSING.has(status));
  },
});

export const failer = (hook: string) => (message: string, again: boolean) => {
  const info = activityInfo();
  const details: StepFailureDetails = {
    step: info.activityType,
    cluster: '',
    method: hook,
    attempts: info.attempt,
    since: new Date(info.scheduledTimestampMs).toISOString(),
    inDoubt: false,
  };
  const failure = ApplicationFailure.create({
    type: FAILURE.hookFailed,
    message,
    nonRetryable: !again,
    details: [details],
  });
  failure.stack = '';
  return failure;
};
