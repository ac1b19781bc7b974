import { FAILURE } from '../../contracts/names.ts';
import { isGroupProgress, type GroupProgress, type MemberProgress } from '../../contracts/progress.ts';
import type { AsyncResult, CloneJob } from '../../element/index.ts';
import { readResult } from '../await-clone.ts';
import { endIsDue, isTooEarly, lookAgain, newsSince, reportEnd, rounded, unseen } from '../copy-progress.ts';
import type { ActivityDeps } from '../deps.ts';
import { findVolumes } from '../find.ts';
import { ownWorkflowID, type SlotLines } from '../slots.ts';
import { runStep, StepFailed, type NotYet, type StepContext } from '../step.ts';
import type { GivenUp, GroupActivities, GroupHandles, GroupPlan, StartedMember } from './types.ts';

export const createAwaitGroupActivities = (
  deps: ActivityDeps,
  lines: SlotLines,
): Pick<GroupActivities, 'awaitGroup'> => ({
  awaitGroup: ({ plan, group }) =>
    runStep(deps, plan.cluster, async (ctx) => {
      // The copies should be over: their result alone says whether they are.
      const due = endIsDue(ctx) ? await resultOf(ctx, group) : undefined;
      const beganMs = ctx.now();
      const seen = due?.status === 'complete' ? { jobs: [], at: beganMs } : await ctx.look(newsSince(ctx));
      const jobs = seen.jobs.filter((j) => group.members.some((m) => m.volumeID === j.dstVolumeID));
      if (jobs.length === 0 && isTooEarly(ctx, seen, beganMs)) {
        throw notVisible(ctx, plan, group, 'the copies have begun', true);
      }
      const known = due?.status === 'complete' ? due : undefined;
      const result = jobs.length > 0 ? undefined : (known ?? (await resultOf(ctx, group)));
      if (result?.status === 'running') throw notVisible(ctx, plan, group, 'queued: no clone jobs to see yet', true);
      const look = await lookAt(ctx, plan, group, jobs, result);

      const failed = look.members.filter((m) => m.state === 'failed');
      if (failed.length > 0 && (!plan.keepOthers || failed.length === look.members.length)) {
        throw copyFailed(failed, (result ?? (await resultOf(ctx, group)))?.error);
      }
      if (jobs.length > 0) {
        const ended = endedSince(ctx, look.members);
        if (ended.length > 0) lines(ctx.alias).ended(ownWorkflowID(), ended);
        throw stillCopying(ctx, group, jobs, look, seen.at);
      }
      const waiting = look.members.filter((m) => m.state === 'waiting').map((m) => m.volumeID);
      if (waiting.length > 0) {
        const message = `no clone jobs and no result to see; not active yet: volume ${waiting.join(', ')}`;
        throw notVisible(ctx, plan, group, message, false, look.members);
      }
      // The next in line need not wait until the workflow has heard of the end.
      lines(ctx.alias).released(ownWorkflowID());
      reportEnd(ctx);
      const givenUp: GivenUp[] = failed.map(({ sourceVolumeID, volumeID }) => ({
        sourceVolumeID,
        volumeID,
        reason: reasonOf(result?.error),
      }));
      return { givenUp };
    }),
});

const resultOf = async (ctx: StepContext, { asyncHandle }: GroupHandles): Promise<AsyncResult | undefined> =>
  asyncHandle === null ? undefined : readResult(ctx, asyncHandle);

/** The members as the last look saw them. */
const seenBefore = ({ memory: { progress } }: StepContext): MemberProgress[] =>
  progress !== undefined && isGroupProgress(progress) ? progress.members : [];

const isOver = ({ state }: MemberProgress) => state === 'done' || state === 'failed';

/** Copies that were not over at the last look, `[srcVolumeID, dstVolumeID]` each. */
function endedSince(ctx: StepContext, members: readonly MemberProgress[]): [number, number][] {
  const before = new Set(
    seenBefore(ctx)
      .filter(isOver)
      .map((m) => m.volumeID),
  );
  return members
    .filter((m) => isOver(m) && !before.has(m.volumeID))
    .map(({ sourceVolumeID, volumeID }) => [sourceVolumeID, volumeID]);
}

interface Look {
  members: MemberProgress[];
  currentBytes: number;
  totalBytes: number;
}

