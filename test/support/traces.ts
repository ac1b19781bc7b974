import { expect } from 'vitest';
import { readTag, type OwnershipTag } from '../../contracts/tag.ts';
import type { RunningSimulator } from '../../simulator/index.ts';

interface Listed {
  volumeID: number;
  attributes: unknown;
}

/** What anybody can list on a cluster, as the API shows it. */
function listed({ cluster }: RunningSimulator) {
  // The answers of the API, whose shapes the Element client's own tests check.
  // eslint-disable-next-line typescript/no-explicit-any
  const list = (method: string, member: string): any[] => (cluster.act(method, {}) as any)[member];
  return {
    volumes: list('ListVolumes', 'volumes') as (Listed & { status: string })[],
    snapshots: list('ListSnapshots', 'snapshots') as (Listed & { snapshotID: number })[],
    asyncResults: list('ListAsyncResults', 'asyncHandles') as { asyncResultID: number; data: { volumeID?: number } }[],
    jobs: (list('ListSyncJobs', 'syncJobs') as { type: string; dstVolumeID: number; cloneID: number }[]).filter(
      (j) => j.type === 'clone',
    ),
    groups: list('ListVolumeAccessGroups', 'volumeAccessGroups') as { name: string; volumes: number[] }[],
  };
}

/** What is on the cluster that was not, by the workflow to which its tag, or that of its volume, leads. */
export function tracer(simulator: RunningSimulator) {
  const before = listed(simulator);
  const known = {
    volumes: new Set(before.volumes.map((v) => v.volumeID)),
    snapshots: new Set(before.snapshots.map((s) => s.snapshotID)),
    asyncResults: new Set(before.asyncResults.map((r) => r.asyncResultID)),
    memberships: new Set(before.groups.flatMap((g) => g.volumes.map((id) => `${g.name} ${id}`))),
  };
  return (): Map<string, string[]> => {
    const now = listed(simulator);
    const found = new Map<string, string[]>();
    const note = (tag: OwnershipTag | undefined, what: string) => {
      // Nobody could ever find it: the one thing that must not be.
      expect(tag, `${what} has no tag and is on no volume that has one`).toBeDefined();
      found.set(tag!.workflowID, [...(found.get(tag!.workflowID) ?? []), what]);
    };
    const tagOfVolume = new Map(now.volumes.map((v) => [v.volumeID, readTag(v.attributes)]));
    // A deleted volume can be listed for hours, and leads to its result as well.
    const live = now.volumes.filter((v) => v.status !== 'deleted');
    for (const v of live) if (!known.volumes.has(v.volumeID)) note(tagOfVolume.get(v.volumeID), 'volume');
    for (const s of now.snapshots) if (!known.snapshots.has(s.snapshotID)) note(readTag(s.attributes), 'snapshot');
    for (const r of now.asyncResults) {
      if (!known.asyncResults.has(r.asyncResultID)) note(tagOfVolume.get(r.data.volumeID ?? 0), 'async result');
    }
    for (const j of now.jobs) note(tagOfVolume.get(j.dstVolumeID), 'job');
    for (const { name, volumes } of now.groups) {
      for (const id of volumes) if (!known.memberships.has(`${name} ${id}`)) note(tagOfVolume.get(id), 'membership');
    }
    return found;
  };
}
