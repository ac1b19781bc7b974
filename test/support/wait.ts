import { setTimeout as sleep } from 'node:timers/promises';

/** Polls until the condition gives something truthy, and returns it. Fails with what was waited for. */
export async function waitFor<T>(
  what: string,
  condition: () => T | undefined | false | null | Promise<T | undefined | false | null>,
  timeoutMs = 150_000,
): Promise<T> {
  const giveUp = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value;
      last = undefined;
    } catch (err) {
      last = err;
    }
    if (Date.now() > giveUp) throw new Error(`Waited ${timeoutMs / 1_000} s in vain for ${what}`, { cause: last });
    await sleep(50);
  }
}
