import type { CopyRule } from '../../simulator/index.ts';
import { makeRandom } from '../../simulator/random.ts';

export interface PlannedClone {
  name: string;
  /** Source. */
  volumeID: number;
  /** What the copy takes. */
  seconds: number;
}

export interface WorkloadOptions {
  clones: number;
  /** Sources, which take turns. */
  volumeIDs: readonly number[];
  seconds: readonly [least: number, most: number];
  seed: number;
}

/** Clones whose copies take different times, the same ones for the same seed. */
export function planClones({ clones, volumeIDs, seconds: [least, most], seed }: WorkloadOptions): PlannedClone[] {
  const random = makeRandom(seed);
  return Array.from({ length: clones }, (_, i) => ({
    name: `bench-${i}`,
    volumeID: volumeIDs[i % volumeIDs.length]!,
    // Whole tenths, so that the results can be read.
    seconds: Math.round((least + random.next() * (most - least)) * 10) / 10,
  }));
}

/** Has the simulated cluster take exactly as long, whoever asks for the clone. */
export const copyRules = (plan: readonly PlannedClone[]): CopyRule[] =>
  plan.map(({ name, seconds }) => ({ name, cloneSeconds: seconds }));
