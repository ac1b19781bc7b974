import { log } from '@temporalio/activity';
import { withTag } from '../../contracts/tag.ts';
import { classify, type AsyncHandle, type CloneJob } from '../../element/index.ts';
import type { ActivityDeps } from '../deps.ts';
import { inDoubtSince, inheritDoubt, issue, settleBeforeRepeating } from '../doubt.ts';
import { tagOf } from '../find.ts';
import { clonesRunning, resultsKept } from '../remove.ts';
import { slotLimits, type SlotLines } from '../slots.ts';
import { runStep, StepFailed, type StepContext } from '../step.ts';
import { slotTaker } from '../take-slot.ts';
import type { Owner } from '../types.ts';
import { findOwnMembers } from './find.ts';
import type { GroupActivities, GroupHandles, GroupPlan, StartedMember } from './types.ts';

export const createStartGroupActivities = (
  deps: ActivityDeps,
  lines: SlotLines,
): Pick<GroupActivities, 'startGroup'> => ({
  startGroup: ({ plan, owner, groupSnapshotID, line }) =>
    runStep(deps, plan.cluster, async (ctx) => {
      const sources = plan.members.map((m) => m.source.volumeID);
      const slots = slotTaker(ctx, lines(ctx.alias), sources, line);
      if (line.inDoubtSince && !ctx.repeated) Object.assign(ctx.memory, { inDoubt: true, issuedAt: line.inDoubtSince });
      inheritDoubt(ctx, plan, owner);

      if (ctx.repeated || owner.mayHaveRunBefore || line.inDoubtSince) {
        const found = await adopt(ctx, plan, owner);
        if (found) {
          log.info('Found the clones that an earlier attempt made', { volumeIDs: volumeIDsOf(found) });
          slots.started(volumeIDsOf(found));
          return { ...found, adopted: true, inDoubtSince: inDoubtSince(ctx) };
        }
        settleBeforeRepeating(ctx, 'CloneMultipleVolumes');
      }

      const inLine = await slots.take();
      if (inLine) return { inLine, inDoubtSince: inDoubtSince(ctx) };
      try {
        const { asyncHandle, groupCloneID, members } = await issue(ctx, () =>
          ctx.api.cloneMultipleVolumes(cloneParams(plan, owner, groupSnapshotID)),
        );
        const made = { asyncHandle, groupCloneID, members: inOrder(plan, members) };
        slots.started(volumeIDsOf(made));
        return { ...made, adopted: false, inDoubtSince: inDoubtSince(ctx) };
      } catch (err) {
        if (classify(err).kind !== 'busy') throw err;
        await refuseForGood(ctx, plan, err);
        return { inLine: await slots.putBack(err), inDoubtSince: inDoubtSince(ctx) };
      }
    }),
});

const volumeIDsOf = ({ members }: GroupHandles) => members.map((m) => m.volumeID);

/** In the order of the request, and whole. */
const inOrder = (plan: GroupPlan, answer: readonly { srcVolumeID: number; volumeID: number }[]): StartedMember[] =>
  plan.members.map(({ source: { volumeID: sourceVolumeID } }) => {
    const member = answer.find((m) => m.srcVolumeID === sourceVolumeID);
    if (!member) throw new StepFailed(`CloneMultipleVolumes answered without a clone of volume ${sourceVolumeID}`);
    return { sourceVolumeID, volumeID: member.volumeID };
  });

/** What CloneMultipleVolumes takes from the plan. */
const cloneParams = (plan: GroupPlan, owner: Owner, groupSnapshotID: number) => ({
  groupSnapshotID,
  ...(plan.enableSnapMirrorReplication === undefined
    ? {}
    : { enableSnapMirrorReplication: plan.enableSnapMirrorReplication }),
  volumes: plan.members.map((member) => {
    const { volumeID, name, access, newAccountID, newSize } = member.request;
    return {
      volumeID,
      name,
      ...(access === undefined ? {} : { access }),
      ...(newAccountID === undefined ? {} : { newAccountID }),
      ...(newSize === undefined ? {} : { newSize }),
      attributes: withTag(member.cloneAttributes, tagOf(owner, member, 'clone')),
    };
  }),
});

