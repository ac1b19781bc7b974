import type { CloneFailureDetails, CopyFailureDetails, GroupFailureDetails } from '../contracts/failure.ts';

export { InvalidRequestError } from '../contracts/faults.ts';

type Details = CloneFailureDetails | GroupFailureDetails | CopyFailureDetails;

/**
 * What the client throws. Programs tell the errors apart by `code`, which stays the same over versions; `message` is
 * for people and says what to do next. The request's own faults come as `InvalidRequestError` (`faults`).
 */
export type CloneErrorCode =
  | 'REQUEST_CONFLICT'
  | 'CLONE_FAILED'
  | 'CLONE_CANCELLED'
  | 'CLONE_NOT_FOUND'
  | 'CLONE_STILL_RUNNING'
  | 'TASK_FAILED'
  | 'LEASE_NOT_FOUND'
  | 'LEASE_OVER'
  | 'SERVICE_UNAVAILABLE';

/** The same requestId was used before, for a different request. Nothing was started. */
export class RequestConflictError extends Error {
  override readonly name = 'RequestConflictError' as const;
  readonly code = 'REQUEST_CONFLICT' as const;
  /** The clone that has the key. */
  readonly workflowId: string | undefined;

  constructor(message: string, options: ErrorOptions & { workflowId?: string } = {}) {
    super(message, options);
    this.workflowId = options.workflowId;
  }
}

/** The clone ended without a volume. The message names the step, the cluster's own words and what is left. */
export class CloneFailedError extends Error {
  override readonly name = 'CloneFailedError' as const;
  readonly code = 'CLONE_FAILED' as const;
  readonly workflowId: string;
  /** `undefined` when the workflow was ended from outside (terminated), so that it could not say. */
  readonly details: Details | undefined;

  constructor(message: string, options: ErrorOptions & { workflowId: string; details?: Details }) {
    super(message, options);
    this.workflowId = options.workflowId;
    this.details = options.details;
  }
}

/** The clone was cancelled. */
export class CloneCancelledError extends Error {
  override readonly name = 'CloneCancelledError' as const;
  readonly code = 'CLONE_CANCELLED' as const;
  readonly workflowId: string;
  /** Given when something could not be undone: see `leftBehind`. */
  readonly details: Details | undefined;

  constructor(message: string, options: ErrorOptions & { workflowId: string; details?: Details }) {
    super(message, options);
    this.workflowId = options.workflowId;
    this.details = options.details;
  }
}

/** No clone has this workflow ID: mistyped, or ended longer ago than the namespace keeps histories. */
export class CloneNotFoundError extends Error {
  override readonly name = 'CloneNotFoundError' as const;
  readonly code = 'CLONE_NOT_FOUND' as const;
  readonly workflowId: string;

  constructor(message: string, options: ErrorOptions & { workflowId: string }) {
    super(message, options);
    this.workflowId = options.workflowId;
  }
}

/** `result({ timeoutMs })` ran out of time. The clone itself goes on. */
export class CloneStillRunningError extends Error {
  override readonly name = 'CloneStillRunningError' as const;
  readonly code = 'CLONE_STILL_RUNNING' as const;
  readonly workflowId: string;

  constructor(message: string, options: ErrorOptions & { workflowId: string }) {
    super(message, options);
    this.workflowId = options.workflowId;
  }
}

/** A report or a removal of orphans, or an inventory, came to nothing; the message says why. */
export class TaskFailedError extends Error {
  override readonly name = 'TaskFailedError' as const;
  readonly code = 'TASK_FAILED' as const;
  readonly workflowId: string;

  constructor(message: string, options: ErrorOptions & { workflowId: string }) {
    super(message, options);
    this.workflowId = options.workflowId;
  }
}

/** No lease is named so, or several are; the message says which there are. */
export class LeaseNotFoundError extends Error {
  override readonly name = 'LeaseNotFoundError' as const;
  readonly code = 'LEASE_NOT_FOUND' as const;
  /** As it was named. */
  readonly lease: string;

  constructor(message: string, options: ErrorOptions & { lease: string }) {
    super(message, options);
    this.lease = options.lease;
  }
}

/** The lease has ended, or its volume is being deleted: nothing was changed. */
export class LeaseOverError extends Error {
  override readonly name = 'LeaseOverError' as const;
  readonly code = 'LEASE_OVER' as const;
  readonly workflowId: string;

  constructor(message: string, options: ErrorOptions & { workflowId: string }) {
    super(message, options);
    this.workflowId = options.workflowId;
  }
}

export type UnavailableReason =
  /** Nobody answers at the address, or the connection was lost for too long. */
  | 'unreachable'
  /** The TEMPORAL_* variables or the profile file do not make sense. */
  | 'configuration'
  | 'namespaceNotFound'
  /** The namespace lacks the service's search attributes. */
  | 'searchAttributesMissing'
  /** The server refused this caller. */
  | 'permissionDenied'
  /** Anything else that the Temporal server answered with an error. */
  | 'refused';

/** Temporal cannot serve the call. Whatever had been started goes on. */
export class ServiceUnavailableError extends Error {
  override readonly name = 'ServiceUnavailableError' as const;
  readonly code = 'SERVICE_UNAVAILABLE' as const;
  readonly reason: UnavailableReason;

  constructor(message: string, options: ErrorOptions & { reason: UnavailableReason }) {
    super(message, options);
    this.reason = options.reason;
  }
}
