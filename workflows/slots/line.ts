import type { JobSeen, LineView, Place, RefusedBy, SlotExchange, SlotLimits, SlotWish } from '../../contracts/slots.ts';
import { Room } from './room.ts';

/** Pause after a refusal in spite of a slot; doubles with each further one. */
const REFUSED_PAUSE_MS = 2_000;
const REFUSED_PAUSE_MAX_MS = 60_000;
/** A look may be as old as this and still show a job that has ended. */
const STALE_LOOK_MS = 10_000;
/** Weight of the newest copy in the mean duration. */
const NEWEST = 0.3;

interface Waiting extends SlotWish {
  /** Order of arrival. Kept over a refusal, so that the clone is back at the head. */
  seq: number;
  since: number;
}

interface Holding extends Waiting {
  grantedAt: number;
  /** Volumes that its jobs fill, once it has said so. */
  dst?: number[];
}

/** Handed over to the next run. */
export interface LineState {
  seq: number;
  waiting: Waiting[];
  holding: Holding[];
  jobs: JobSeen[];
  limits: SlotLimits;
  /** Destination and time of copies that ended a moment ago. */
  ended: [number, number][];
  paused: [number, { until: number; times: number }][];
  /** Node on which jobs of a volume were last seen. */
  nodeOf: [number, number][];
  /** True when jobs seem to run on the node of their source, so that one node can be full while others are not. */
  bound: boolean;
  /** Mean time for which a slot is held, in milliseconds. */
  heldMs?: number;
}

const DEFAULT_LIMITS: SlotLimits = { perVolume: 2, perNode: 8, nodes: 0 };
/** Key in `paused` of the cluster as a whole; volume IDs begin at 1. */
const CLUSTER = 0;

/**
 * Who is next: by priority, then first come. Counts the slots that are given away and the jobs of others, as last seen.
 * Knows no Temporal and no clock: `now` (milliseconds) is handed in.
 */
export class Line {
  private readonly state: LineState;

  constructor(state?: LineState) {
    this.state = state ?? {
      seq: 0,
      waiting: [],
      holding: [],
      jobs: [],
      limits: DEFAULT_LIMITS,
      ended: [],
      paused: [],
      nodeOf: [],
      bound: false,
    };
  }

  get waiting(): readonly Readonly<Waiting>[] {
    return this.state.waiting;
  }

  get holding(): readonly Readonly<Holding>[] {
    return this.state.holding;
  }

  get isEmpty(): boolean {
    return this.state.waiting.length === 0 && this.state.holding.length === 0;
  }

  /** For the next run, which begins where this one stands. */
  handOver(): LineState {
    return this.state;
  }

  /** Takes in what a worker says. Grant afterwards. */
  take(message: Partial<SlotExchange>, now: number): void {
    const { limits, started = [], ended = [], released = [], refused = [], wanted = [], jobs } = message;
    if (limits) this.state.limits = limits;
    for (const { workflowID, dstVolumeIDs } of started) this.start(workflowID, dstVolumeIDs);
    for (const { workflowID, copies } of ended) this.endSome(workflowID, copies, now);
    for (const workflowID of released) this.release(workflowID, now);
    if (jobs) this.see(jobs, now);
    for (const { workflowID, by } of refused) this.putBack(workflowID, by, now);
    for (const wish of wanted) this.join(wish, now);
  }

  /** Gives away every slot that is free, in order. Returns who got one. */
  grant(now: number): string[] {
    this.state.ended = this.state.ended.filter(([, at]) => now - at < STALE_LOOK_MS);
    const room = this.room(now);
    const granted: string[] = [];
    const left: Waiting[] = [];
    for (const wish of this.state.waiting) {
      if (!room.isFull && room.fits(wish.volumes)) {
        room.occupy(wish.volumes);
        this.state.holding.push({ ...wish, grantedAt: now });
        granted.push(wish.workflowID);
      } else {
        left.push(wish);
        // Else single clones would for ever take the slots that a group waits to have free together.
        if (wish.volumes.length > 1) room.reserve(wish.volumes);
      }
    }
    this.state.waiting = left;
    return granted;
  }

