import { log } from '@temporalio/activity';
import type { GenerationVolume, MovedGroup } from '../../contracts/refresh-clone-result.ts';
import type { LeftBehind } from '../../contracts/failure.ts';
import { readTag, withServed } from '../../contracts/tag.ts';
import { ElementApiError, type ElementClient, type Volume, type VolumeAccessGroup } from '../../element/index.ts';
import type { ActivityDeps } from '../deps.ts';
import { issue } from '../doubt.ts';
import { addToGroup } from '../modify.ts';
import { revokeAccess } from '../release.ts';
import { unlessRefused } from '../remove.ts';
import { NotYet, runStep, StepFailed, type StepContext } from '../step.ts';
import { settlingUndo } from '../undo.ts';
import { findSeries } from './series.ts';
import type { Move, RefreshActivities, RefreshPlan } from './types.ts';

/** One volume that comes into a group, or leaves it. */
interface Change {
  group: Move;
  volumeID: number;
}

export const createSwapActivities = (deps: ActivityDeps): Pick<RefreshActivities, 'swapAccess' | 'undoSwap'> => ({
  swapAccess: ({ plan, volumes, order }) =>
    runStep(deps, plan.cluster, async (ctx) => {
      const { generations } = await findSeries(ctx.api, plan.series);
      const all = generations.flatMap((g) => g.volumes);
      const own = volumes.map(({ volumeID }) => ownVolume(all, volumeID));
      const inGroup = await membersOf(ctx.api, plan);
      const { leaving, arriving } = changes(plan, volumes, { inGroup, all });
      // What hosts have used counts, also when its run was ended before it could say so.
      const replaced = new Set(leaving.map((c) => c.volumeID));
      await markServed(
        ctx,
        all.filter((v) => replaced.has(v.volumeID)),
      );
      const leave = () => each(ctx, leaving, takeOut);
      const come = () => each(ctx, arriving, putIn);
      for (const part of order === 'before' ? [leave, come] : [come, leave]) await part();
      const now = await membersOf(ctx.api, plan);
      expectMoved(plan, { leaving, arriving, now });
      await markServed(ctx, own, plan.generation);
      return { moved: movedGroups(plan, volumes, leaving) };
    }),

  undoSwap: ({ plan, volumes, order, inDoubt }) =>
    runStep(deps, plan.cluster, async (ctx) => {
      const notYet = settlingUndo(ctx, inDoubt, 'change of a volume access group');
      const inGroup = await membersOf(ctx.api, plan);
      const newIDs = volumes.map((v) => v.volumeID);
      const has = (group: Move, id: number) => inGroup.get(group.volumeAccessGroupID)?.includes(id) ?? false;
      const of = (ids: (m: Move) => number[]) =>
        plan.moves.flatMap((m) => ids(m).map((id) => ({ group: m, volumeID: id })));
      const out = of(() => newIDs).filter((c) => has(c.group, c.volumeID));
      const back = of((m) => m.leaving).filter((c) => !has(c.group, c.volumeID));
      const refused: LeftBehind[] = [];
      const restore = (list: Change[], change: typeof putIn, what: (c: Change) => string) => async () => {
        for (const c of list) {
          const reason = await unlessRefused(ctx, 'change of a volume access group', () => change(ctx.api, c));
          if (reason === undefined) note(ctx, what(c));
          else refused.push(stuck(c, `${what(c)} failed: ${reason}`));
        }
      };
      const takeNewOut = restore(out, takeOut, (c) => `volume ${c.volumeID} taken out of ${groupText(c.group)}`);
      const putOldBack = restore(back, putIn, (c) => `volume ${c.volumeID} put back into ${groupText(c.group)}`);
      for (const part of order === 'before' ? [takeNewOut, putOldBack] : [putOldBack, takeNewOut]) await part();
      if ((plan.make.type === 'copyVolume' || plan.make.type === 'copyGroup') && plan.previous !== null) {
        const { generations } = await findSeries(ctx.api, plan.series);
        const own = generations.flatMap((g) => g.volumes).filter((v) => newIDs.includes(v.volumeID));
        await markServed(ctx, own, plan.previous.generation);
      }
      if (notYet) throw notYet;
      return { undone: ctx.memory.notes ?? [], leftBehind: refused };
    }),
});

const groupText = ({ volumeAccessGroupID, name }: Move) => `volume access group ${volumeAccessGroupID} (${name})`;

function note(ctx: StepContext, what: string): void {
  const notes = (ctx.memory.notes ??= []);
  if (!notes.includes(what)) notes.push(what);
  ctx.save();
}

const stuck = ({ group, volumeID }: Change, why: string): LeftBehind => ({
  kind: 'accessGroupMembership',
  id: group.volumeAccessGroupID,
  reason: `${why}; see to it that the right one of the generations is in it (this was volume ${volumeID})`,
});

