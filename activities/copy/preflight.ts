import { activityInfo } from '@temporalio/activity';
import { parseCopyVolumeRequest, type CopyVolumeRequest } from '../../contracts/copy-volume.ts';
import { parseDuration } from '../../contracts/duration.ts';
import { DEFAULT_UNDO_EXPIRY } from '../../contracts/names.ts';
import { readTag, unreadableTag } from '../../contracts/tag.ts';
import type { Snapshot, Volume } from '../../element/index.ts';
import type { ActivityDeps } from '../deps.ts';
import { findOwnSnapshots, findVolumes, tagOf } from '../find.ts';
import { accessFaults, COPY_CALLS, ifTold } from '../preflight-access.ts';
import { clusterFaults } from '../preflight-checks.ts';
import { findSnapshot, FULLNESS_MS } from '../preflight-facts.ts';
import { checked, earlierRunEnd, invalid, snapshotPlan, sourceOf } from '../preflight.ts';
import { runStep, type StepContext } from '../step.ts';
import type { Owner } from '../types.ts';
import { isSameCopy } from './find.ts';
import { identityOf } from './identity.ts';
import { inTheWay } from './in-the-way.ts';
import type { CopyActivities, CopyPlan } from './types.ts';

/** What undoing may take after the deadline. */
const UNDOING_MS = 2 * 3_600_000;

export const createCopyPreflightActivities = (deps: ActivityDeps): Pick<CopyActivities, 'preflightCopy'> => ({
  async preflightCopy({ request: input, owner }) {
    const request = checked(parseCopyVolumeRequest, input);
    return runStep(deps, request.cluster, async (ctx) => {
      const lacking = await accessFaults(ctx, COPY_CALLS);
      if (lacking.length > 0) throw invalid(lacking);
      const { api } = ctx;
      const [apiVersion, fullness, volumes, snapshot] = await Promise.all([
        api.apiVersion(),
        ctx.cached('fullness', FULLNESS_MS, () => ifTold(() => api.getClusterFullThreshold({}))),
        findVolumes(api, [request.volumeID, request.dstVolumeID]),
        request.snapshotID === undefined ? undefined : findSnapshot(ctx, request.volumeID, request.snapshotID),
      ]);
      const source = volumes.find((v) => v.volumeID === request.volumeID);
      const destination = volumes.find((v) => v.volumeID === request.dstVolumeID);
      const faults = [
        ...clusterFaults('CopyVolume', request, { apiVersion, fullness }),
        ...volumeFaults(request, { source, snapshot, destination }),
        ...(destination === undefined ? [] : await obstacles(deps, ctx, request, owner)),
      ];
      if (faults.length > 0) throw invalid(faults);
      return {
        ...makePlan(request, source!, destination!, snapshot),
        earlierRunEndedAt: await earlierRunEnd(deps, ctx, owner, request),
      };
    });
  },
});

interface Found {
  source: Volume | undefined;
  snapshot: Snapshot | undefined;
  destination: Volume | undefined;
}

/** What is wrong with the volumes themselves, each with the field and the remedy. */
export function volumeFaults(request: CopyVolumeRequest, { source, snapshot, destination }: Found): string[] {
  const { cluster, volumeID, dstVolumeID, snapshotID } = request;
  const faults: string[] = [];
  for (const [field, id, volume] of [
    ['volumeID', volumeID, source],
    ['dstVolumeID', dstVolumeID, destination],
  ] as const) {
    if (volume === undefined) faults.push(`${field}: cluster ${cluster} has no volume ${id}, or it was deleted`);
    else if (volume.status !== 'active') {
      faults.push(`${field}: volume ${id} is "${volume.status}", not "active"; wait until it is`);
    }
  }
  if (snapshotID !== undefined && snapshot === undefined && source !== undefined) {
    faults.push(`snapshotID: volume ${volumeID} has no snapshot ${snapshotID}`);
  }
  if (destination !== undefined && !request.force && !isOurs(destination)) {
    const why = unreadableTag(destination.attributes) ?? 'was not made by this service';
    faults.push(
      `dstVolumeID: volume ${dstVolumeID} ("${destination.name}") ${why}; ask with force: true if it is to be overwritten`,
    );
  }
  if (source !== undefined && destination !== undefined && (snapshotID === undefined || snapshot !== undefined)) {
    faults.push(...sizeFaults(source, snapshot, destination));
  }
  return faults;
}

