import { InvalidRequestError } from '../../contracts/faults.ts';
import { CloneCancelledError, CloneFailedError } from '../errors.ts';
import { RunbookCancelledError, RunbookFailedError } from '../runbook-errors.ts';

export const EXIT = {
  ok: 0,
  /** The work failed. */
  failed: 1,
  /** Bad usage or input: nothing was started. */
  usage: 2,
  /** Ctrl-C: no longer watching; the clone goes on. As shells count signals. */
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What was typed or handed in cannot be used; the message says what to change. */
export class UsageError extends Error {
  override readonly name = 'UsageError' as const;
  readonly code = 'USAGE' as const;
}

const codeOf = (err: unknown): string | undefined =>
  err instanceof Error && 'code' in err && typeof err.code === 'string' ? err.code : undefined;

const USAGE_NAMES = new Set([
  'UsageError',
  'InvalidRequestError',
  'RequestConflictError',
  'ScheduleConflictError',
  'RunbookFileError',
  'ConfigError',
]);

export const exitCodeOf = (err: unknown): ExitCode =>
  err instanceof Error && USAGE_NAMES.has(err.name) ? EXIT.usage : EXIT.failed;

/** Errors that were written for a reader; of anything else the stack is worth more than the message. */
const READABLE = new Set([
  ...USAGE_NAMES,
  'CloneFailedError',
  'CloneCancelledError',
  'CloneNotFoundError',
  'CloneStillRunningError',
  'TaskFailedError',
  'LeaseNotFoundError',
  'LeaseOverError',
  'ScheduleNotFoundError',
  'ScheduleBusyError',
  'ServiceUnavailableError',
  'WorkerStartError',
  'RunbookFailedError',
  'RunbookCancelledError',
  'DecisionRefusedError',
]);

export function errorText(err: unknown): string {
  if (!(err instanceof Error)) return String(err);
  if (READABLE.has(err.name) || codeOf(err)?.startsWith('E')) return err.message;
  return err.stack ?? err.message;
}

/** The document that stands on stdout with `--output json` when a command fails. */
export function errorDocument(err: unknown): { error: Record<string, unknown> } {
  const message = err instanceof Error ? err.message : String(err);
  if (err instanceof InvalidRequestError) return { error: { code: 'INVALID_REQUEST', message, faults: err.faults } };
  const code = codeOf(err) ?? (err instanceof Error && err.name === 'ConfigError' ? 'CONFIG' : 'ERROR');
  const clone =
    err instanceof CloneFailedError ||
    err instanceof CloneCancelledError ||
    err instanceof RunbookFailedError ||
    err instanceof RunbookCancelledError
      ? err
      : undefined;
  return {
    error: {
      code,
      message,
      ...(err instanceof Error && 'faults' in err ? { faults: err.faults } : {}),
      ...(err instanceof Error && 'workflowId' in err ? { workflowId: err.workflowId } : {}),
      ...(err instanceof Error && 'scheduleId' in err ? { scheduleId: err.scheduleId } : {}),
      ...(err instanceof Error && 'differences' in err ? { differences: err.differences } : {}),
      ...(clone?.details === undefined ? {} : { details: clone.details }),
    },
  };
}
