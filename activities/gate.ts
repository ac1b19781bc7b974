import prettyMs from 'pretty-ms';
import type { SharedSlots } from './shared-slots.ts';

/** Silence after which a cluster with calls under way is taken not to answer. */
const MUTE_MS = 5_000;
/** Steps that may go on asking a mute cluster. */
const PROBES = 2;
/** Calls in a row without an answer that are not taken for an accident. */
const FAULTS = 3;
/** Pause of those that may not: long, since there may be thousands, and not in step with each other. */
const PAUSE_MS = 10_000;
const PAUSE_SPREAD_MS = 10_000;
/** Pause when the cluster answers and merely has its share of this worker. */
const CROWDED_MS = 1_000;

/** The cluster has its share of this worker's slots for now. The step has done nothing, and is to be tried again. */
export class GateShut extends Error {
  override readonly name = 'GateShut' as const;
  readonly delayMs: number;

  constructor(message: string, delayMs: number) {
    super(message);
    this.delayMs = delayMs;
  }
}

/**
 * Keeps one cluster from taking all of a worker's slots: steps beyond its share, and all but two while it does not
 * answer, are sent away at once rather than let wait for a time-out. So a dead cluster does not slow the others.
 */
export class ClusterGate {
  private readonly alias: string;
  private readonly slots: SharedSlots;
  private readonly now: () => number;
  /** Calls under way. */
  private asking = 0;
  /** When the cluster last answered, or was first asked after a quiet time. */
  private heardAt = 0;
  /** Calls in a row that ended without an answer, and why the last one did. */
  private faults = 0;
  private lastFault = '';

  constructor(alias: string, slots: SharedSlots, now: () => number = () => performance.now()) {
    this.alias = alias;
    this.slots = slots;
    this.now = now;
  }

  /** @throws GateShut; else call `leave` once, when the step has ended. */
  enter(): void {
    const silentMs = this.isAwaited() ? this.now() - this.heardAt : 0;
    if (silentMs >= MUTE_MS && this.slots.of(this.alias) >= PROBES) {
      const last = this.lastFault === '' ? '' : `; the last call: ${this.lastFault}`;
      throw new GateShut(
        `cluster ${this.alias} has not answered for ${prettyMs(silentMs, { secondsDecimalDigits: 0 })}, others of its steps ask again first${last}`,
        PAUSE_MS + Math.random() * PAUSE_SPREAD_MS,
      );
    }
    if (this.slots.take(this.alias)) return;
    const inside = this.slots.of(this.alias);
    throw new GateShut(`${inside} steps of cluster ${this.alias} are under way on this worker`, CROWDED_MS);
  }

  leave(): void {
    this.slots.giveBack(this.alias);
  }

  /** A call goes out; it ends by one of the three below. */
  asked(): void {
    if (this.asking === 0 && this.faults === 0) this.heardAt = this.now();
    this.asking += 1;
  }

  /** The cluster said something, whatever it was. */
  answered(): void {
    this.asking -= 1;
    this.heardAt = this.now();
    this.faults = 0;
    this.lastFault = '';
  }

  /** There was no answer. */
  unanswered(message: string): void {
    this.asking -= 1;
    this.faults += 1;
    this.lastFault = message;
  }

  /** It was not waited for: that says nothing about the cluster. */
  givenUp(): void {
    this.asking -= 1;
  }

  private isAwaited(): boolean {
    return this.asking > 0 || this.faults >= FAULTS;
  }
}
