import { readTag } from '../../contracts/tag.ts';
import { act, cloneCluster, FIRST_ID, tick, type ClusterState } from './cluster.ts';
import type { Scenario, World } from './world.ts';

/** What is wrong with this world, in words; nothing in a world that keeps the guarantee. */
export function violation(world: World, scenario: Scenario): string | undefined {
  if (world.cluster.violation !== undefined) return world.cluster.violation;
  if (world.ending === null) return undefined;
  return wrong(world, world.cluster, scenario) ?? wrong(world, afterAll(world, scenario), scenario);
}

/** The cluster after all that may still come. */
function afterAll(world: World, scenario: Scenario): ClusterState {
  const state = cloneCluster(world.cluster);
  tick(state, world.now + scenario.copyMs);
  for (const { method, params } of state.late) {
    try {
      act(state, method, params, world.now, scenario);
    } catch {
      // Refused: it has no effect.
    }
  }
  return state;
}

function wrong({ ending }: World, state: ClusterState, { everything }: Scenario): string | undefined {
  if (state.violation !== undefined) return state.violation;
  const volumes = state.volumes.filter((v) => v.volumeID >= FIRST_ID && v.status !== 'deleted');
  const snapshots = state.snapshots.filter((s) => s.snapshotID >= FIRST_ID);
  const there = [
    ...volumes.map((v) => `volume ${v.volumeID}`),
    ...snapshots.map((s) => `snapshot ${s.snapshotID}`),
    ...(state.keepsResults ? [] : state.results.map((r) => `async result ${r.asyncHandle}`)),
  ];
  const wronglyThere = (allowed: (what: string) => boolean) => {
    const rest = there.filter((what) => !allowed(what));
    return rest.length === 0 ? undefined : `${ending!.ended}, and there is ${rest.join(', ')}`;
  };

  if (ending!.ended === 'completed') {
    const { result, cleanedUp } = ending!;
    const volume = volumes.find((v) => v.volumeID === result.volumeID);
    if (volume?.status !== 'active') return `completed, but volume ${result.volumeID} is ${volume?.status ?? 'gone'}`;
    if (readTag(volume.attributes)?.volumeID !== result.volumeID) return `volume ${result.volumeID} is not stamped`;
    if (everything && !volume.groups.includes(3)) return `nobody has access to volume ${result.volumeID}`;
    const own = `snapshot ${result.snapshotID}`;
    const kept = cleanedUp && result.snapshotID >= FIRST_ID && !result.snapshotDeleted;
    if (kept && !there.includes(own)) return `completed, but the ${own} is gone, which was to be kept`;
    // What clean-up could not remove expires, and the result does not say that it is gone.
    return wronglyThere(
      (what) =>
        what === `volume ${result.volumeID}` || (kept && what === own) || (!cleanedUp && !what.startsWith('volume')),
    );
  }
  if (ending!.ended === 'cancelled') return wronglyThere(() => false);
  const named = new Set(ending!.leftBehind.map((l) => `${l.kind === 'asyncResult' ? 'async result' : l.kind} ${l.id}`));
  const unknown = new Set(ending!.leftBehind.filter((l) => l.id === null).map((l) => l.kind));
  return wronglyThere(
    (what) =>
      named.has(what) ||
      (unknown.has('volume') && !what.startsWith('snapshot')) ||
      (unknown.has('snapshot') && what.startsWith('snapshot')) ||
      (unknown.has('asyncResult') && what.startsWith('async')),
  );
}
