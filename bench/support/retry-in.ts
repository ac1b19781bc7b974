import { ApplicationFailure } from '@temporalio/common';

/** The same failure with another pause before the next attempt, in milliseconds. */
export function retryIn(failure: ApplicationFailure, nextRetryDelay: number): ApplicationFailure {
  const { message, type, nonRetryable, details, category } = failure;
  return ApplicationFailure.create({
    message,
    nextRetryDelay,
    ...(type == null ? {} : { type }),
    ...(nonRetryable == null ? {} : { nonRetryable }),
    ...(details == null ? {} : { details }),
    ...(category == null ? {} : { category }),
  });
}
