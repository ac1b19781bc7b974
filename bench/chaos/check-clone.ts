import type { CloneGroupRequest } from '../../contracts/clone-group.ts';
import type { CloneGroupResult } from '../../contracts/clone-group-result.ts';
import type { CloneVolumeResult } from '../../contracts/clone-result.ts';
import type { CloneVolumeRequest } from '../../contracts/clone-volume.ts';
import type { CloneLeaseResult } from '../../contracts/lease.ts';
import { defined, overShared } from '../../contracts/members.ts';
import { readTag } from '../../contracts/tag.ts';
import type { StateView } from '../../simulator/index.ts';
import { wasExtended } from './outcomes.ts';
import { childrenOf, leftOver, split, type Case } from './verdict.ts';
import { differencesFromRequest } from './wanted.ts';

/** A clone that is done: there once, as asked for, unless its lease is over. */
export function judgeClone(of: Case): void {
  const { outcome, owned, verdict } = of;
  const request = outcome.request as CloneVolumeRequest;
  const result = outcome.result as CloneVolumeResult;
  const { workflowID } = outcome;
  const isOver = request.lease !== undefined && leaseIsOver(of, result);
  const volume = owned.volumes.find((v) => v.volumeID === result.volumeID);
  if (isOver && volume !== undefined) {
    verdict.lost.push(`${workflowID}: the lease of volume ${volume.volumeID} has ended, and the volume is still there`);
  } else if (!isOver) {
    compare(of, volume, result.volumeID, request);
  }
  const second = owned.volumes.filter((v) => v !== volume);
  verdict.duplicates.push(...second.map((v) => `${workflowID} has volume ${v.volumeID} beside ${result.volumeID}`));
  const kept = request.snapshot?.retention === 'keep';
  const others = judgeSnapshot(of, owned.snapshots, 'snapshotID', result, kept);
  if (kept && !owned.snapshots.some((s) => s.snapshotID === result.snapshotID) && !isDeletedByHand(of, result)) {
    verdict.lost.push(`${workflowID} is done, but snapshot ${result.snapshotID}, which it was to keep, is not there`);
  }
  leftOver(of, { ...owned, volumes: [], snapshots: others });
}

const isDeletedByHand = ({ evidence: { deeds } }: Case, { snapshotID }: { snapshotID: number }) =>
  deeds.snapshotsDeleted.includes(snapshotID);

/** What a request for one clone asked for, held against the volume that is there. */
export function compare(
  { outcome: { workflowID }, evidence: { before, after, deeds }, verdict }: Case,
  volume: StateView['volumes'][number] | undefined,
  volumeID: number,
  request: CloneVolumeRequest,
): void {
  if (volume === undefined) {
    verdict.lost.push(`${workflowID} is done, but its volume ${volumeID} is not there`);
    return;
  }
  const source = before.volumes.find((v) => v.volumeID === request.volumeID)!;
  const snapshot = before.snapshots.find((s) => s.snapshotID === request.snapshotID);
  const contents = snapshot === undefined ? deeds.contents.get(source.volumeID)! : [snapshot.content];
  const differences = differencesFromRequest(volume, request, { source, contents, groups: after.accessGroups });
  if (readTag(volume['attributes'])?.volumeID !== volume.volumeID) differences.push('its tag is not stamped');
  verdict.lost.push(...differences.map((d) => `${workflowID} is done, but of its volume ${volume.volumeID} ${d}`));
}

interface OfSnapshot {
  snapshotDeleted?: boolean;
  groupSnapshotDeleted?: boolean;
}

/** What of the snapshots should not be there: all but a kept one, and one that could not be removed and expires. */
export function judgeSnapshot<K extends 'snapshotID' | 'groupSnapshotID', T extends Record<K, number>>(
  { verdict, evidence: { after } }: Case,
  snapshots: readonly T[],
  key: K,
  result: OfSnapshot & Record<K, number>,
  kept: boolean,
): T[] {
  if (kept) return snapshots.filter((s) => s[key] !== result[key]);
  const expires = ({ [key]: id }: T) => {
    const own = after.snapshots.filter((s) => (key === 'snapshotID' ? s.snapshotID : s['groupID']) === id);
    return own.every((s) => s['expirationTime'] !== null);
  };
  if ((result.snapshotDeleted ?? result.groupSnapshotDeleted) === true) return [...snapshots];
  // What the cluster refused to delete: the own one, or a second one that a lost call made.
  const [expiring, stay] = split(snapshots, expires);
  verdict.expiring += expiring.length;
  return stay;
}

