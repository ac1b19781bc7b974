import { parseCloneFanOutRequest, type CloneFanOutRequest } from '../contracts/clone-fan-out.ts';
import { fanOutMember } from '../contracts/fan-out-member.ts';
import type { ActivityDeps } from './deps.ts';
import { sortFaults } from './member-faults.ts';
import { accessFaults, cloneCalls } from './preflight-access.ts';
import { clusterFaults, volumeFaults } from './preflight-checks.ts';
import { createLookups, readFacts } from './preflight-facts.ts';
import { checked, invalid, makePlan, snapshotPlan } from './preflight.ts';
import { runStep, type StepContext } from './step.ts';
import type { ClonePlan, FanOutActivities, Owner } from './types.ts';

export const createFanOutActivities = (deps: ActivityDeps): FanOutActivities => ({
  async preflightFanOut({ request: input, owner }) {
    const request = checked(parseCloneFanOutRequest, input);
    return runStep(deps, request.cluster, (ctx) => plan(ctx, request, owner));
  },
});

async function plan(ctx: StepContext, request: CloneFanOutRequest, owner: Owner): Promise<ClonePlan> {
  const members = request.clones.map((_, i) => fanOutMember(request, i, { key: owner.request }));
  const wanted = {
    snapshot: request.snapshotID === undefined,
    groups: members.some((m) => m.volumeAccessGroups?.length),
    lease: members.some((m) => m.lease !== undefined),
  };
  const lacking = await accessFaults(ctx, cloneCalls(wanted));
  if (lacking.length > 0) throw invalid(lacking);
  const lookups = createLookups(ctx, [request.volumeID]);
  const [first, ...others] = members;
  const facts = await readFacts(ctx, first!, lookups);
  const factsOf = await Promise.all(
    others.map(async ({ snapshotID: _shared, ...member }) => ({
      ...(await readFacts(ctx, member, lookups)),
      // All clone the same snapshot, which one question has found.
      snapshot: facts.snapshot,
    })),
  );
  const all = [facts, ...factsOf];
  const ofMembers = members.map((m, i) => volumeFaults(m, all[i]!, owner));
  const faults = [
    ...clusterFaults('CloneVolume', request, facts),
    ...sortFaults(request, { path: 'clones', members: request.clones }, ofMembers),
  ];
  if (faults.length > 0) throw invalid(faults);
  const name = `fan-out-of-volume-${request.volumeID}`;
  return {
    ...makePlan(first!, facts),
    snapshot: request.snapshotID === undefined ? snapshotPlan(request.snapshot, name) : null,
  };
}
