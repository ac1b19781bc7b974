import { setTimeout as sleep } from 'node:timers/promises';
import { readTag } from '../../contracts/tag.ts';
import { ElementError, type Cluster, type StateView } from '../../simulator/index.ts';
import { holderOf } from './ids.ts';
import type { PersonBlow } from './plan-blows.ts';
import type { Planned, PlannedClone } from './planned.ts';

type Volume = StateView['volumes'][number];
type Snapshot = StateView['snapshots'][number];

/** What people have done to the cluster by hand, for telling their works from ours. */
export interface Deeds {
  /** Volumes they made, as they were made. */
  volumes: Volume[];
  /** Snapshots of ours that they deleted. */
  snapshotsDeleted: number[];
  /** All data that each source has held since the start. */
  contents: Map<number, string[]>;
  done: Record<PersonBlow['action'], number>;
}

/** For so long a person waits for what there is to be meddled with. */
const WAIT_MS = 30_000;
const LOOK_MS = 30;

export const noDeeds = (before: StateView): Deeds => ({
  volumes: [],
  snapshotsDeleted: [],
  contents: new Map(before.volumes.map((v) => [v.volumeID, [v.content]])),
  done: { deletesClone: 0, deletesSnapshot: 0, copiesClone: 0, clones: 0, writes: 0 },
});

/** Does it as soon as it can be done; gives up when the occasion does not come. `planned` is the target, if it is a clone. */
export async function meddle(
  cluster: Cluster,
  blow: PersonBlow,
  planned: Planned | undefined,
  deeds: Deeds,
  ended: AbortSignal,
): Promise<void> {
  const giveUp = Date.now() + WAIT_MS;
  while (!attempt(cluster, blow, planned, deeds)) {
    if (Date.now() > giveUp || ended.aborted) return;
    await sleep(LOOK_MS);
  }
  deeds.done[blow.action] += 1;
}

function attempt(
  cluster: Cluster,
  { action, target }: PersonBlow,
  planned: Planned | undefined,
  deeds: Deeds,
): boolean {
  switch (action) {
    case 'deletesClone': {
      const volume = oursOf(cluster, deeds, target).find((v) => v.status === 'init');
      return volume !== undefined && act(cluster, 'DeleteVolume', { volumeID: volume.volumeID }) !== undefined;
    }
    case 'deletesSnapshot': {
      // Free to be deleted only before the copy begins and after it has ended.
      const { volumeID } = (planned as PlannedClone).request;
      const snapshots = act(cluster, 'ListSnapshots', { volumeID })?.['snapshots'] as Snapshot[] | undefined;
      const snapshot = snapshots?.find((s) => readTag(s['attributes'])?.workflowID === holderOf(planned!));
      if (snapshot === undefined) return false;
      if (act(cluster, 'DeleteSnapshot', { snapshotID: snapshot.snapshotID }) === undefined) return false;
      deeds.snapshotsDeleted.push(snapshot.snapshotID);
      return true;
    }
    case 'copiesClone': {
      // Once it is stamped: before that, a copy's tag cannot be told from the clone's own.
      const volume = oursOf(cluster, deeds, target).find(
        (v) => v.status === 'active' && readTag(v['attributes'])?.volumeID === v.volumeID,
      );
      return volume !== undefined && cloneByHand(cluster, deeds, { volumeID: volume.volumeID, name: volume.name });
    }
    case 'clones':
      return cloneByHand(cluster, deeds, { volumeID: Number(target), name: `by-hand-of-${target}` });
    case 'writes':
      deeds.contents.get(Number(target))!.push(cluster.write(Number(target)));
      return true;
  }
}

/** Volumes of that name that we made and that are not deleted. */
function oursOf(cluster: Cluster, deeds: Deeds, name: string | number): Volume[] {
  const theirs = new Set(deeds.volumes.map((v) => v.volumeID));
  const { volumes } = cluster.act('ListVolumes', { volumeName: name }) as { volumes: Volume[] };
  return volumes.filter(
    (v) =>
      v.status !== 'deleted' &&
      !theirs.has(v.volumeID) &&
      // The decoys are there from the start.
      !deeds.contents.has(v.volumeID) &&
      readTag(v['attributes']) !== undefined,
  );
}

function cloneByHand(cluster: Cluster, deeds: Deeds, params: { volumeID: number; name: string }): boolean {
  const answer = act(cluster, 'CloneVolume', params);
  if (answer === undefined) return false;
  deeds.volumes.push(cluster.state().volumes.find((v) => v.volumeID === answer['volumeID'])!);
  return true;
}

/** Undefined when the cluster refuses: no free slot, a snapshot in use. */
function act(cluster: Cluster, method: string, params: Record<string, unknown>): Record<string, unknown> | undefined {
  try {
    return cluster.act(method, params);
  } catch (err) {
    if (err instanceof ElementError) return undefined;
    throw err;
  }
}
