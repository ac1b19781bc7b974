import type { PlannedClone } from './workload.ts';

/** In seconds, from the first copy's start to the last one's end. */
export interface Ideal {
  /** No slot ever idle while a clone of its volume waits, in the order of the list. */
  listScheduling: number;
  /** No order whatever takes less: the busiest volume's copies shared evenly, or the longest copy. */
  lowerBound: number;
}

/** What the slots allow when each volume runs `slotsPerVolume` copies at once and the cluster as a whole is no limit. */
export function idealMakespan(plan: readonly PlannedClone[], slotsPerVolume: number): Ideal {
  const volumes = [...new Set(plan.map((c) => c.volumeID))].map((id) =>
    plan.filter((c) => c.volumeID === id).map((c) => c.seconds),
  );
  return {
    listScheduling: Math.max(...volumes.map((copies) => inOrder(copies, slotsPerVolume))),
    lowerBound: Math.max(
      ...volumes.map((copies) => copies.reduce((sum, s) => sum + s, 0) / slotsPerVolume),
      ...plan.map((c) => c.seconds),
    ),
  };
}

/** Each copy in the slot that is free first. */
function inOrder(copies: readonly number[], slots: number): number {
  const freeAt = Array.from({ length: slots }, () => 0);
  for (const seconds of copies) freeAt[freeAt.indexOf(Math.min(...freeAt))]! += seconds;
  return Math.max(...freeAt);
}