/**
 * The clones that an earlier attempt made, all from one call if that can be seen. A group lacks nothing or is not taken:
 * what remains of another call is removed by verify. An earlier *run* may have finished the clones, and somebody may use
 * them: those are adopted or left alone.
 */
async function adopt(ctx: StepContext, plan: GroupPlan, owner: Owner): Promise<GroupHandles | undefined> {
  const { live: own } = await findOwnMembers(ctx.api, plan, owner);
  if (own.length === 0) return undefined;
  const finished = own.filter((m) => m.stamped);
  const candidates = finished.length > 0 ? finished : own;
  const missing = plan.members.filter(({ source }) => !candidates.some((m) => m.sourceVolumeID === source.volumeID));
  if (missing.length > 0) {
    if (finished.length === 0) return undefined;
    const gone = missing.map((m) => m.source.volumeID).join(', ');
    const there = finished.map((m) => m.volumeID).join(', ');
    throw new StepFailed(
      `an earlier run of this request made the volumes ${there}, and the clone of volume ${gone} is gone since; delete them, or ask again with another requestId`,
    );
  }
  const calls = await callsSeen(ctx);
  const pick = (among: (volumeID: number) => boolean) =>
    plan.members.flatMap(
      ({ source }) => candidates.find((m) => m.sourceVolumeID === source.volumeID && among(m.volumeID)) ?? [],
    );
  const whole = calls.find(({ made }) => pick((id) => made.has(id)).length === plan.members.length);
  const members = pick((id) => whole?.made.has(id) ?? true);
  const call = whole ?? calls.find(({ made }) => members.some((m) => made.has(m.volumeID)));
  return {
    groupCloneID: call?.groupCloneID ?? null,
    asyncHandle: call?.asyncHandle ?? null,
    members: members.map(({ sourceVolumeID, volumeID }) => ({ sourceVolumeID, volumeID })),
  };
}

interface CallSeen {
  groupCloneID: number | null;
  asyncHandle: number | null;
  /** The volumes it made. */
  made: ReadonlySet<number>;
}

/**
 * Calls of CloneMultipleVolumes whose handles went missing with the answer: the running jobs know their groupCloneID, the
 * list of async results the handle. When neither tells, or the cluster refuses to, the volumes' status decides.
 */
async function callsSeen(ctx: StepContext): Promise<CallSeen[]> {
  const [{ list: asyncHandles }, cloneJobs] = await Promise.all([resultsKept(ctx), clonesRunning(ctx)]);
  const handleOf = (groupCloneID: number) => asyncHandles.find((r) => r.data?.groupCloneID === groupCloneID);
  const fromResults = asyncHandles.flatMap((r) => {
    const made = madeBy(r);
    return made.size === 0 ? [] : [{ groupCloneID: r.data?.groupCloneID ?? null, asyncHandle: r.asyncResultID, made }];
  });
  const groups = new Set(cloneJobs.flatMap((j) => j.groupCloneID ?? []));
  const fromJobs = [...groups].map((groupCloneID) => ({
    groupCloneID,
    asyncHandle: handleOf(groupCloneID)?.asyncResultID ?? null,
    made: destinations(cloneJobs.filter((j) => j.groupCloneID === groupCloneID)),
  }));
  return [...fromResults, ...fromJobs];
}

const madeBy = ({ data }: AsyncHandle) => new Set((data?.members ?? []).map((m) => m.volumeID));
const destinations = (jobs: readonly CloneJob[]) => new Set(jobs.map((j) => j.dstVolumeID));

/** A group that is larger than the cluster waits in vain: nothing else runs, and it is refused all the same. */
async function refuseForGood(ctx: StepContext, plan: GroupPlan, err: unknown): Promise<void> {
  const { nodes, perNode } = await slotLimits(ctx);
  const most = nodes * perNode;
  if (nodes === 0 || plan.members.length <= most || (await ctx.jobs()).length > 0) return;
  const why = err instanceof Error ? err.message : String(err);
  throw new StepFailed(
    `${why}: cluster ${plan.cluster} runs at most ${most} clone jobs at once, and a group of ${plan.members.length} volumes needs as many; make several groups`,
  );
}
