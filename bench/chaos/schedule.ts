import { createHash } from 'node:crypto';
import { stableJSON } from '../../contracts/stable-json.ts';
import type { Behaviour } from '../../simulator/index.ts';
import { makeDice } from './dice.ts';
import {
  planFreezes,
  planLineBlows,
  planPersonBlows,
  planTemporalBlows,
  planWorkerBlows,
  type FreezeBlow,
  type LineBlow,
  type PersonBlow,
  type TemporalBlow,
  type WorkerBlow,
} from './plan-blows.ts';
import { planRequests } from './plan-requests.ts';
import { KINDS, type Kind } from './kinds.ts';
import { planCallFaults, planOutages, type PlannedFault } from './plan-faults.ts';
import { isOf, type Planned } from './planned.ts';

export interface ChaosSize {
  /** Requests, of all kinds. */
  clones: number;
  seed: number;
  minutes: number;
  /** @default all */
  kinds?: readonly Kind[] | undefined;
  /** How often the Temporal server is blown at. @default every other minute */
  serverBlows?: number | undefined;
}

export type PlannedEvent = PlannedFault | WorkerBlow | FreezeBlow | TemporalBlow | LineBlow | PersonBlow;

/** All that a run does, and when: a pure function of its size and seed. */
export interface Schedule extends ChaosSize {
  /** First 16 digits of a hash over all of it. */
  hash: string;
  kinds: readonly Kind[];
  requests: Planned[];
  /** By time; `atMs` counts from the start of the run. */
  events: PlannedEvent[];
  /** What no document of the vendor decides. */
  behaviour: Pick<Behaviour, 'cancelledClone' | 'failedClone'>;
}

export function makeSchedule({ clones, seed, minutes, serverBlows, kinds = KINDS }: ChaosSize): Schedule {
  const durationMs = minutes * 60_000;
  const requests = planRequests(seed, clones, durationMs, kinds);
  const dice = makeDice(seed, 'cluster');
  const events: PlannedEvent[] = [
    ...requests.flatMap(copyFaultOf),
    ...planCallFaults(seed, Math.ceil(clones * 1.2), durationMs),
    ...planOutages(seed, Math.max(3, Math.round(minutes * 1.5)), durationMs),
    ...planWorkerBlows(seed, 'SIGKILL', Math.max(2, Math.ceil(minutes * 3)), durationMs),
    ...planWorkerBlows(seed, 'SIGTERM', Math.max(1, Math.round(minutes / 2)), durationMs),
    ...planFreezes(seed, Math.round(minutes / 2), durationMs),
    ...planTemporalBlows(seed, serverBlows ?? Math.max(1, Math.round(minutes / 2)), durationMs),
    ...planLineBlows(seed, Math.max(1, Math.round(minutes / 4)), durationMs),
    ...planPersonBlows(seed, Math.max(5, Math.round(clones / 10)), durationMs, requests.filter(isOf('clone'))),
  ];
  const plan = {
    clones,
    seed,
    minutes,
    kinds,
    requests,
    events: events.toSorted((a, b) => a.atMs - b.atMs),
    behaviour: {
      cancelledClone: dice.pick(['removed', 'remains'] as const),
      failedClone: dice.pick(['removed', 'remains'] as const),
    },
  };
  return { ...plan, hash: createHash('sha256').update(stableJSON(plan)).digest('hex').slice(0, 16) };
}

const copyFaultOf = ({ copyFault, startsAtMs }: Planned): PlannedFault[] =>
  copyFault === undefined ? [] : [{ atMs: startsAtMs, what: 'fault', fault: copyFault }];
