/** Of a worker's slots, kept for clusters that have none just now. */
const KEPT = 0.2;
/** Most of them, where there are so many clusters that each would find none. */
const KEPT_MAX = 0.8;

/**
 * The slots of a worker as the clusters it serves share them. Each finds some at any time, whatever the others do: also
 * when all the others leave their calls unanswered at the same moment.
 */
export class SharedSlots {
  private readonly total: number;
  private readonly reserve: number;
  private readonly taken = new Map<string, number>();

  /** `total`: steps at once. */
  constructor(total: number, clusters: readonly string[]) {
    const others = clusters.length - 1;
    this.total = others === 0 ? Infinity : total;
    const each = Math.max(1, Math.floor((total * KEPT) / Math.max(1, others)));
    this.reserve = others * each <= total * KEPT_MAX ? each : 0;
    for (const alias of clusters) this.taken.set(alias, 0);
  }

  of(alias: string): number {
    return this.taken.get(alias) ?? 0;
  }

  /** Whether there was one to take. */
  take(alias: string): boolean {
    let spoken = 0;
    for (const [other, n] of this.taken) spoken += other === alias ? n : Math.max(n, this.reserve);
    if (spoken >= this.total) return false;
    this.taken.set(alias, this.of(alias) + 1);
    return true;
  }

  giveBack(alias: string): void {
    this.taken.set(alias, this.of(alias) - 1);
  }
}
