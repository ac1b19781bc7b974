import type { Client } from '@temporalio/client';
import { OUTAGE_MS, throughOutages } from './outage.ts';

export interface WaitingOptions {
  /** Stop waiting after this many milliseconds. */
  timeoutMs?: number | undefined;
  /** Stops the waiting. The promise rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** Waits for the end of a workflow, also over an outage of Temporal, for as long as the caller wishes. */
export class Waiting {
  private readonly temporal: Client;
  private readonly signal: AbortSignal | undefined;
  private readonly limit: AbortSignal | undefined;
  /** Of the caller, or because its time has passed. */
  private readonly stop: AbortSignal | undefined;

  constructor(temporal: Client, { timeoutMs, signal }: WaitingOptions) {
    this.temporal = temporal;
    this.signal = signal;
    this.limit = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
    const signals = [this.signal, this.limit].filter((s) => s !== undefined);
    this.stop = signals.length === 0 ? undefined : AbortSignal.any(signals);
  }

  /** A call that ends when the waiting does. */
  async call<T>(call: () => Promise<T>): Promise<T> {
    // The SDK hears of an abort only while a call is under way.
    this.stop?.throwIfAborted();
    return this.stop === undefined ? call() : this.temporal.withAbortSignal(this.stop, call);
  }

  /** What `wait` ends with. `wait` makes its calls by `call`. */
  for<T>(wait: () => Promise<T>): Promise<T> {
    return throughOutages(wait, { forMs: OUTAGE_MS, signal: this.stop });
  }

  /** Whether the caller's time has passed. @throws the reason of the caller's signal, if that has stopped it */
  hasPassed(): boolean {
    this.signal?.throwIfAborted();
    return this.limit?.aborted ?? false;
  }
}
