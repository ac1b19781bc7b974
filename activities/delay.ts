/** Shortest pause between two looks: the engine's own granularity. */
export const FLOOR_MS = 1_000;
/** Without an estimate the pause doubles up to this, since one may appear at any moment. */
const NO_ESTIMATE_CAP_MS = 15_000;

export interface DelayInput {
  /** Seconds left by the cluster's estimate; `null` when it has none. */
  remainingTime: number | null;
  /** Looks without an estimate so far, this one included. */
  looks: number;
  capMs: number;
  /** 0 ≤ random < 1; spreads the looks of clones that started together. */
  random?: number;
}

/**
 * When to look again, in milliseconds: after about half of what is left, so that an hour takes a few dozen looks and
 * the end is still noticed within seconds. Never below the floor, never above the cap, jittered by a tenth.
 */
export function nextLook({ remainingTime, looks, capMs, random = Math.random() }: DelayInput): number {
  const base =
    remainingTime === null
      ? Math.min(NO_ESTIMATE_CAP_MS, FLOOR_MS * 2 ** Math.min(looks - 1, 10))
      : halfOf(remainingTime);
  const jittered = base * (0.95 + 0.1 * random);
  return Math.round(Math.max(FLOOR_MS, Math.min(capMs, jittered)));
}

/** Close to the end the estimate is good to a second or two: one look just after it beats several before. */
const halfOf = (seconds: number) => (seconds <= 4 ? seconds * 1_000 + 200 : seconds * 500);
