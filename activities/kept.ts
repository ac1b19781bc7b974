import type { LeftBehind } from '../contracts/failure.ts';
import type { Volume } from '../element/index.ts';
import type { ActivityDeps } from './deps.ts';
import { findOwnSnapshots, findOwnVolumes, findVolumes, tagOf } from './find.ts';
import { findOwnGroupSnapshots, findOwnMembers } from './group/find.ts';
import { clonesRunning, isAbout, READ_IT, resultsKept } from './remove.ts';
import { runStep, type StepContext } from './step.ts';
import type { CloneActivities, Kept } from './types.ts';
import { settlingUndo } from './undo.ts';

const KEPT = 'kept, as onFailure says';

/** For `onFailure: "keep"`: what a call without an answer has made is named by ID too, with what hangs on it. */
export const createKeptActivities = (deps: ActivityDeps): Pick<CloneActivities, 'findKept'> => ({
  findKept: ({ kept, owner, inDoubt }) =>
    runStep(deps, 'cluster' in kept.plan ? kept.plan.cluster : kept.plan.request.cluster, async (ctx) => {
      const notYet = settlingUndo(ctx, inDoubt, METHOD[kept.kind]);
      if (notYet) throw notYet;
      switch (kept.kind) {
        case 'snapshot': {
          const found = await findOwnSnapshots(ctx.api, tagOf(owner, kept.plan, 'snapshot'));
          return { leftBehind: found.map((s) => ({ kind: 'snapshot', id: s.snapshotID, reason: KEPT })) };
        }
        case 'groupSnapshot': {
          const found = await findOwnGroupSnapshots(ctx.api, kept.plan, owner);
          return { leftBehind: found.map((s) => ({ kind: 'groupSnapshot', id: s.groupSnapshotID, reason: KEPT })) };
        }
        case 'clone': {
          const { plan, made } = kept;
          const found = await findOwnVolumes(ctx.api, plan.request.name, tagOf(owner, plan, 'clone'));
          return { leftBehind: await withAll(ctx, found, made === null ? [] : [made.volumeID], made) };
        }
        case 'group': {
          const { plan, made } = kept;
          const found = (await findOwnMembers(ctx.api, plan, owner)).live.map((m) => m.volume);
          const known = made?.members.map((m) => m.volumeID) ?? [];
          return { leftBehind: await withAll(ctx, found, known, made) };
        }
      }
    }),
});

const METHOD: Record<Kept['kind'], string> = {
  snapshot: 'CreateSnapshot',
  groupSnapshot: 'CreateGroupSnapshot',
  clone: 'CloneVolume',
  group: 'CloneMultipleVolumes',
};

/** The volumes, those that are known and were renamed since among them, and the groups, jobs and results about them. */
async function withAll(
  ctx: StepContext,
  found: Volume[],
  known: readonly number[],
  made: { asyncHandle: number | null } | null,
): Promise<LeftBehind[]> {
  const elsewhere = known.filter((id) => !found.some((v) => v.volumeID === id));
  const volumes = [...found, ...(elsewhere.length > 0 ? await findVolumes(ctx.api, elsewhere) : [])];
  const ids = volumes.map((v) => v.volumeID);
  const of = (id: number): LeftBehind => ({ kind: 'volume', id, reason: KEPT });
  const jobs = (await clonesRunning(ctx)).filter((j) => ids.includes(j.dstVolumeID));
  const results = await resultsKept(ctx);
  const handles = new Set([
    ...results.list.filter((r) => isAbout(r, ids)).map((r) => r.asyncResultID),
    ...(made?.asyncHandle == null ? [] : [made.asyncHandle]),
  ]);
  return [
    ...ids.map(of),
    ...volumes.flatMap((v) =>
      v.volumeAccessGroups.map((id): LeftBehind => ({
        kind: 'accessGroupMembership',
        id,
        reason: `volume ${v.volumeID} is in it`,
      })),
    ),
    ...jobs.map(({ cloneID, dstVolumeID }): LeftBehind => ({
      kind: 'cloneJob',
      id: cloneID ?? null,
      reason: `it fills volume ${dstVolumeID}; CancelClone stops it`,
    })),
    ...[...handles].map((id): LeftBehind => ({ kind: 'asyncResult', id, reason: `may be kept; ${READ_IT}` })),
    ...(results.refused === undefined || handles.size > 0
      ? []
      : [{ kind: 'asyncResult' as const, id: null, reason: `may be kept: ${results.refused}; ${READ_IT}` }]),
  ];
}
