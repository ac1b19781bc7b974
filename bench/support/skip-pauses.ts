import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { ManualClock } from './clocks.ts';
import { retryIn } from './retry-in.ts';

/** What a real server waits at least before it retries. */
export const REAL_PAUSE_MS = 1_000;

/**
 * Lets an hour pass in less than a minute on a real server: a failed attempt that asks for a pause gets a second, and
 * the clock of the cluster and of the activities jumps over the rest. Each look then happens at the time at which it
 * would have happened. For one activity at a time, since the clock is everybody's.
 */
export const skipPauses =
  (clock: ManualClock): ActivityInterceptorsFactory =>
  () => ({
    inbound: {
      async execute(input, next) {
        try {
          return await next(input);
        } catch (err) {
          if (!(err instanceof ApplicationFailure) || typeof err.nextRetryDelay !== 'number') throw err;
          clock.advance(Math.max(0, err.nextRetryDelay - REAL_PAUSE_MS));
          throw retryIn(err, REAL_PAUSE_MS);
        }
      },
    },
  });
