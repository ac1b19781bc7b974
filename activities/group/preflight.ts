import { parseCloneGroupRequest, type CloneGroupRequest } from '../../contracts/clone-group.ts';
import type { CloneVolumeRequest } from '../../contracts/clone-volume.ts';
import { ElementApiError, type GroupSnapshot } from '../../element/index.ts';
import type { ActivityDeps } from '../deps.ts';
import { accessFaults, groupCalls } from '../preflight-access.ts';
import { clusterFaults, volumeFaults } from '../preflight-checks.ts';
import { createLookups, readFacts, type Facts } from '../preflight-facts.ts';
import { checked, earlierRunEnd, invalid, makePlan, snapshotPlan } from '../preflight.ts';
import { runStep, type StepContext } from '../step.ts';
import type { Owner } from '../types.ts';
import { sortFaults } from '../member-faults.ts';
import { nameFaults } from './faults.ts';
import { memberRequest } from './member-request.ts';
import type { GroupActivities, GroupPlan } from './types.ts';

/** A member as a clone by itself, with what the cluster says about it. */
interface Member {
  request: CloneVolumeRequest;
  facts: Facts;
}

export const createGroupPreflightActivities = (deps: ActivityDeps): Pick<GroupActivities, 'preflightGroup'> => ({
  async preflightGroup({ request: input, owner }) {
    const request = checked(parseCloneGroupRequest, input);
    return runStep(deps, request.cluster, async (ctx) => {
      const wanted = {
        snapshot: request.groupSnapshotID === undefined,
        groups: [request, ...request.volumes].some((r) => r.volumeAccessGroups?.length),
        lease: [request, ...request.volumes].some((r) => r.lease !== undefined),
      };
      const lacking = await accessFaults(ctx, groupCalls(wanted));
      if (lacking.length > 0) throw invalid(lacking);
      const { members, faults } = await inspectGroup(ctx, request, owner);
      if (faults.length > 0) throw invalid(faults);
      return { ...planGroup(request, members), earlierRunEndedAt: await earlierRunEnd(deps, ctx, owner, request) };
    });
  },
});

/** Every reason why the cluster would refuse the group. */
export const groupFaults = async (ctx: StepContext, request: CloneGroupRequest, owner: Owner): Promise<string[]> =>
  (await inspectGroup(ctx, request, owner)).faults;

/** What is needed to take the group snapshot, or to find the one that is given: for copies out of it. */
export async function planGroupSnapshot(
  ctx: StepContext,
  request: CloneGroupRequest,
  owner: Owner,
): Promise<{ plan: GroupPlan | undefined; held: GroupSnapshot | undefined; faults: string[] }> {
  const { members, held, faults } = await inspectGroup(ctx, request, owner);
  const plan = faults.length > 0 ? undefined : { ...planGroup(request, members), earlierRunEndedAt: null };
  return { plan, held, faults };
}

async function inspectGroup(
  ctx: StepContext,
  request: CloneGroupRequest,
  owner: Owner,
): Promise<{ members: Member[]; held: GroupSnapshot | undefined; faults: string[] }> {
  const [held, members] = await Promise.all([findGroupSnapshot(ctx, request), readMembers(ctx, request)]);
  for (const { request: member, facts } of members) {
    facts.snapshot = held?.members.find((s) => s.volumeID === member.volumeID);
  }
  return { members, held, faults: checkGroup(request, members, held, owner) };
}

async function readMembers(ctx: StepContext, request: CloneGroupRequest): Promise<Member[]> {
  const lookups = createLookups(
    ctx,
    request.volumes.map((v) => v.volumeID),
  );
  return Promise.all(
    request.volumes.map(async (volume) => {
      const member = memberRequest(request, volume, await lookups.volume(volume.volumeID));
      return { request: member, facts: await readFacts(ctx, member, lookups) };
    }),
  );
}

async function findGroupSnapshot(
  ctx: StepContext,
  { groupSnapshotID }: CloneGroupRequest,
): Promise<GroupSnapshot | undefined> {
  if (groupSnapshotID === undefined) return undefined;
  try {
    const { groupSnapshots } = await ctx.api.listGroupSnapshots({ groupSnapshotID });
    return groupSnapshots.find((g) => g.groupSnapshotID === groupSnapshotID);
  } catch (err) {
    if (err instanceof ElementApiError && err.apiName === 'xGroupSnapshotIDDoesNotExist') return undefined;
    throw err;
  }
}

function checkGroup(
  request: CloneGroupRequest,
  members: readonly Member[],
  held: GroupSnapshot | undefined,
  owner: Owner,
): string[] {
  const [{ facts }] = members as [Member];
  const faults = clusterFaults('CloneMultipleVolumes', request, facts);
  const most = facts.limits.volumesPerGroupSnapshotMax;
  if (request.groupSnapshotID !== undefined && held === undefined) {
    const which = `group snapshot ${request.groupSnapshotID}`;
    faults.push(`groupSnapshotID: cluster ${request.cluster} has no ${which}, or it has expired`);
  } else if (held === undefined && members.length > most) {
    faults.push(
      `volumes: ${members.length} volumes are too many, cluster ${request.cluster} takes at most ${most} in one group snapshot (volumesPerGroupSnapshotMax); make several groups, each consistent in itself`,
    );
  }
  for (const [i, { request: member, facts: found }] of members.entries()) {
    if (held !== undefined && found.source !== undefined && found.snapshot === undefined) {
      faults.push(
        `volumes.${i}.volumeID: group snapshot ${held.groupSnapshotID} has no snapshot of volume ${member.volumeID}`,
      );
    }
  }
  const ofMembers = members.map((m) => volumeFaults(m.request, m.facts, owner));
  return [
    ...faults,
    ...nameFaults(
      request,
      members.map((m) => m.request),
    ),
    ...sortFaults(request, { path: 'volumes', members: request.volumes }, ofMembers),
  ];
}

function planGroup(request: CloneGroupRequest, members: readonly Member[]): Omit<GroupPlan, 'earlierRunEndedAt'> {
  const [first] = request.volumes;
  const others = members.length - 1;
  const name = `group-of-volume-${first!.volumeID}${others === 0 ? '' : `-and-${others}-more`}`;
  return {
    cluster: request.cluster,
    members: members.map((m) => ({ ...makePlan(m.request, m.facts), snapshot: null })),
    ...(request.enableSnapMirrorReplication === undefined
      ? {}
      : { enableSnapMirrorReplication: request.enableSnapMirrorReplication }),
    groupSnapshotID: request.groupSnapshotID ?? null,
    snapshot: request.groupSnapshotID === undefined ? snapshotPlan(request.snapshot, name) : null,
    keepOthers: request.onMemberFailure === 'keep',
  };
}
