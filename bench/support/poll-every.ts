import { setImmediate as breathe } from 'node:timers/promises';
import type { ElementClient } from '../../element/index.ts';
import type { ManualClock } from './clocks.ts';

/** The peer: what scripts do. Asks GetAsyncResult at a fixed period until the clone is complete. */
export async function pollEvery(
  periodMs: number,
  api: ElementClient,
  asyncHandle: number,
  clock: ManualClock,
): Promise<{ looks: number }> {
  for (let looks = 1; ; looks += 1) {
    const { status } = await api.getAsyncResult({ asyncHandle, keepResult: true });
    if (status === 'complete') return { looks };
    clock.advance(periodMs);
    if (looks % 100 === 0) await breathe();
  }
}
