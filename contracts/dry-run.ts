import type { CloneType, RequestOf } from './clone-types.ts';

/** Types of which a dry run tells what they would do. */
export type PlannableType = Exclude<CloneType, 'refreshClone'>;

/** What `planClones` is asked for: what a request would do, without doing it. */
export interface PlanClonesRequest<T extends PlannableType = PlannableType> {
  type: T;
  request: RequestOf<T>;
}

/** A call that changes something on the cluster. */
export interface PlannedCall {
  /** API method. */
  method: string;
  times: number;
  /** For what, in words. */
  what: string;
}

/** A clone that would be made. */
export interface PlannedClone {
  sourceVolumeID: number;
  sourceName: string;
  name: string;
  /** Bytes of the new volume. */
  totalSize: number;
}

/** Clone slots as they are just now. */
export interface SlotsNow {
  /** GetLimits: clone jobs at once per volume and per node; nodes that are active, 0 when it is not known. */
  perVolume: number;
  perNode: number;
  nodes: number;
  /** Configuration: at most this many of ours at once. */
  ours?: number;
  /** Clone jobs that run, by source volume. */
  running: Record<number, number>;
  /** Clones of ours that are in line already. */
  waiting: number;
  /** Mean rate of the copies that run, in bytes per second; `null` when none runs. */
  bytesPerSecond: number | null;
  /** For how long the last copies held their slots, in seconds; `null` when none has ended of late. */
  heldSeconds: number | null;
}

/** What `planClones` returns. */
export interface ClonesPlan {
  type: PlannableType;
  cluster: string;
  clones: PlannedClone[];
  calls: PlannedCall[];
  slots: SlotsNow;
  /** Of these clones at once, by the limits. A group takes all of its slots together. */
  atOnce: number;
  /** Seconds for all copies, by `basis`; `null` when there is nothing to judge by. */
  seconds: number | null;
  /** What `seconds` is judged by, in words. */
  basis: string;
}
