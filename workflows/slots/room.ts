import type { SlotLimits } from '../../contracts/slots.ts';

/** Slots of a cluster that are free at one moment: per volume, per node, of all, and of what is allowed to us. */
export class Room {
  private readonly limits: SlotLimits;
  /** Node on which jobs of a volume were last seen. Without one, only the cluster as a whole counts. */
  private readonly nodeOf: ReadonlyMap<number, number>;
  private readonly perVolume = new Map<number, number>();
  private readonly perNode = new Map<number, number>();
  private all = 0;
  private ours = 0;
  private closed = false;

  constructor(limits: SlotLimits, nodeOf: ReadonlyMap<number, number>) {
    this.limits = limits;
    this.nodeOf = nodeOf;
  }

  /** Nothing of any volume fits any more. */
  get isFull(): boolean {
    return this.closed || this.ours >= this.oursMax || this.all >= this.allMax;
  }

  /** True when each of these volumes can have one more job, all at once. */
  fits(volumes: readonly number[]): boolean {
    const { perVolume, perNode } = this.limits;
    // What is larger than all there is gets its turn when nothing else runs; the cluster then decides.
    const within = (used: number, max: number) => used + volumes.length <= max || used === 0;
    if (this.closed || !within(this.ours, this.oursMax) || !within(this.all, this.allMax)) return false;
    const nodes = new Map(this.perNode);
    const jobs = new Map<number, number>();
    return volumes.every((v) => {
      const count = (jobs.get(v) ?? this.perVolume.get(v) ?? 0) + 1;
      jobs.set(v, count);
      const node = this.nodeOf.get(v);
      if (node === undefined) return count <= perVolume;
      const load = (nodes.get(node) ?? 0) + 1;
      nodes.set(node, load);
      return count <= perVolume && load <= perNode;
    });
  }

  occupy(volumes: readonly number[], { foreign = false } = {}): void {
    for (const v of volumes) {
      this.perVolume.set(v, (this.perVolume.get(v) ?? 0) + 1);
      const node = this.nodeOf.get(v);
      if (node !== undefined) this.perNode.set(node, (this.perNode.get(node) ?? 0) + 1);
    }
    this.all += volumes.length;
    if (!foreign) this.ours += volumes.length;
  }

  /** Keeps slots free for somebody who needs several at once. */
  reserve(volumes: readonly number[]): void {
    this.occupy(volumes);
  }

  /** Nothing more of this volume, or at all. */
  close(volumeID?: number): void {
    if (volumeID === undefined) this.closed = true;
    else this.perVolume.set(volumeID, Infinity);
  }

  private get oursMax(): number {
    return this.limits.ours ?? Infinity;
  }

  private get allMax(): number {
    return this.limits.nodes > 0 ? this.limits.nodes * this.limits.perNode : Infinity;
  }
}
