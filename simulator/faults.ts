import { isDeepStrictEqual } from 'node:util';
import { isJobFault, isOutage, type CallFault, type Fault, type JobFault, type OutageFault } from './fault-shapes.ts';
import { globMatches } from './glob.ts';
import { makeRandom, type Random } from './random.ts';

const cloneMethods = new Set(['CloneVolume', 'CloneMultipleVolumes', 'CopyVolume']);

/** A fault on the board, with what it has done so far. */
export interface FaultStatus {
  id: number;
  fault: Fault;
  /** Calls it could have met. */
  matched: number;
  /** Calls, or outages, it has spoilt. */
  fired: number;
}

interface Posted extends FaultStatus {
  random: Random;
}

/** The faults in force. The first that fires for a call wins; faults of clone jobs all apply. */
export interface FaultBoard {
  list(): FaultStatus[];
  append(faults: readonly Fault[]): void;
  replace(faults: readonly Fault[]): void;
  clear(): void;
  /** What happens to this call. Counts, so ask once per call. */
  meet(method: string, params: Record<string, unknown>): { call: CallFault | undefined; jobs: JobFault[] };
  /** Called with an outage that begins by itself, not at a call. There is one listener: what serves the cluster. */
  onOutage(listener: (outage: OutageFault) => void): void;
}

const valueAt = (params: Record<string, unknown>, path: string): unknown => {
  let value: unknown = params;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
};

const sameValue = (wanted: unknown, actual: unknown): boolean =>
  typeof wanted === 'string' && typeof actual === 'string'
    ? globMatches(wanted, actual)
    : isDeepStrictEqual(wanted, actual);

const meets = (fault: Fault, method: string, params: Record<string, unknown>, seen: ReadonlySet<string>): boolean => {
  if (isJobFault(fault) && !cloneMethods.has(method)) return false;
  const methods = fault.method === undefined ? ['*'] : [fault.method].flat();
  if (!methods.some((m) => m === '*' || m === method)) return false;
  if (![fault.after ?? []].flat().every((m) => seen.has(m))) return false;
  return Object.entries(fault.match ?? {}).every(([path, wanted]) => sameValue(wanted, valueAt(params, path)));
};

export const makeFaultBoard = (seed: number): FaultBoard => {
  let posted: Posted[] = [];
  let lastID = 0;
  const seen = new Set<string>();
  let listener: ((outage: OutageFault) => void) | undefined;
  /** The last outage that was to begin before anybody listened: one of the options' faults. */
  let unheard: OutageFault | undefined;

  const append = (faults: readonly Fault[]): void => {
    for (const fault of faults) {
      const id = ++lastID;
      // Its own stream per fault: draws depend on the calls this fault meets and on nothing else.
      const entry: Posted = { id, fault, matched: 0, fired: 0, random: makeRandom(seed * 7919 + id) };
      posted.push(entry);
      if (isOutage(fault) && fault.method === undefined && fault.match === undefined) {
        entry.fired = 1;
        if (listener === undefined) unheard = fault;
        else listener(fault);
      }
    }
  };

  const fires = (entry: Posted): boolean => {
    const { fault } = entry;
    entry.matched += 1;
    if (entry.matched <= (fault.skip ?? 0)) return false;
    // An outage happens once unless told otherwise; it would else begin again at every call that finds it over.
    const count = fault.count ?? (isOutage(fault) ? 1 : Infinity);
    if (entry.fired >= count) return false;
    if (fault.probability !== undefined && entry.random.next() >= fault.probability) return false;
    entry.fired += 1;
    return true;
  };

  return {
    list: () => posted.map(({ id, fault, matched, fired }) => ({ id, fault, matched, fired })),
    append,
    replace(faults) {
      posted = [];
      append(faults);
    },
    clear() {
      posted = [];
      lastID = 0;
    },
    meet(method, params) {
      let call: CallFault | undefined;
      const jobs: JobFault[] = [];
      for (const entry of posted) {
        const { fault } = entry;
        if (!meets(fault, method, params, seen)) continue;
        if (isJobFault(fault)) {
          if (fires(entry)) jobs.push(fault);
        } else if (call === undefined && fires(entry)) {
          call = fault;
        }
      }
      seen.add(method);
      return { call, jobs };
    },
    onOutage(heard) {
      listener = heard;
      if (unheard !== undefined) heard(unheard);
      unheard = undefined;
    },
  };
};
