/** Shortest pause between two looks: the engine's own granularity. */
export const FLOOR_MS = 1_000;
/** Without an estimate the pause doubles up to this, since the end may come at any moment … */
const NO_ESTIMATE_CAP_MS = 15_000;
/** … and then grows slowly: the end is noticed late by a twentieth of the wait at most, and a day takes no thousands of looks. */
const NO_ESTIMATE_SHARE = 1 / 20;
/** So close to the end the estimate is good to a second or two: one look just after it beats several before. */
const NEAR_END_SECONDS = 4;
/** In the metadata stage all the data is still to be copied, so that the end is not near. */
const METADATA_CAP_MS = 60_000;

export interface DelayInput {
  /** Seconds left by the cluster's estimate; `null` when it has none. */
  remainingTime: number | null;
  /** For how long no look has seen anything new, in milliseconds. */
  stillMs: number;
  /** As ListSyncJobs names it. */
  stage: string;
  capMs: number;
  /** 0 ≤ random < 1; spreads the looks of clones that started together. */
  random?: number;
}

/**
 * When to look again, in milliseconds: after about half of what is left, so that an hour takes a few dozen looks and
 * the end is still noticed within seconds. Never below the floor, never above the cap, jittered.
 */
export function nextLook({ remainingTime, stillMs, stage, capMs, random = Math.random() }: DelayInput): number {
  const pause =
    remainingTime === null
      ? withoutEstimate(stillMs, stage) * jitter(random)
      : remainingTime <= NEAR_END_SECONDS
        ? justAfter(remainingTime, random)
        : remainingTime * 500 * jitter(random);
  return Math.round(Math.max(FLOOR_MS, Math.min(capMs, pause)));
}

/** A tenth in all. */
const jitter = (random: number) => 0.95 + 0.1 * random;

/** As long again as nothing has changed: this doubles from look to look, and starts anew when something does change. */
const withoutEstimate = (stillMs: number, stage: string) =>
  Math.min(stillMs, stage === 'metadata' ? METADATA_CAP_MS : Math.max(NO_ESTIMATE_CAP_MS, stillMs * NO_ESTIMATE_SHARE));

/** A look just before the end would cost another second at least, so this one errs to the other side only. */
const justAfter = (seconds: number, random: number) => seconds * 1_000 + 100 + 200 * random;
