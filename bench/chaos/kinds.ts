import type { CloneType } from '../../contracts/clone-types.ts';

/** What is asked for. `lease` is a clone that lives for seconds. */
export const KINDS = ['clone', 'lease', 'group', 'fanOut', 'copy', 'refresh'] as const;
export type Kind = (typeof KINDS)[number];

/** How often a kind comes, beside those that were chosen. */
export const WEIGHTS: Readonly<Record<Kind, number>> = {
  clone: 46,
  lease: 14,
  group: 10,
  fanOut: 8,
  copy: 12,
  refresh: 10,
};

export const TYPE_OF = {
  clone: 'cloneVolume',
  lease: 'cloneVolume',
  group: 'cloneGroup',
  fanOut: 'cloneFanOut',
  copy: 'copyVolume',
  refresh: 'refreshClone',
} as const satisfies Record<Kind, CloneType>;
