import type { RunbookFailureDetails } from '../contracts/failure.ts';

/** The runbook failed. The message names the step, why, what was undone and what is left. */
export class RunbookFailedError extends Error {
  override readonly name = 'RunbookFailedError' as const;
  readonly code = 'RUNBOOK_FAILED' as const;
  readonly workflowId: string;
  /** `undefined` when the workflow was ended from outside (terminated), so that it could not say. */
  readonly details: RunbookFailureDetails | undefined;

  constructor(message: string, options: ErrorOptions & { workflowId: string; details?: RunbookFailureDetails }) {
    super(message, options);
    this.workflowId = options.workflowId;
    this.details = options.details;
  }
}

/** The runbook was cancelled. */
export class RunbookCancelledError extends Error {
  override readonly name = 'RunbookCancelledError' as const;
  readonly code = 'RUNBOOK_CANCELLED' as const;
  readonly workflowId: string;
  /** Given when something is left: see `leftBehind`. */
  readonly details: RunbookFailureDetails | undefined;

  constructor(message: string, options: ErrorOptions & { workflowId: string; details?: RunbookFailureDetails }) {
    super(message, options);
    this.workflowId = options.workflowId;
    this.details = options.details;
  }
}

/** Nobody waits for this decision, or not from this person; the message says why. Nothing was changed. */
export class DecisionRefusedError extends Error {
  override readonly name = 'DecisionRefusedError' as const;
  readonly code = 'DECISION_REFUSED' as const;
  readonly workflowId: string;

  constructor(message: string, options: ErrorOptions & { workflowId: string }) {
    super(message, options);
    this.workflowId = options.workflowId;
  }
}
