import type { ClonePlan, CopyPlan, GroupPlan } from '../../activities/types.ts';
import type { CloneFanOutRequest } from '../../contracts/clone-fan-out.ts';
import type { CloneGroupRequest } from '../../contracts/clone-group.ts';
import type { CloneVolumeRequest } from '../../contracts/clone-volume.ts';
import type { ClonesPlan, PlannedCall, PlannedClone } from '../../contracts/dry-run.ts';
import { overShared } from '../../contracts/members.ts';

export type Planned = Pick<ClonesPlan, 'clones' | 'calls'>;

/** What one clone is changed by once it is there. */
interface Changes {
  groups: number;
}

export function planVolume(plan: ClonePlan, request: CloneVolumeRequest): Planned {
  return {
    clones: [cloneOf(plan)],
    calls: calls({
      snapshot: snapshotCalls('Snapshot', plan.snapshot, `of volume ${plan.source.volumeID}`),
      create: { method: 'CloneVolume', times: 1, what: `volume ${plan.source.volumeID} → ${request.name}` },
      changes: [{ groups: plan.volumeAccessGroups.length }],
    }),
  };
}

export function planFanOut(plan: ClonePlan, request: CloneFanOutRequest): Planned {
  const { volumeID } = plan.source;
  return {
    clones: request.clones.map((member) => ({
      ...cloneOf(plan),
      name: member.name,
      totalSize:
        overShared(request, member).modify?.totalSize ?? overShared(request, member).newSize ?? plan.source.totalSize,
    })),
    calls: calls({
      snapshot: snapshotCalls('Snapshot', plan.snapshot, `of volume ${volumeID}, shared by all clones`),
      create: { method: 'CloneVolume', times: request.clones.length, what: `volume ${volumeID}, one for each clone` },
      changes: request.clones.map((member) => ({
        groups: overShared(request, member).volumeAccessGroups?.length ?? 0,
      })),
    }),
  };
}

export function planGroup(plan: GroupPlan, request: CloneGroupRequest): Planned {
  const count = request.volumes.length;
  return {
    clones: plan.members.map(cloneOf),
    calls: calls({
      snapshot: snapshotCalls('GroupSnapshot', plan.snapshot, `of ${count} volumes at one moment`),
      create: { method: 'CloneMultipleVolumes', times: 1, what: `${count} volumes` },
      changes: plan.members.map((m) => ({ groups: m.volumeAccessGroups.length })),
    }),
  };
}

export function planCopy(plan: CopyPlan): Planned {
  const { volumeID, dstVolumeID } = plan.request;
  const snapshot = snapshotCalls('Snapshot', plan.snapshot, `of volume ${volumeID}`);
  return {
    clones: [
      {
        sourceVolumeID: volumeID,
        sourceName: plan.source.name,
        name: `onto volume ${dstVolumeID}, ${plan.before.name}`,
        totalSize: plan.totalSize,
      },
    ],
    calls: [
      ...snapshot.before,
      { method: 'CreateSnapshot', times: 1, what: `"${plan.undo.name}" of volume ${dstVolumeID}, the way back` },
      { method: 'CopyVolume', times: 1, what: `volume ${volumeID} → volume ${dstVolumeID}, which is overwritten` },
      { method: 'ModifySnapshot', times: 1, what: 'when the copy is done: until when the way back is kept' },
      ...snapshot.after,
    ],
  };
}

const cloneOf = ({ source, request, totalSize }: ClonePlan): PlannedClone => ({
  sourceVolumeID: source.volumeID,
  sourceName: source.name,
  name: request.name,
  totalSize,
});

function snapshotCalls(kind: 'Snapshot' | 'GroupSnapshot', snapshot: ClonePlan['snapshot'], what: string) {
  const create = { method: `Create${kind}`, times: 1, what: `"${snapshot?.name}" ${what}` };
  const remove = { method: `Delete${kind}`, times: 1, what: 'when the last copy is done' };
  return {
    before: snapshot === null ? [] : [create],
    after: snapshot?.retention === 'delete' ? [remove] : [],
  };
}

/** In the order in which they are made. */
function calls(o: {
  snapshot: { before: PlannedCall[]; after: PlannedCall[] };
  create: PlannedCall;
  changes: readonly Changes[];
}): PlannedCall[] {
  const grants = o.changes.reduce((sum, { groups }) => sum + groups, 0);
  return [
    ...o.snapshot.before,
    o.create,
    { method: 'ModifyVolume', times: o.changes.length, what: 'what was asked for, and the stamp that it is finished' },
    ...(grants === 0
      ? []
      : [{ method: 'AddVolumesToVolumeAccessGroup', times: grants, what: 'one for each volume access group' }]),
    ...o.snapshot.after,
  ];
}
