import { UNAWARE_MS } from '../../activities/step.ts';
import type { StepMemory } from '../../contracts/progress.ts';
import { readTag } from '../../contracts/tag.ts';
import { COPY, FIRST_ID } from './cluster.ts';
import { QUANTUM_MS, type Scenario, type World } from './world.ts';

/**
 * Two worlds with the same key behave alike: times count from now, what is long ago is all the same, IDs are known by
 * their order, and texts, counters and what the protocol never reads are left out.
 */
export function keyOf(world: World, scenario: Scenario): string {
  const seconds = (ms: number) => ms / 1_000;
  const longAgo = -seconds(scenario.times.settleMs + UNAWARE_MS + QUANTUM_MS);
  const time = (t: number | string | null | undefined) =>
    t === null || t === undefined
      ? null
      : Math.max(longAgo, seconds((typeof t === 'string' ? Date.parse(t) : t) - world.now));
  const { cluster, step, history } = world;
  const memory = step?.memory as (StepMemory & { [more: string]: unknown }) | undefined;

  const own = cluster.volumes.filter((v) => v.volumeID >= FIRST_ID);
  const reduced = [
    own.map((v) => [v.volumeID, v.status, v.groups, readTag(v.attributes)?.volumeID]),
    cluster.snapshots.map((s) => s.snapshotID),
    cluster.jobs.map((j) => [j.cloneID, j.asyncHandle, j.volumeID, j.fails, time(j.endsAt)]),
    cluster.results.map((r) => [r.asyncHandle, r.cloneID, r.volumeID, r.completed, r.failed]),
    cluster.late
      .map((l) => [l.method, idsIn(l.params), time(l.until)])
      .map((l) => JSON.stringify(l))
      .toSorted(),
    cluster.violation,
    history.runId,
    history.cancelledAt,
    history.activities.map((o) => (o.how === 'completed' ? resultOf(o.result, time) : [o.how])),
    step && [step.type, step.attempt > 1, step.due > world.now ? time(step.due) : 0, step.gone],
    memory && {
      suspects: memory.suspects,
      inDoubt: memory.inDoubt,
      since: time(memory.issuedAt),
      unfinished: memory.unfinished,
      ended: memory.ended === step!.attempt - (step!.gone ? 0 : 1),
    },
    world.ending?.ended,
    world.meddled && cluster.volumes.filter((v) => v.volumeID === COPY).map((v) => readTag(v.attributes)?.volumeID),
    Object.values(world.left),
  ];
  return byRank(JSON.stringify(reduced));
}

function resultOf(result: unknown, time: (t: string | null | undefined) => number | null) {
  const r = result as { [field: string]: unknown };
  return [
    r['volumeID'],
    r['cloneID'],
    r['asyncHandle'],
    r['snapshotID'],
    r['snapshotDeleted'],
    'inLine' in r,
    time(r['earlierRunEndedAt'] as string | null | undefined),
    time(r['inDoubtSince'] as string | null | undefined),
  ];
}

const ID = /\b[1-9]\d{3}\b/g;
const idsIn = (params: unknown) => JSON.stringify(params).match(ID);

/** IDs, the only numbers of four digits, become their rank among those that occur. */
function byRank(key: string): string {
  const found = key.match(ID);
  if (found === null) return key;
  const ids = [...new Set(found)].toSorted();
  return key.replace(ID, (id) => `#${ids.indexOf(id)}`);
}