  isHolding(workflowID: string): boolean {
    return this.state.holding.some((h) => h.workflowID === workflowID);
  }

  placeOf(workflowID: string): Place | undefined {
    const at = this.state.waiting.findIndex((w) => w.workflowID === workflowID);
    return at < 0 ? undefined : this.placeAt(at);
  }

  /** Milliseconds until the last pause after a refusal ends; 0 when none lasts. */
  pausedFor(now: number): number {
    return Math.max(0, ...this.state.paused.map(([, { until }]) => until - now));
  }

  /** Clone jobs that are not ours, by the last look. */
  foreign(): JobSeen[] {
    const { holding, ended, jobs } = this.state;
    const known = new Set([...holding.flatMap((h) => h.dst ?? []), ...ended.map(([dst]) => dst)]);
    const unknown = jobs.filter(([, dst]) => !known.has(dst));
    // A holder that has not said yet into which volume it copies: one of these jobs may be its own.
    const silent = holding.filter((h) => h.dst === undefined).flatMap((h) => h.volumes);
    for (const volumeID of silent) {
      const own = unknown.findIndex(([src]) => src === volumeID);
      if (own >= 0) unknown.splice(own, 1);
    }
    return unknown;
  }

  view(cluster: string): LineView {
    const iso = (ms: number) => new Date(ms).toISOString();
    const wish = ({ workflowID, volumes, priority }: SlotWish): SlotWish => ({ workflowID, volumes, priority });
    return {
      cluster,
      waiting: this.places().map(([w, place]) => ({ ...wish(w), ...place, since: iso(w.since) })),
      holding: this.state.holding.map((h) => ({
        ...wish(h),
        since: iso(h.grantedAt),
        started: h.dst !== undefined,
      })),
      foreign: this.foreign().length,
      limits: this.state.limits,
      ...(this.state.heldMs === undefined ? {} : { heldSeconds: Math.round(this.state.heldMs / 1_000) }),
    };
  }

  private room(now: number): Room {
    const { limits, holding, paused, nodeOf, bound } = this.state;
    const room = new Room(limits, new Map(bound ? nodeOf : []));
    for (const [src] of this.foreign()) room.occupy([src], { foreign: true });
    for (const { volumes } of holding) room.occupy(volumes);
    for (const [volumeID, { until }] of paused) {
      if (until > now) room.close(volumeID === CLUSTER ? undefined : volumeID);
    }
    return room;
  }

  private join(wish: SlotWish, now: number): void {
    const { waiting } = this.state;
    if (this.isHolding(wish.workflowID) || waiting.some((w) => w.workflowID === wish.workflowID)) return;
    this.state.seq += 1;
    this.insert({ ...wish, seq: this.state.seq, since: now });
  }

  private insert(wish: Waiting): void {
    const { waiting } = this.state;
    const at = waiting.findIndex(
      (w) => w.priority > wish.priority || (w.priority === wish.priority && w.seq > wish.seq),
    );
    waiting.splice(at < 0 ? waiting.length : at, 0, wish);
  }

  private start(workflowID: string, dst: number[]): void {
    const holder = this.state.holding.find((h) => h.workflowID === workflowID);
    if (!holder) return;
    holder.dst = dst;
    // The cluster accepts again.
    this.state.paused = this.state.paused.filter(([key]) => key !== CLUSTER && !holder.volumes.includes(key));
  }

  private endSome(workflowID: string, copies: readonly [number, number][], now: number): void {
    const holder = this.state.holding.find((h) => h.workflowID === workflowID);
    for (const [src, dst] of copies) {
      // Said twice, it is no news.
      if (!holder?.dst?.includes(dst)) continue;
      holder.dst = holder.dst.filter((d) => d !== dst);
      holder.volumes = holder.volumes.toSpliced(holder.volumes.indexOf(src), 1);
      this.state.ended.push([dst, now]);
    }
  }

