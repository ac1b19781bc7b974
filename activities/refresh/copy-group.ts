import { parseCloneGroupRequest, type CloneGroupRequest } from '../../contracts/clone-group.ts';
import { parseCopyVolumeRequest, type CopyVolumeRequest } from '../../contracts/copy-volume.ts';
import { defined } from '../../contracts/members.ts';
import type { GenerationRequest } from '../../contracts/refresh-clone.ts';
import { volumeFaults } from '../copy/preflight.ts';
import { findVolumes } from '../find.ts';
import { planGroupSnapshot } from '../group/preflight.ts';
import { snapshotsIn } from '../group/snapshot.ts';
import type { StepContext } from '../step.ts';
import type { Owner } from '../types.ts';
import { sourceOf, type Made } from './series.ts';
import type { CopyGroup } from './types.ts';

type GroupRequest = Extract<GenerationRequest, { volumes: unknown }>;

/** What is asked for, before the cluster is. */
export interface WantedCopies {
  type: 'copyGroup';
  request: CloneGroupRequest;
  copies: CopyVolumeRequest[];
  /** Why the volumes of the generation before are not those to copy onto. */
  faults: string[];
}

/** Each source onto the volume of the generation before that is a copy of it. */
export function wantedCopies(
  { cluster, volumes, groupSnapshotID, snapshot }: GroupRequest,
  previous: Made,
  order: { requestId: string; force: boolean | undefined } & Partial<CopyVolumeRequest>,
): WantedCopies {
  const { force, requestId, ...rest } = order;
  const copies: CopyVolumeRequest[] = [];
  const faults: string[] = [];
  for (const [i, { volumeID }] of volumes.entries()) {
    const onto = previous.volumes.find((v) => sourceOf(v) === volumeID);
    if (onto === undefined) {
      faults.push(
        `clone.volumes.${i}.volumeID: generation ${previous.generation} has no copy of volume ${volumeID} to overwrite; leave the volume out, or begin a series of another name`,
      );
      continue;
    }
    const { volumeID: dstVolumeID } = onto;
    const copy = { cluster, volumeID, dstVolumeID, requestId: `${requestId}.${dstVolumeID}` };
    copies.push(parseCopyVolumeRequest({ ...defined({ ...rest, force }), ...copy }));
  }
  const others = previous.volumes.map(sourceOf).filter((id) => !volumes.some((v) => v.volumeID === id));
  if (others.length > 0) {
    faults.push(
      `clone.volumes: generation ${previous.generation} also has a copy of volume ${others.join(', ')}, which would keep its old content; name all its volumes`,
    );
  }
  const sources = volumes.map(({ volumeID }) => ({ volumeID, name: `volume-${volumeID}`, attributes: {} }));
  const request = parseCloneGroupRequest({ ...defined({ groupSnapshotID, snapshot }), cluster, volumes: sources });
  return { type: 'copyGroup', request, copies, faults };
}

/** What the cluster says to it. Sessions are none of it: the hook that unmounts is yet to come. */
export async function planCopies(
  ctx: StepContext,
  { type, request, copies, faults }: WantedCopies,
  owner: Owner,
): Promise<{ make: CopyGroup | undefined; faults: string[] }> {
  const [{ plan: group, held, faults: ofGroup }, volumes] = await Promise.all([
    planGroupSnapshot(ctx, request, owner),
    findVolumes(
      ctx.api,
      copies.flatMap((c) => [c.volumeID, c.dstVolumeID]),
    ),
  ]);
  const ofCopies = copies.flatMap((copy) => {
    const at = `clone.volumes.${request.volumes.findIndex((v) => v.volumeID === copy.volumeID)}.volumeID`;
    const found = {
      source: volumes.find((v) => v.volumeID === copy.volumeID),
      snapshot: held?.members.find((s) => s.volumeID === copy.volumeID),
      destination: volumes.find((v) => v.volumeID === copy.dstVolumeID),
    };
    return volumeFaults(copy, found).map((fault) => `${at}: ${fault.slice(fault.indexOf(': ') + 2)}`);
  });
  const all = [...new Set([...faults, ...ofGroup.map((fault) => `clone.${fault}`), ...ofCopies])];
  const snapshots = held === undefined ? null : snapshotsIn(held.members);
  return { make: group && { type, request, group, snapshots, copies }, faults: all };
}
