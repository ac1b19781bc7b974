import { CancellationScope, sleep } from '@temporalio/workflow';
import { parseDuration } from '../../contracts/duration.ts';
import { NotEnded } from './foreign.ts';

/** One attempt took longer than its step allows. What it had under way was cancelled, and has ended or was given up. */
export class TimedOut extends Error {
  override readonly name = 'TimedOut' as const;
}

/** Cancels what takes longer, and waits until it has ended. */
export async function within<T>(timeout: string | undefined, fn: () => Promise<T>): Promise<T> {
  if (timeout === undefined) return fn();
  const [scope, clock] = [new CancellationScope(), new CancellationScope()];
  let over = false;
  const stop = () => {
    over = true;
    scope.cancel();
  };
  clock.run(() => sleep(parseDuration(timeout)!, { summary: 'The time for one attempt' })).then(stop, () => undefined);
  try {
    return await scope.run(fn);
  } catch (err) {
    const more = err instanceof NotEnded ? `; ${err.message}` : '';
    if (over) throw new TimedOut(`it had not ended after ${timeout}${more}`, { cause: err });
    throw err;
  } finally {
    clock.cancel();
  }
}