  private release(workflowID: string, now: number): void {
    const holder = this.state.holding.find((h) => h.workflowID === workflowID);
    if (holder?.dst) {
      this.state.ended.push(...holder.dst.map((dst): [number, number] => [dst, now]));
      const held = now - holder.grantedAt;
      this.state.heldMs = (this.state.heldMs ?? held) * (1 - NEWEST) + held * NEWEST;
    }
    this.drop(workflowID);
  }

  /** A holder whose workflow is over: should its job still run, that is anybody's job now. */
  drop(workflowID: string): void {
    this.state.holding = this.state.holding.filter((h) => h.workflowID !== workflowID);
    this.state.waiting = this.state.waiting.filter((w) => w.workflowID !== workflowID);
  }

  private putBack(workflowID: string, by: RefusedBy, now: number): void {
    const holder = this.state.holding.find((h) => h.workflowID === workflowID);
    if (!holder) return;
    const { grantedAt: _grantedAt, dst: _dst, ...wish } = holder;
    this.drop(workflowID);
    const full = this.room(now).isFull;
    // The cluster as a whole is not full: it must be a node that is.
    if (by === 'cluster' && !full) this.state.bound = true;
    this.insert(wish);
    const paused = new Map(this.state.paused);
    for (const key of by === 'cluster' && full ? [CLUSTER] : wish.volumes) {
      const times = (paused.get(key)?.times ?? 0) + 1;
      paused.set(key, { times, until: now + Math.min(REFUSED_PAUSE_MAX_MS, REFUSED_PAUSE_MS * 2 ** (times - 1)) });
    }
    this.state.paused = [...paused];
  }

  private see(jobs: JobSeen[], now: number): void {
    this.state.jobs = jobs;
    this.state.ended = this.state.ended.filter(([, at]) => now - at < STALE_LOOK_MS);
    const nodeOf = new Map(this.state.nodeOf);
    const seen = new Map<number, number>();
    for (const [src, , node] of jobs) {
      if (node === 0) continue;
      if ((seen.get(src) ?? node) !== node) this.state.bound = false;
      seen.set(src, node);
      nodeOf.set(src, node);
    }
    // Only volumes that matter at present, or months would fill it.
    const wanted = new Set([...this.state.waiting, ...this.state.holding].flatMap((w) => w.volumes));
    this.state.nodeOf = [...nodeOf].filter(([src]) => wanted.has(src) || jobs.some(([s]) => s === src));
  }

  /** All places in one pass: thousands may wait, and people look often. */
  private places(): [Waiting, Place][] {
    const ahead = new Map<number, number>();
    return this.state.waiting.map((wish, i) => {
      const [only] = wish.volumes;
      const sameVolume = wish.volumes.length === 1 ? (ahead.get(only!) ?? 0) : this.aheadOf(i);
      for (const v of new Set(wish.volumes)) ahead.set(v, (ahead.get(v) ?? 0) + 1);
      return [wish, this.placeAt(i, sameVolume)];
    });
  }

  /** How many in front want one of the same volumes. */
  private aheadOf(index: number): number {
    const { volumes } = this.state.waiting[index]!;
    return this.state.waiting.slice(0, index).filter((w) => w.volumes.some((v) => volumes.includes(v))).length;
  }

  /** The turn comes after those in front that want the same volume, and after all in front when the cluster is full. */
  private placeAt(index: number, sameVolume = this.aheadOf(index)): Place {
    const { waiting, limits, heldMs } = this.state;
    const place = { place: index + 1, of: waiting.length };
    if (heldMs === undefined) return place;
    const rounds = (ahead: number, slots: number) => Math.ceil((ahead + 1) / Math.max(1, slots));
    const total = Math.min(limits.ours ?? Infinity, limits.nodes > 0 ? limits.nodes * limits.perNode : Infinity);
    const turns = Math.max(rounds(sameVolume, limits.perVolume), Number.isFinite(total) ? rounds(index, total) : 1);
    // Slots in use are half through on average.
    return { ...place, etaSeconds: Math.max(1, Math.round(((turns - 0.5) * heldMs) / 1_000)) };
  }
}
