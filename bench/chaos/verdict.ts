import type { Outcome } from './outcomes.ts';
import type { StateView } from '../../simulator/index.ts';
import { inWords, type Belongings } from './belongings.ts';
import type { LeaseDeed, Planned } from './planned.ts';
import type { Made } from './ledger.ts';
import type { Deeds } from './people.ts';

/** All that the verdict rests upon. */
export interface Evidence {
  requests: readonly Planned[];
  /** Of every workflow that was asked for, by its ID. */
  outcomes: ReadonlyMap<string, Outcome>;
  /** Of every run that one of those has started, directly or not, and of earlier runs of theirs, by run ID. */
  runs: ReadonlyMap<string, Outcome>;
  before: StateView;
  after: StateView;
  deeds: Deeds;
  /** Leases that were extended or released, as their workflows have confirmed. */
  leases: ReadonlyMap<string, LeaseDeed['action']>;
  made: readonly Made[];
}

export const FAULTS = ['duplicates', 'lost', 'orphans', 'stuck', 'foreign'] as const;
/** - `duplicates`: a second volume of one request;
 *  - `lost`: what is reported as done and is not there as asked for, a workflow that ended without a reason, a series
 *    without the generation that should be in service, a lease that was not kept;
 *  - `orphans`: what a request left and its outcome does not name; - `stuck`: has not ended;
 *  - `foreign`: what is none of ours was changed. */
export type FaultClass = (typeof FAULTS)[number];

/** What is allowed to be left, counted. */
export interface Left {
  volumes: number;
  snapshots: number;
  groupSnapshots: number;
  jobs: number;
  asyncResults: number;
}

const none = (): Left => ({ volumes: 0, snapshots: 0, groupSnapshots: 0, jobs: 0, asyncResults: 0 });

export interface Verdict extends Record<FaultClass, string[]> {
  /** By workflows that were terminated: it carries their tag. */
  byTerminated: Left;
  /** Named in a failure's `leftBehind`. */
  named: Left;
  /** Results named in a failure, of volumes that the cluster has removed by itself or that are none of ours: only their name leads to them. */
  namedOnly: number;
  /** Results and jobs that nobody could have found: see `isUnknowable`, and copies that were terminated. */
  unknowable: number;
  /** Snapshots of good clones that could not be removed and expire by themselves. */
  expiring: number;
  /** Snapshots from before a copy, which expire by themselves. */
  waysBack: number;
  /** Leases by how they ended; `extended` are those that run on, `released` those that gave their clone up. */
  leases: Record<string, number>;
}

export const newVerdict = (foreign: string[]): Verdict => ({
  duplicates: [],
  lost: [],
  orphans: [],
  stuck: [],
  foreign,
  byTerminated: none(),
  named: none(),
  namedOnly: 0,
  unknowable: 0,
  expiring: 0,
  waysBack: 0,
  leases: {},
});

export function split<T>(list: readonly T[], test: (item: T) => boolean): [yes: T[], no: T[]] {
  return [list.filter(test), list.filter((item) => !test(item))];
}

export function addTo(left: Left, owned: Belongings): void {
  for (const kind of Object.keys(left) as (keyof Left)[]) left[kind] += owned[kind].length;
}

/** One workflow that made something, and what of that is there. */
export interface Case {
  outcome: Outcome;
  owned: Belongings;
  evidence: Evidence;
  verdict: Verdict;
}

/** What is there beyond what the workflow says it left. */
export const leftOver = ({ outcome: { workflowID }, verdict }: Case, owned: Belongings): void =>
  void verdict.orphans.push(...inWords(owned).map((what) => `${workflowID} is done and left ${what}`));

export const childrenOf = ({ children }: Outcome, { runs }: Evidence): Outcome[] =>
  children.flatMap((c) => runs.get(c.runID) ?? []);

/** All that the runs of a workflow have named as left behind. */
export const namedBy = (workflowID: string, { outcomes, runs }: Evidence) =>
  [...new Set([...outcomes.values(), ...runs.values()])]
    .filter((o) => o.workflowID === workflowID)
    .flatMap((o) => o.failure?.details?.leftBehind ?? []);