/** A finished clone of ours: a copy that somebody made of it has inherited the stamp, which names another volume. */
const isOurs = ({ volumeID, attributes }: Volume): boolean => {
  const tag = readTag(attributes);
  return tag?.step === 'clone' && tag.volumeID === volumeID;
};

function sizeFaults(source: Volume, snapshot: Snapshot | undefined, destination: Volume): string[] {
  const wanted = snapshot?.totalSize ?? source.totalSize;
  if (wanted === destination.totalSize) return [];
  const what = snapshot === undefined ? `volume ${source.volumeID}` : `snapshot ${snapshot.snapshotID}`;
  const sizes = `volume ${destination.volumeID} has ${destination.totalSize} bytes, ${what} has ${wanted}; CopyVolume needs the same size`;
  const grow = ({ volumeID }: Volume, to: number) =>
    `grow volume ${volumeID} by ModifyVolume to a totalSize of ${to}, which needs no downtime, then ask again`;
  if (destination.totalSize < wanted) return [`dstVolumeID: ${sizes}: ${grow(destination, wanted)}`];
  if (source.totalSize < destination.totalSize) {
    const anew = snapshot === undefined ? '' : ' without this snapshotID';
    return [`volumeID: ${sizes}: ${grow(source, destination.totalSize)}${anew}`];
  }
  return [`snapshotID: ${sizes}: choose a snapshot of that size, or leave snapshotID out to have one taken`];
}

/** Who is in the way just now. What an earlier run of the same request has begun is not. */
async function obstacles(
  deps: ActivityDeps,
  ctx: StepContext,
  request: CopyVolumeRequest,
  owner: Owner,
): Promise<string[]> {
  const own = owner.mayHaveRunBefore
    ? await findOwnSnapshots(ctx.api, tagOf(owner, { source: request }, 'snapshot'))
    : [];
  const snapshotIDs = [
    ...own.map((s) => s.snapshotID),
    ...(owner.mayHaveRunBefore && request.snapshotID !== undefined ? [request.snapshotID] : []),
  ];
  const found = await inTheWay(deps, ctx, {
    dstVolumeID: request.dstVolumeID,
    force: request.force ?? false,
    isOwnJob: (job) => isSameCopy(job, request, snapshotIDs),
    isOwnCopy: ({ tag }) => tag.request === owner.request,
  });
  return found.map((reason) => `dstVolumeID: ${reason}`);
}

function makePlan(
  request: CopyVolumeRequest,
  source: Volume,
  destination: Volume,
  snapshot: Snapshot | undefined,
): CopyPlan {
  const expiresInMs = parseDuration(request.undo?.expiresIn) ?? parseDuration(DEFAULT_UNDO_EXPIRY)!;
  const { access, qos, qosPolicyID, attributes } = identityOf(source);
  return {
    request,
    source: sourceOf(source),
    totalSize: snapshot?.totalSize ?? source.totalSize,
    before: identityOf(destination),
    sourceIdentity: { access, qos, qosPolicyID, attributes },
    snapshot: request.snapshotID === undefined ? snapshotPlan(request.snapshot, destination.name) : null,
    undo: {
      name: `before-copy-of-${source.volumeID}`,
      expiresInMs,
      // It must be there for as long as the copy may still have to be undone.
      keepMs: expiresInMs + activityInfo().scheduleToCloseTimeoutMs + UNDOING_MS,
    },
  };
}
