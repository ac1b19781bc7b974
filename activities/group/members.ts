import { classify, ElementApiError } from '../../element/index.ts';
import type { ActivityDeps } from '../deps.ts';
import { settle } from '../doubt.ts';
import { eachVolume, type Failed } from '../each.ts';
import { findVolumes } from '../find.ts';
import { addToGroup, modifyParams } from '../modify.ts';
import { NotYet, runStep, StepFailed, type StepContext } from '../step.ts';
import type { ClonePlan } from '../types.ts';
import { compare, describe, differenceText, notAsAsked, removeStrangers } from '../verify.ts';
import { findOwnMembers } from './find.ts';
import type { GivenUp, GroupActivities, GroupPlan, StartedMember } from './types.ts';

export const createMembersActivities = (
  deps: ActivityDeps,
): Pick<GroupActivities, 'modifyMembers' | 'grantMembers' | 'verifyMembers'> => ({
  modifyMembers: ({ plan, owner, members }) =>
    runStep(deps, plan.cluster, async (ctx) => {
      const plans = plansByVolume(plan, members);
      const failed = await eachVolume(
        ctx,
        [...plans.keys()],
        (volumeID) => ctx.api.modifyVolume(modifyParams(plans.get(volumeID)!, owner, volumeID)),
        { tolerant: plan.keepOthers },
      );
      return { givenUp: giveUp(members, failed) };
    }),

  grantMembers: ({ plan, members }) =>
    runStep(deps, plan.cluster, async (ctx) => {
      const plans = plansByVolume(plan, members);
      if (ctx.attempt === 1 && (await grantAtOnce(ctx, plans))) return { givenUp: [] };
      const failed = await eachVolume(
        ctx,
        [...plans.keys()],
        async (volumeID) => {
          for (const { volumeAccessGroupID } of plans.get(volumeID)!.volumeAccessGroups) {
            await addToGroup(ctx.api, volumeAccessGroupID, volumeID);
          }
        },
        { tolerant: plan.keepOthers },
      );
      return { givenUp: giveUp(members, failed) };
    }),

  verifyMembers: ({ plan, owner, members, started, inDoubtSince }) =>
    runStep(deps, plan.cluster, async (ctx) => {
      settle(
        ctx,
        inDoubtSince,
        'waiting to see whether a CloneMultipleVolumes whose answer was lost made more volumes',
      );
      const { live: own, deleted } = await findOwnMembers(ctx.api, plan, owner);
      // What an earlier run has finished is in somebody's hands.
      const strangers = own.filter((m) => !m.stamped && !started.some((s) => s.volumeID === m.volumeID));
      const strangersRemoved = await removeStrangers(
        ctx,
        strangers.map((m) => m.volume),
        deleted,
      );

      const found = new Map(own.map((m) => [m.volumeID, m.volume]));
      const elsewhere = members.filter((m) => !found.has(m.volumeID)).map((m) => m.volumeID);
      if (elsewhere.length > 0) {
        for (const volume of await findVolumes(ctx.api, elsewhere)) found.set(volume.volumeID, volume);
      }
      const failed: Failed = new Map();
      for (const [volumeID, member] of plansByVolume(plan, members)) {
        const volume = found.get(volumeID);
        if (volume && volume.status !== 'active') {
          throw new NotYet(`volume ${volumeID} is still "${volume.status}"`, 2_000);
        }
        const differences = volume ? compare(volume, member) : ['it is gone: somebody deleted it'];
        if (differences.length > 0) failed.set(volumeID, differenceText(volumeID, differences));
      }
      if (failed.size > 0) {
        const problem = notAsAsked(ctx, [...failed.values()].join('; and '));
        if (problem instanceof NotYet || !plan.keepOthers) throw problem;
      }
      return {
        givenUp: giveUp(members, failed),
        ready: members
          .filter((m) => !failed.has(m.volumeID))
          .map((m) => ({ ...m, volume: describe(found.get(m.volumeID)!) })),
        strangersRemoved,
      };
    }),
});

/** Each member's own plan, by the ID of its clone. */
const plansByVolume = (plan: GroupPlan, members: readonly StartedMember[]) =>
  new Map(
    members.map(({ sourceVolumeID, volumeID }): [number, ClonePlan] => [
      volumeID,
      plan.members.find((m) => m.source.volumeID === sourceVolumeID)!,
    ]),
  );

/** A group of which nothing is left has failed as a whole. */
function giveUp(members: readonly StartedMember[], failed: Failed): GivenUp[] {
  if (failed.size > 0 && failed.size === members.length) {
    throw new StepFailed(`every clone of the group failed: ${[...new Set(failed.values())].join('; and ')}`);
  }
  return members.flatMap((m) => {
    const reason = failed.get(m.volumeID);
    return reason === undefined ? [] : [{ ...m, reason }];
  });
}

/**
 * One call for each volume access group. False when the cluster refuses one: then each volume is granted by itself, since
 * nothing says what such a call has done for the others.
 */
async function grantAtOnce(ctx: StepContext, plans: ReadonlyMap<number, ClonePlan>): Promise<boolean> {
  const byGroup = new Map<number, number[]>();
  for (const [volumeID, { volumeAccessGroups }] of plans) {
    for (const { volumeAccessGroupID: id } of volumeAccessGroups)
      byGroup.set(id, [...(byGroup.get(id) ?? []), volumeID]);
  }
  try {
    for (const [volumeAccessGroupID, volumes] of byGroup) {
      await ctx.api.addVolumesToVolumeAccessGroup({ volumeAccessGroupID, volumes });
    }
    return true;
  } catch (err) {
    if (err instanceof ElementApiError && ['done', 'permanent'].includes(classify(err).kind)) return false;
    throw err;
  }
}
