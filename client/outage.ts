import { setTimeout as sleep } from 'node:timers/promises';
import { isOutage } from './temporal-errors.ts';

export interface OutageOptions {
  /** Give up after this many milliseconds without an answer. */
  forMs: number;
  signal?: AbortSignal | undefined;
  /** Told at each failed try. */
  onOutage?: (err: unknown) => void;
}

/** How long Temporal may be away, in milliseconds, before a caller is told. */
export const OUTAGE_MS = 300_000;

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

/** Tries again while Temporal does not answer: a restart of its server is no reason to stop watching a clone. */
export async function throughOutages<T>(call: () => Promise<T>, options: OutageOptions): Promise<T> {
  const giveUp = Date.now() + options.forMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      return await call();
    } catch (err) {
      options.signal?.throwIfAborted();
      if (!isOutage(err) || Date.now() + pause > giveUp) throw err;
      options.onOutage?.(err);
      await sleep(pause, undefined, { signal: options.signal });
    }
  }
}
