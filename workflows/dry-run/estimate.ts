import type { ClonesPlan, PlannedClone, SlotsNow } from '../../contracts/dry-run.ts';
import { WORKFLOW } from '../../contracts/names.ts';

type Estimate = Pick<ClonesPlan, 'atOnce' | 'seconds' | 'basis'>;

/** How many at once, and how long all of it would take if the copies that run now, or the last ones, are a guide. */
export function estimate(type: ClonesPlan['type'], clones: readonly PlannedClone[], slots: SlotsNow): Estimate {
  const atOnce = slotsFor(type, clones, slots);
  const { seconds: each, basis } = timeOfOne(clones, slots);
  return { atOnce, basis, seconds: each === null ? null : Math.ceil(Math.ceil(clones.length / atOnce) * each) };
}

function slotsFor(type: ClonesPlan['type'], clones: readonly PlannedClone[], slots: SlotsNow): number {
  // The members of a group are cloned by one call.
  if (type === WORKFLOW.cloneGroup) return clones.length;
  const all = slots.nodes > 0 ? slots.nodes * slots.perNode : Infinity;
  return Math.max(1, Math.min(clones.length, slots.perVolume, all, slots.ours ?? Infinity));
}

function timeOfOne(clones: readonly PlannedClone[], slots: SlotsNow): { seconds: number | null; basis: string } {
  const bytes = Math.max(...clones.map((c) => c.totalSize));
  if (slots.bytesPerSecond !== null) {
    return { seconds: bytes / slots.bytesPerSecond, basis: 'by the rate of the copies that run now' };
  }
  if (slots.heldSeconds !== null) {
    return { seconds: slots.heldSeconds, basis: 'by how long the last copies took' };
  }
  return { seconds: null, basis: 'no copy runs or has ended of late whose rate could be a guide' };
}