const CHANGED = { extend: 'extended', release: 'released' } as const;

/** Whether the clone should be gone; says so when its lease was not kept. */
function leaseIsOver({ outcome, evidence, verdict }: Case, result: CloneVolumeResult): boolean {
  const { workflowID } = outcome;
  const count = (what: string) => (verdict.leases[what] = (verdict.leases[what] ?? 0) + 1);
  const lease = childrenOf(outcome, evidence).find((c) => c.type === 'cloneLease');
  if (lease === undefined || lease.workflowID !== result.lease?.workflowID) {
    verdict.lost.push(`${workflowID} is done, and nothing keeps the lease of its volume ${result.volumeID}`);
    return false;
  }
  const promised = evidence.leases.get(lease.workflowID);
  if (lease.ended === 'running') {
    if (wasExtended(lease)) count('extended');
    if (promised === 'release') verdict.lost.push(`${lease.workflowID} was released, and runs on`);
    return false;
  }
  const end = lease.result as CloneLeaseResult | undefined;
  const how = end?.outcome ?? lease.ended;
  count(how);
  if (how === 'released') return false;
  if (how !== 'deleted' && how !== 'gone') {
    verdict.lost.push(
      `${lease.workflowID} has ended as ${how}: ${lease.failure?.message ?? end?.message ?? 'no reason'}`,
    );
    return false;
  }
  // An extension counts from the end at that time, and the whole run is shorter.
  if (promised !== undefined)
    verdict.lost.push(`${lease.workflowID} was ${CHANGED[promised]}, and its volume is ${how} all the same`);
  const stays = evidence.after.accessGroups.filter((g) => (g['deletedVolumes'] as number[]).includes(result.volumeID));
  verdict.orphans.push(...stays.map((g) => `${lease.workflowID} has left its volume in access group ${g.name}`));
  return true;
}

/** A group that is done: one volume for each member, and none for those that it names as failed. */
export function judgeGroup(of: Case): void {
  const { outcome, owned, verdict } = of;
  const request = outcome.request as CloneGroupRequest;
  const result = outcome.result as CloneGroupResult;
  const { workflowID } = outcome;
  const failed = result.failed ?? [];
  for (const member of request.volumes) {
    const { volumeID: sourceVolumeID, name } = member;
    const made = result.members.filter((m) => m.sourceVolumeID === sourceVolumeID);
    const isFailed = failed.some((f) => f.sourceVolumeID === sourceVolumeID);
    if (made.length !== 1 && !isFailed) {
      verdict.lost.push(`${workflowID} is done, and says nothing of the clone of volume ${sourceVolumeID}`);
    }
    for (const { volumeID } of made) {
      const volume = owned.volumes.find((v) => v.volumeID === volumeID);
      const wishes = { ...defined(member), ...overShared(request, member) };
      compare(of, volume, volumeID, { cluster: request.cluster, ...wishes, volumeID: sourceVolumeID, name: name! });
    }
  }
  const named = new Set(failed.flatMap((f) => f.leftBehind).flatMap((l) => (l.kind === 'volume' ? [l.id] : [])));
  const isMember = (id: number) => result.members.some((m) => m.volumeID === id);
  const others = owned.volumes.filter((v) => !isMember(v.volumeID));
  const [left, second] = split(others, (v) => named.has(v.volumeID) || named.has(null));
  verdict.named.volumes += left.length;
  verdict.duplicates.push(...second.map((v) => `${workflowID} has volume ${v.volumeID} beside those of its result`));
  const kept = request.snapshot?.retention === 'keep';
  const groupSnapshots = judgeSnapshot(of, owned.groupSnapshots, 'groupSnapshotID', result, kept);
  leftOver(of, { ...owned, volumes: [], groupSnapshots });
}
