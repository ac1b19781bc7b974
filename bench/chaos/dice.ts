import { makeRandom } from '../../simulator/random.ts';

/** Draws that depend on the seed and the stream's name alone: one more draw in a stream changes no other. */
export interface Dice {
  /** From 0 up to, not including, 1. */
  share(): number;
  /** A whole number, both ends included. */
  int(least: number, most: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
  /** One of the keys, by its weight. */
  weighted<K extends string>(weights: Record<K, number>): K;
}

/** FNV-1a and MurmurHash3's last step: neighbouring names must not give neighbouring streams. */
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ char.codePointAt(0)!, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
};

export const makeDice = (seed: number, stream: string): Dice => {
  const random = makeRandom(hashOf(`${seed}/${stream}`));
  const share = () => random.next();
  const int = (least: number, most: number) => least + Math.floor(share() * (most - least + 1));
  return {
    share,
    int,
    chance: (probability) => share() < probability,
    pick: (list) => list[int(0, list.length - 1)]!,
    weighted: <K extends string>(weights: Record<K, number>): K => {
      const entries = Object.entries<number>(weights) as [K, number][];
      let left = share() * entries.reduce((sum, [, weight]) => sum + weight, 0);
      return (entries.find(([, weight]) => (left -= weight) < 0) ?? entries.at(-1)!)[0];
    },
  };
};