const takeOut = (api: ElementClient, { group, volumeID }: Change): Promise<void> =>
  revokeAccess(api, { volumeID, volumeAccessGroups: [group.volumeAccessGroupID] });

const putIn = (api: ElementClient, { group, volumeID }: Change): Promise<void> =>
  addToGroup(api, group.volumeAccessGroupID, volumeID);

/** A call without an answer may act after the swap is given up: undoing must know of it. */
async function each(ctx: StepContext, list: readonly Change[], change: typeof putIn): Promise<void> {
  for (const c of list) await issue(ctx, () => onVolume(c, () => change(ctx.api, c)));
}

async function onVolume({ group, volumeID }: Change, call: () => Promise<void>): Promise<void> {
  try {
    await call();
  } catch (err) {
    if (!(err instanceof ElementApiError && err.apiName === 'xVolumeAccessGroupIDDoesNotExist')) throw err;
    throw new StepFailed(`${groupText(group)} is gone, into which volume ${volumeID} was to come (${err.message})`, {
      method: err.method,
      apiName: err.apiName,
    });
  }
}

/** Volumes in each of the groups, by the group's ID. */
async function membersOf(api: ElementClient, { moves }: RefreshPlan): Promise<ReadonlyMap<number, readonly number[]>> {
  if (moves.length === 0) return new Map();
  const { volumeAccessGroups } = await api.listVolumeAccessGroups({
    volumeAccessGroups: moves.map((m) => m.volumeAccessGroupID),
  });
  return new Map(volumeAccessGroups.map((g: VolumeAccessGroup) => [g.volumeAccessGroupID, g.volumes]));
}

/** What has to change: whatever other generation of the series is in a group leaves it. */
function changes(
  { moves }: RefreshPlan,
  volumes: readonly GenerationVolume[],
  { inGroup, all }: { inGroup: ReadonlyMap<number, readonly number[]>; all: readonly Volume[] },
): { leaving: Change[]; arriving: Change[] } {
  const ofSeries = new Set(all.map((v) => v.volumeID));
  for (const { volumeID } of volumes) ofSeries.delete(volumeID);
  const within = (group: Move) => inGroup.get(group.volumeAccessGroupID) ?? [];
  return {
    leaving: moves.flatMap((group) =>
      within(group).flatMap((volumeID) => (ofSeries.has(volumeID) ? [{ group, volumeID }] : [])),
    ),
    arriving: moves.flatMap((group) =>
      volumes
        .filter((v) => group.arriving.includes(v.sourceVolumeID) && !within(group).includes(v.volumeID))
        .map(({ volumeID }) => ({ group, volumeID })),
    ),
  };
}

/** The new generation as the cluster shows it: it must be there, ready, and ours. */
function ownVolume(all: readonly Volume[], volumeID: number): Volume {
  const volume = all.find((v) => v.volumeID === volumeID);
  if (volume === undefined) {
    throw new StepFailed(
      `volume ${volumeID} of the new generation is gone, or has lost its ownership tag: somebody deleted or changed it`,
    );
  }
  if (volume.status !== 'active') throw new NotYet(`volume ${volumeID} is still "${volume.status}"`, 2_000);
  return volume;
}

function expectMoved(
  plan: RefreshPlan,
  { leaving, arriving, now }: { leaving: Change[]; arriving: Change[]; now: ReadonlyMap<number, readonly number[]> },
): void {
  const isIn = ({ group, volumeID }: Change) => now.get(group.volumeAccessGroupID)?.includes(volumeID) ?? false;
  const wrong = [...leaving.filter(isIn), ...arriving.filter((c) => !isIn(c))];
  const [first] = wrong;
  if (first === undefined) return;
  log.warn('A volume access group does not show a change yet', { series: plan.series, ...first });
  throw new NotYet(`${groupText(first.group)} does not show the change of volume ${first.volumeID} yet`, 2_000);
}

/** The mark by which retention counts the generation: a run that fails before makes none. */
async function markServed(ctx: StepContext, own: readonly Volume[], generation?: number): Promise<void> {
  const served = new Date(ctx.now()).toISOString();
  for (const { volumeID, attributes } of own) {
    const tag = readTag(attributes);
    if (tag?.served !== undefined && (generation ?? tag.generation) === tag.generation) continue;
    await ctx.api.modifyVolume({ volumeID, attributes: withServed(attributes, served, generation) });
  }
}

/** What has moved, over all attempts. */
function movedGroups(
  { moves }: RefreshPlan,
  volumes: readonly GenerationVolume[],
  leaving: readonly Change[],
): MovedGroup[] {
  return moves.map((move) => ({
    volumeAccessGroupID: move.volumeAccessGroupID,
    name: move.name,
    added: volumes.filter((v) => move.arriving.includes(v.sourceVolumeID)).map((v) => v.volumeID),
    removed: [
      ...new Set([...move.leaving, ...leaving.filter((c) => c.group === move).map((c) => c.volumeID)]),
    ].toSorted((a, b) => a - b),
  }));
}
