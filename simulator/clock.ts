/** Where real time comes from; a test may hand in its own. */
export interface ClockSource {
  /** Milliseconds since 1970. */
  now(): number;
}

export interface ClockChange {
  /** Simulated seconds per real second. 0 freezes the clock, so that only `advanceSeconds` and `nowMs` move it. */
  speed?: number | undefined;
  /** Jump forward by this many simulated seconds. */
  advanceSeconds?: number | undefined;
  /** Jump to this simulated time, in milliseconds since 1970. Never backwards: what has happened stays so. */
  nowMs?: number | undefined;
}

export interface SimulatorClock {
  /** The cluster's time, in milliseconds since 1970. */
  now(): number;
  speed(): number;
  set(change: ClockChange): void;
  /** Back to real time and the speed the simulator was started with. */
  reset(): void;
}

/**
 * The cluster's clock: real time, stretched and moved. Nothing in the simulator waits for it; state is brought
 * up to date when somebody looks, so a jump of eight hours costs as much as one of a second.
 */
export const makeClock = (source: ClockSource, initialSpeed: number): SimulatorClock => {
  let speed = initialSpeed;
  let sourceBase = source.now();
  let simulatedBase = sourceBase;

  const now = (): number => simulatedBase + (source.now() - sourceBase) * speed;
  const rebase = (): void => {
    simulatedBase = now();
    sourceBase = source.now();
  };

  return {
    now,
    speed: () => speed,
    set(change) {
      rebase();
      if (change.nowMs !== undefined) {
        if (change.nowMs < simulatedBase) throw new RangeError('nowMs: the clock cannot go back');
        simulatedBase = change.nowMs;
      }
      if (change.advanceSeconds !== undefined) {
        if (change.advanceSeconds < 0) throw new RangeError('advanceSeconds: the clock cannot go back');
        simulatedBase += change.advanceSeconds * 1000;
      }
      if (change.speed !== undefined) {
        if (change.speed < 0) throw new RangeError('speed: the clock cannot run backwards');
        speed = change.speed;
      }
    },
    reset() {
      speed = initialSpeed;
      sourceBase = source.now();
      simulatedBase = sourceBase;
    },
  };
};

/** A date as Element writes it: UTC, ISO 8601, no fraction. */
export const isoDate = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
