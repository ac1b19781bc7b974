import type { FaultStatus } from '../../simulator/index.ts';
import type { Made } from './ledger.ts';
import type { Outcome } from './outcomes.ts';

export type Counts = Record<string, number>;

export const countBy = <T>(list: readonly T[], key: (item: T) => string): Counts => {
  const counts: Counts = {};
  for (const item of list) counts[key(item)] = (counts[key(item)] ?? 0) + 1;
  return counts;
};

/** Calls, clones or outages that a fault has met, by kind; those of kind `error` by what the name says to a client. */
export const fired = (faults: readonly FaultStatus[]): Counts => {
  const counts: Counts = {};
  for (const { fault, fired: times } of faults) {
    const kind = fault.kind === 'error' ? `error ${fault.name}` : fault.kind;
    counts[kind] = (counts[kind] ?? 0) + times;
  }
  return counts;
};

/** Calls that made an object of a step for which there had been one before: what the guarantees are for. */
export function secondObjects(made: readonly Made[]): Record<Made['kind'], number> {
  const seen = new Set<string>();
  const counts = { volume: 0, snapshot: 0, groupSnapshot: 0, copy: 0 };
  for (const { kind, tag } of made) {
    // A group makes several volumes, a copy several snapshots.
    const key = `${kind}/${tag?.request}/${tag?.step}/${tag?.sourceVolumeID}`;
    if (seen.has(key)) counts[kind] += 1;
    seen.add(key);
  }
  return counts;
}

/** Most workflows that ran at the same time. */
export function mostInFlight(outcomes: readonly Outcome[]): number {
  const edges = outcomes
    .flatMap(({ startedAt, closedAt }) =>
      startedAt === undefined
        ? []
        : ([
            [startedAt, 1],
            [closedAt ?? Infinity, -1],
          ] as [number, number][]),
    )
    .sort(([a], [b]) => a - b);
  let now = 0;
  return edges.reduce((most, [, step]) => Math.max(most, (now += step)), 0);
}

/** Why clones failed: the step, and the API's error name or the type of the failure. */
export const reasons = (outcomes: readonly Outcome[]): Counts =>
  countBy(
    outcomes.flatMap(({ failure }) => failure ?? []),
    ({ type, details }) =>
      details === undefined ? type : `${details.step}${details.apiName === undefined ? '' : `: ${details.apiName}`}`,
  );
