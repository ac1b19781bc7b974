import {
  ApplicationFailure,
  CancelledFailure,
  TerminatedFailure,
  TimeoutFailure,
  type WorkflowFailedError,
} from '@temporalio/client';
import { InvalidRequestError } from '../contracts/faults.ts';
import type { CloneFailureDetails, CopyFailureDetails, GroupFailureDetails } from '../contracts/failure.ts';
import { FAILURE } from '../contracts/names.ts';
import { CloneCancelledError, CloneFailedError, RequestConflictError } from './errors.ts';

const LEFT_UNKNOWN = 'Nothing was undone: "element-clone orphans" shows what it left, and removes it with --delete.';

/** What an ended clone says, as the error that `result()` throws. */
export function outcomeError(err: WorkflowFailedError, workflowId: string): Error {
  const { cause } = err;
  if (cause instanceof CancelledFailure) {
    return new CloneCancelledError(`The clone ${workflowId} was cancelled; what it had made was undone.`, {
      workflowId,
      cause: err,
    });
  }
  if (cause instanceof TerminatedFailure) {
    return new CloneFailedError(`The clone ${workflowId} was terminated (${cause.message}). ${LEFT_UNKNOWN}`, {
      workflowId,
      cause: err,
    });
  }
  if (cause instanceof TimeoutFailure) {
    return new CloneFailedError(`The workflow ${workflowId} ran into its own time-out. ${LEFT_UNKNOWN}`, {
      workflowId,
      cause: err,
    });
  }
  if (cause instanceof ApplicationFailure) return applicationError(cause, workflowId, err);
  return new CloneFailedError(cause?.message ?? err.message, { workflowId, cause: err });
}

function applicationError(failure: ApplicationFailure, workflowId: string, cause: WorkflowFailedError): Error {
  const first: unknown = failure.details?.[0];
  if (failure.type === FAILURE.invalidRequest && isTexts(first)) return new InvalidRequestError(first);
  if (failure.type === FAILURE.requestConflict) return new RequestConflictError(failure.message, { workflowId, cause });
  const details = isFailureDetails(first) ? first : undefined;
  const options = { workflowId, cause, ...(details === undefined ? {} : { details }) };
  return details?.cancelled
    ? new CloneCancelledError(failure.message, options)
    : new CloneFailedError(failure.message, options);
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

const isFailureDetails = (value: unknown): value is CloneFailureDetails | GroupFailureDetails | CopyFailureDetails =>
  value !== null && typeof value === 'object' && 'step' in value && 'leftBehind' in value;
