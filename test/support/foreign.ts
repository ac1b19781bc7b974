import { expect } from 'vitest';
import { readTag } from '../../contracts/tag.ts';
import type { RunningSimulator, StateView } from '../../simulator/index.ts';

type ApiObject = { [field: string]: unknown };

/** Everything that was there `before` is there still and as it was, and nothing without our tag has come. */
export function expectForeignUntouched(simulator: RunningSimulator, before: StateView) {
  const after = simulator.cluster.state();
  const known = new Set(before.volumes.map((v) => v.volumeID));
  const knownSnapshots = new Set(before.snapshots.map((s) => s.snapshotID));
  const knownGroupSnapshots = new Set(before.groupSnapshots.map((g) => g.groupSnapshotID));
  /** Our volumes show in the lists of what they belong to. */
  const withoutNew = (object: ApiObject, ...lists: string[]) => ({
    ...object,
    ...Object.fromEntries(lists.map((l) => [l, (object[l] as number[]).filter((id) => known.has(id))])),
  });
  const foreign = (state: StateView) => ({
    volumes: state.volumes.filter((v) => known.has(v.volumeID)),
    snapshots: state.snapshots.filter((s) => knownSnapshots.has(s.snapshotID)),
    groupSnapshots: state.groupSnapshots.filter((g) => knownGroupSnapshots.has(g.groupSnapshotID)),
    accessGroups: state.accessGroups.map((g) => withoutNew(g, 'volumes', 'deletedVolumes')),
    accounts: state.accounts.map((a) => withoutNew(a, 'volumes')),
    qosPolicies: state.qosPolicies.map((p) => withoutNew(p, 'volumeIDs')),
    sessions: state.sessions,
  });
  expect(foreign(after)).toEqual(foreign(before));
  const strange = (o: ApiObject) => readTag(o['attributes']) === undefined;
  expect(after.volumes.filter((v) => !known.has(v.volumeID) && strange(v))).toEqual([]);
  expect(after.snapshots.filter((s) => !knownSnapshots.has(s.snapshotID) && strange(s))).toEqual([]);
  // A wrong delete can be taken back for eight hours.
  expect(simulator.cluster.calls.counts().byMethod['PurgeDeletedVolume']).toBeUndefined();
}
