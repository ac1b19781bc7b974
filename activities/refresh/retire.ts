import type { KeptBack } from '../../contracts/refresh-clone-result.ts';
import { WorkflowNotFoundError } from '@temporalio/common';
import { MEMO } from '../../contracts/names.ts';
import { seriesWorkflowID } from '../../contracts/series.ts';
import type { ISCSISession } from '../../element/index.ts';
import type { ActivityDeps } from '../deps.ts';
import { usersText, type Users } from '../lease/users.ts';
import { removeOwnVolumes, unlessRefused } from '../remove.ts';
import { runStep, type StepContext } from '../step.ts';
import { deletedText } from '../undo.ts';
import { findSeries, generationOf, type Made, type Series } from './series.ts';
import type { RefreshActivities, RefreshPlan } from './types.ts';

export const createRetireActivities = (
  deps: ActivityDeps,
): Pick<RefreshActivities, 'retireGenerations' | 'undoGeneration'> => ({
  retireGenerations: ({ plan, keep, force, volumes }) =>
    runStep(deps, plan.cluster, async (ctx) => {
      const retired = (ctx.memory.retired ??= []);
      const keptBack: KeptBack[] = [];
      const series = await findSeries(ctx.api, plan.series);
      const isNew = (g: Made) => g.volumes.some((v) => volumes.some((own) => own.volumeID === v.volumeID));
      for (const old of keep === null ? [] : surplus(series, keep, isNew)) {
        const begun = retired.some((r) => r.volumes.some((v) => v.volumeID === old.volumes[0]!.volumeID));
        // What has begun is finished: a half of a generation is of use to nobody.
        const inUse = begun
          ? undefined
          : ((await wantedOf(deps, plan, old)) ?? (force ? undefined : await useOf(ctx, old)));
        if (inUse !== undefined) {
          keptBack.push({ ...generationOf(old), ...inUse });
          continue;
        }
        if (!begun) retired.push(generationOf(old));
        // Said before: an attempt that deletes and gets no answer finds nothing to delete the next time.
        ctx.save();
        const { leftBehind } = await removeOwnVolumes(ctx, old.volumes);
        const stays = leftBehind.filter((l) => l.kind === 'volume');
        if (stays.length > 0) keptBack.push(refused(old, stays));
      }
      const stay = new Set(keptBack.flatMap((k) => k.volumes.map((v) => v.volumeID)));
      const gone = retired
        .map((r) => ({ ...r, volumes: r.volumes.filter((v) => !stay.has(v.volumeID)) }))
        .filter((r) => r.volumes.length > 0);
      const left = (g: Made) => !gone.some((r) => r.volumes.some((v) => v.volumeID === g.volumes[0]!.volumeID));
      return { retired: gone, keptBack, generations: series.generations.filter(left).map((g) => g.generation) };
    }),

  undoGeneration: ({ plan, volumes, force }) =>
    runStep(deps, plan.cluster, async (ctx) => {
      const { generations } = await findSeries(ctx.api, plan.series);
      const own = generations.flatMap((g) => g.volumes).filter((v) => volumes.some((w) => w.volumeID === v.volumeID));
      const inUse = force || ctx.repeated ? undefined : await useOf(ctx, { volumes: own }, { access: false });
      if (inUse !== undefined) {
        const reason = `of the new generation, is in use by ${inUse.reason}; delete it when it is not`;
        return { undone: [], leftBehind: own.map((v) => ({ kind: 'volume' as const, id: v.volumeID, reason })) };
      }
      const { removed, leftBehind } = await removeOwnVolumes(ctx, own);
      return { undone: removed.map(deletedText), leftBehind };
    }),
});

/** Generations that are to go, oldest first: those beyond the newest, and what runs that failed have left. */
function surplus({ generations }: Series, keep: number, isNew: (g: Made) => boolean): Made[] {
  const counted = generations.filter((g) => g.counts || isNew(g));
  // The new one is the newest, whatever its number.
  const others = counted.filter((g) => !isNew(g));
  const failed = generations.filter((g) => !g.counts && !isNew(g));
  return [...others.slice(Math.max(0, keep - 1)), ...failed].toReversed();
}

/** Volumes of a run that failed go only when they were not to be kept. */
async function wantedOf(
  { temporal }: ActivityDeps,
  { cluster, series }: RefreshPlan,
  { counts, request }: Made,
): Promise<Pick<KeptBack, 'reason' | 'initiators'> | undefined> {
  if (counts) return undefined;
  // `refresh.<first run's ID>.<try>`
  const runID = request.split('.')[1];
  const run = await temporal.workflow
    .getHandle(seriesWorkflowID(cluster, series), runID)
    .describe()
    .catch((err: unknown) => {
      if (err instanceof WorkflowNotFoundError) return undefined;
      throw err;
    });
  const asked = run?.memo?.[MEMO.request] as { onFailure?: unknown; clone?: { onFailure?: unknown } } | undefined;
  const stays = (reason: string) => ({ reason, initiators: [] });
  if (asked === undefined) {
    return stays('its run was never in service, and Temporal no longer knows what was asked for; delete it by hand');
  }
  return asked.onFailure === 'keep' ? stays('its run failed, and it was kept, as onFailure says') : undefined;
}

/** Who would be hurt if the generation went. */
async function useOf(
  ctx: StepContext,
  { volumes }: Pick<Made, 'volumes'>,
  { access = true }: { access?: boolean } = {},
): Promise<Pick<KeptBack, 'reason' | 'initiators'> | undefined> {
  const reasons: string[] = [];
  const initiators = new Set<string>();
  let sessions: ISCSISession[] = [];
  // Of this moment. What cannot be seen may be there.
  const unseen = await unlessRefused(ctx, 'ListISCSISessions', async () => {
    ({ sessions } = await ctx.api.listISCSISessions({}));
  });
  const jobs = await ctx.jobs();
  for (const { volumeID, volumeAccessGroups } of volumes) {
    const users: Users = {
      sessions: sessions.filter((s) => s.volumeID === volumeID),
      jobs: jobs.filter((j) => j.srcVolumeID === volumeID || j.dstVolumeID === volumeID),
      ...(unseen === undefined ? {} : { unseen }),
    };
    const text = usersText(users, volumeID);
    if (text !== undefined) reasons.push(`volume ${volumeID}: ${text}`);
    for (const s of users.sessions) initiators.add(s.initiatorName ?? s.initiatorIP ?? 'unknown');
    if (access && volumeAccessGroups.length > 0) {
      const plural = volumeAccessGroups.length === 1 ? '' : 's';
      reasons.push(`volume ${volumeID}: volume access group${plural} ${volumeAccessGroups.join(', ')}`);
    }
  }
  return reasons.length === 0 ? undefined : { reason: reasons.join('; '), initiators: [...initiators] };
}

const refused = (old: Made, stays: readonly { id: number | null; reason: string }[]): KeptBack => {
  const { generation, volumes } = generationOf(old);
  return {
    generation,
    volumes: volumes.filter((v) => stays.some((s) => s.id === v.volumeID)),
    reason: stays.map((s) => `volume ${s.id} ${s.reason}`).join('; '),
    initiators: [],
  };
};
