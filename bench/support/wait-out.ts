import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { ManualClock } from './clocks.ts';

const DAY_MS = 86_400_000;
/** The server's own granularity: a shorter pause takes this long. */
const SHORTEST_PAUSE_MS = 1_000;
const logger = new DefaultLogger('ERROR');

/**
 * Runs an activity as the server does, attempt after attempt, except that a pause moves the clock instead of taking
 * time: by what the failed attempt asked for, but never less than the server's second. Heartbeat details are carried on.
 */
export async function waitOut(activity: () => Promise<unknown>, clock: ManualClock): Promise<{ looks: number }> {
  const scheduledTimestampMs = clock.now();
  let heartbeatDetails: unknown;
  for (let attempt = 1; ; attempt += 1) {
    const environment = new MockActivityEnvironment(
      { attempt, heartbeatDetails, scheduledTimestampMs, scheduleToCloseTimeoutMs: DAY_MS, activityType: 'awaitClone' },
      { logger },
    );
    environment.on('heartbeat', (details: unknown) => {
      // As it comes back from the server: through JSON.
      heartbeatDetails = JSON.parse(JSON.stringify(details));
    });
    try {
      await environment.run(activity);
      return { looks: attempt };
    } catch (err) {
      clock.advance(Math.max(SHORTEST_PAUSE_MS, pauseAfter(err)));
    }
  }
}

/** The pause that a failure asks for. Any other failure has no place in a run without faults. */
function pauseAfter(err: unknown): number {
  if (err instanceof ApplicationFailure && typeof err.nextRetryDelay === 'number') return err.nextRetryDelay;
  throw err;
}
