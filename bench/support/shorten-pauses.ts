import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { fastClock } from './clocks.ts';
import { retryIn } from './retry-in.ts';
import { REAL_PAUSE_MS } from './skip-pauses.ts';

/**
 * Lets an hour pass in minutes for any number of clones: the cluster's and the activities' clock runs fast, and pauses
 * are as much shorter. A pause that would then be less than the server's second takes a second: looks that are closer
 * together than `speed` simulated seconds, just before the end of a copy, come a little less often than they would.
 */
export const shortenPauses =
  (clock: ReturnType<typeof fastClock>): ActivityInterceptorsFactory =>
  ({ info }) => {
    // The server's clock is real; activities compare this one with their own.
    Object.assign(info, { scheduledTimestampMs: clock.at(info.scheduledTimestampMs) });
    return {
      inbound: {
        async execute(input, next) {
          try {
            return await next(input);
          } catch (err) {
            if (!(err instanceof ApplicationFailure) || typeof err.nextRetryDelay !== 'number') throw err;
            throw retryIn(err, Math.max(REAL_PAUSE_MS, err.nextRetryDelay / clock.speed));
          }
        },
      },
    };
  };