/** Where each copy is: by its job, by the result of all, by what was seen before, else by its volume. */
async function lookAt(
  ctx: StepContext,
  plan: GroupPlan,
  group: GroupHandles,
  jobs: readonly CloneJob[],
  result: AsyncResult | undefined,
): Promise<Look> {
  const over = new Map(
    seenBefore(ctx)
      .filter(isOver)
      .map((m) => [m.volumeID, m]),
  );
  const allDone = result?.status === 'complete' && result.error === undefined;
  const jobOf = ({ volumeID }: StartedMember) => jobs.find((j) => j.dstVolumeID === volumeID);
  const unknown = group.members.filter((m) => !allDone && !over.has(m.volumeID) && !jobOf(m)).map((m) => m.volumeID);
  const volumes = unknown.length === 0 ? [] : await findVolumes(ctx.api, unknown);

  const stateOf = (member: StartedMember): MemberProgress => {
    const { volumeID } = member;
    const job = jobOf(member);
    if (job) return { ...member, state: 'copying', percent: rounded(job.percentComplete, 100) };
    const status = volumes.find((v) => v.volumeID === volumeID)?.status;
    const known = over.get(volumeID);
    if (known) return known;
    if (allDone || status === 'active') return { ...member, state: 'done', percent: 100 };
    // When the job of all has ended, what is not there by now will not come.
    const failed = status === undefined || result?.status === 'complete';
    return { ...member, state: failed ? 'failed' : 'waiting', percent: 0 };
  };
  const look: Look = { members: [], currentBytes: 0, totalBytes: 0 };
  for (const member of group.members) {
    const now = stateOf(member);
    const job = jobOf(member);
    const bytes = job?.totalBytes || sourceBytes(plan, member.sourceVolumeID);
    look.members.push(now);
    look.totalBytes += bytes;
    look.currentBytes += now.state === 'done' ? bytes : (job?.currentBytes ?? 0);
  }
  return look;
}

const sourceBytes = (plan: GroupPlan, sourceVolumeID: number): number =>
  plan.members.find((m) => m.source.volumeID === sourceVolumeID)?.source.totalSize ?? 0;

const reasonOf = (error: AsyncResult['error']): string =>
  error ? `${error.name}: ${error.message}` : 'it is gone: somebody deleted it or stopped the copy while it ran';

function copyFailed(members: readonly StartedMember[], error: AsyncResult['error']): StepFailed {
  const which = members.map((m) => `volume ${m.volumeID}, the clone of ${m.sourceVolumeID}`).join(', and ');
  return new StepFailed(`the cluster gave up copying to ${which}: ${reasonOf(error)}`, {
    type: FAILURE.cloneJobFailed,
    method: 'CloneMultipleVolumes',
    ...(error === undefined ? {} : { apiName: error.name }),
  });
}

/** The figures of all copies together. The group ends with its slowest. */
function stillCopying(
  ctx: StepContext,
  group: GroupHandles,
  jobs: readonly CloneJob[],
  look: Look,
  at: number,
): NotYet {
  const { members, currentBytes, totalBytes } = look;
  const moving = jobs.filter((j) => j.stage !== 'metadata');
  const estimates = moving.filter((j) => j.bytesPerSecond > 0 && j.remainingTime > 0).map((j) => j.remainingTime);
  const [telling] = [...moving, ...jobs];
  return lookAgain<GroupProgress>(
    ctx,
    {
      groupCloneID: group.groupCloneID ?? telling?.groupCloneID ?? null,
      asyncHandle: group.asyncHandle,
      percent: totalBytes === 0 ? 0 : rounded((100 * currentBytes) / totalBytes, 100),
      currentBytes,
      totalBytes,
      bytesPerSecond: Math.round(jobs.reduce((sum, j) => sum + j.bytesPerSecond, 0)),
      remainingTime: estimates.length === 0 ? null : rounded(Math.max(...estimates), 10),
      stage: telling?.stage ?? 'data',
      members,
    },
    { at },
  );
}

function notVisible(
  ctx: StepContext,
  plan: GroupPlan,
  { groupCloneID, asyncHandle, members: started }: GroupHandles,
  message: string,
  mayBeQueued: boolean,
  members: MemberProgress[] = seenBefore(ctx),
): NotYet {
  const totalBytes = plan.members.reduce((sum, m) => sum + m.source.totalSize, 0);
  const waiting = started.map((m): MemberProgress => ({ ...m, state: 'waiting', percent: 0 }));
  const figures = unseen(ctx.memory.progress, totalBytes, mayBeQueued);
  const seen = members.length > 0 ? members : waiting;
  return lookAgain<GroupProgress>(ctx, { groupCloneID, asyncHandle, ...figures, members: seen }, { message });
}
