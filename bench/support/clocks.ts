import type { ClockSource } from '../../simulator/index.ts';

/** Stands still until somebody moves it: time passes only where the experiment says so. */
export interface ManualClock extends ClockSource {
  now: () => number;
  advance: (ms: number) => void;
}

export function manualClock(startMs = Date.parse('2026-01-01T00:00:00Z')): ManualClock {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    advance: (ms) => {
      nowMs += ms;
    },
  };
}

/** Real time plus what was skipped. */
export function skippingClock(): ManualClock {
  let skippedMs = 0;
  return {
    now: () => Date.now() + skippedMs,
    advance: (ms) => {
      skippedMs += ms;
    },
  };
}

/** A clock that showed `simulatedMs` at the real time `realMs`, and runs `speed` times as fast as real time. */
export interface FastClock {
  realMs: number;
  simulatedMs: number;
  speed: number;
}

export function fastClock({ realMs, simulatedMs, speed }: FastClock) {
  /** The time of this clock at a moment of real time. */
  const at = (real: number) => simulatedMs + (real - realMs) * speed;
  return { at, now: () => at(Date.now()), speed };
}
