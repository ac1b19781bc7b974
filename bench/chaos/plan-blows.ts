import { makeDice } from './dice.ts';
import { SOURCES } from './estate.ts';
import type { PlannedOf } from './planned.ts';

/** A worker process is ended by a signal, and started again after `downMs`. */
export interface WorkerBlow {
  atMs: number;
  what: 'worker';
  worker: number;
  signal: 'SIGKILL' | 'SIGTERM';
  downMs: number;
}

/** A worker process stands still for a while, long enough to be given up, and then goes on. */
export interface FreezeBlow {
  atMs: number;
  what: 'freeze';
  worker: number;
  forMs: number;
}

/** The Temporal server is killed, and started again on its file after `downMs`. */
export interface TemporalBlow {
  atMs: number;
  what: 'temporal';
  downMs: number;
}

/** Somebody terminates the workflow that keeps the line for clone slots. */
export interface LineBlow {
  atMs: number;
  what: 'line';
}

/**
 * Somebody works on the cluster by hand. `deletesClone`, `deletesSnapshot`: what is being made for the clone of this
 * name; `copiesClone`: clones the finished clone under its own name; `clones`, `writes`: a source.
 */
export interface PersonBlow {
  atMs: number;
  what: 'person';
  action: 'deletesClone' | 'deletesSnapshot' | 'copiesClone' | 'clones' | 'writes';
  /** Name of a clone, or a source's volumeID. */
  target: string | number;
}

export const WORKERS = 2;

/** Spread over the run, one in each of `count` equal parts, so that they do not come all at once. */
const spread = <T>(count: number, durationMs: number, seed: number, stream: string, draw: Draw<T>): T[] =>
  Array.from({ length: count }, (_, i) => {
    const dice = makeDice(seed, `${stream} ${i}`);
    return draw(Math.floor(((i + dice.share()) * durationMs) / count), dice);
  });
type Draw<T> = (atMs: number, dice: ReturnType<typeof makeDice>) => T;

export const planWorkerBlows = (
  seed: number,
  signal: WorkerBlow['signal'],
  count: number,
  durationMs: number,
): WorkerBlow[] =>
  spread(count, durationMs, seed, signal, (atMs, dice) => ({
    atMs,
    what: 'worker',
    worker: dice.int(0, WORKERS - 1),
    signal,
    downMs: dice.int(0, 3_000),
  }));

export const planFreezes = (seed: number, count: number, durationMs: number): FreezeBlow[] =>
  spread(count, durationMs, seed, 'freeze', (atMs, dice) => ({
    atMs,
    what: 'freeze',
    worker: dice.int(0, WORKERS - 1),
    forMs: dice.int(16_000, 40_000),
  }));

/** Longer than the heartbeat time-out now and then: the server then thinks that every running attempt has died. */
export const planTemporalBlows = (seed: number, count: number, durationMs: number): TemporalBlow[] =>
  spread(count, durationMs, seed, 'temporal', (atMs, dice) => ({
    atMs,
    what: 'temporal',
    downMs: dice.int(200, Math.min(20_000, Math.floor(durationMs / 10))),
  }));

export const planLineBlows = (seed: number, count: number, durationMs: number): LineBlow[] =>
  spread(count, durationMs, seed, 'line', (atMs) => ({ atMs, what: 'line' }));

export const planPersonBlows = (
  seed: number,
  count: number,
  durationMs: number,
  clones: readonly PlannedOf<'clone'>[],
): PersonBlow[] =>
  Array.from({ length: count }, (_, i) => {
    const dice = makeDice(seed, `person ${i}`);
    const action = (['deletesClone', 'copiesClone', 'deletesSnapshot', 'clones', 'writes'] as const)[i % 5]!;
    const isOnSource = action === 'clones' || action === 'writes';
    // Where no single clones are asked for, people still work on the sources.
    const clone = clones.length === 0 ? undefined : dice.pick(clones);
    if (clone === undefined || isOnSource) {
      const startsAtMs = clone?.startsAtMs ?? Math.floor(dice.share() * durationMs);
      const target = dice.pick(SOURCES).volumeID;
      return { atMs: startsAtMs + dice.int(0, 8_000), what: 'person', action: isOnSource ? action : 'writes', target };
    }
    return { atMs: clone.startsAtMs + dice.int(0, 8_000), what: 'person', action, target: clone.request.name };
  });
