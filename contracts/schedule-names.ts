/**
 * What happens when it is time for a run while the one before still runs:
 *
 * - `skip`: nothing; `schedule show` says so.
 * - `bufferOne`, `bufferAll`: it begins when the other one has ended; of several the first, or all of them.
 * - `cancelOther`: the other one is cancelled, undoes what it made, and then this one begins.
 * - `terminateOther`: the same without waiting until the other one has undone what it made.
 * - `allowAll`: both run.
 */
export const OVERLAP_POLICIES = [
  'skip',
  'bufferOne',
  'bufferAll',
  'cancelOther',
  'terminateOther',
  'allowAll',
] as const;
export type OverlapPolicy = (typeof OVERLAP_POLICIES)[number];
