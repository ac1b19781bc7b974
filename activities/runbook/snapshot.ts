import type { z } from 'zod';
import { parseDuration } from '../../contracts/duration.ts';
import { ACTIONS } from '../../contracts/runbook/actions.ts';
import { DEFAULT_SNAPSHOT_EXPIRY } from '../../contracts/names.ts';
import { withTag } from '../../contracts/tag.ts';
import type { Volume } from '../../element/index.ts';
import type { ActivityDeps } from '../deps.ts';
import { makeOnce } from '../doubt.ts';
import { findOwnSnapshots, findVolumes, tagOf } from '../find.ts';
import { findOwnGroupSnapshots } from '../group/find.ts';
import { snapshotsIn } from '../group/snapshot.ts';
import { hhmmss } from '../preflight.ts';
import { deleteOwnGroupSnapshot, deleteOwnSnapshot } from '../release.ts';
import { runStep, StepFailed, type StepContext } from '../step.ts';
import type { Owner } from '../types.ts';
import { settlingUndo } from '../undo.ts';
import { readFields } from './fields.ts';
import type { Fields, OnVolume, RunbookActivities } from './types.ts';

type Wanted = z.infer<typeof ACTIONS.snapshot>;

export const createSnapshotForRunbookActivities = (
  deps: ActivityDeps,
): Pick<RunbookActivities, 'snapshotForRunbook' | 'takeBackSnapshot'> => ({
  async snapshotForRunbook({ cluster, owner, fields }) {
    const wanted = readFields(ACTIONS.snapshot, fields);
    return runStep(deps, cluster, async (ctx) => {
      const sources = await sourcesOf(ctx, wanted.volumes ?? [wanted.volumeID!]);
      return wanted.volumes === undefined
        ? takeOne(ctx, owner, wanted, sources[0]!)
        : takeGroup(ctx, owner, wanted, sources);
    });
  },

  async takeBackSnapshot({ cluster, owner, fields }: OnVolume) {
    const { volumeID, volumes } = readFields(ACTIONS.snapshot, fields);
    return runStep(deps, cluster, async (ctx) => {
      const notYet = settlingUndo(ctx, true, volumes === undefined ? 'CreateSnapshot' : 'CreateGroupSnapshot');
      if (volumes === undefined) {
        const found = await findOwnSnapshots(ctx.api, tagOf(owner, { source: { volumeID: volumeID! } }, 'snapshot'));
        for (const { snapshotID } of found) await deleteOwnSnapshot(ctx.api, snapshotID);
      } else {
        const found = await findOwnGroupSnapshots(ctx.api, groupOf(volumes), owner);
        for (const { groupSnapshotID } of found) await deleteOwnGroupSnapshot(ctx.api, groupSnapshotID);
      }
      if (notYet) throw notYet;
      return {};
    });
  },
});

async function sourcesOf(ctx: StepContext, volumeIDs: readonly number[]): Promise<Volume[]> {
  const found = new Map((await findVolumes(ctx.api, volumeIDs)).map((v) => [v.volumeID, v]));
  const missing = volumeIDs.filter((id) => !found.has(id));
  if (missing.length === 0) return volumeIDs.map((id) => found.get(id)!);
  throw new StepFailed(
    `cluster ${ctx.alias} has no volume ${missing.join(' nor ')}, or ${missing.length === 1 ? 'it was' : 'they were'} deleted`,
  );
}

async function takeOne(ctx: StepContext, owner: Owner, wanted: Wanted, source: Volume): Promise<Fields> {
  const { volumeID } = source;
  const name = wanted.name ?? source.name;
  const tag = tagOf(owner, { source }, 'snapshot');
  const { snapshotID } = await makeOnce<{ snapshotID: number }>(ctx, owner, NEVER_BEFORE, {
    method: 'CreateSnapshot',
    find: async () => (await findOwnSnapshots(ctx.api, tag))[0],
    create: () =>
      ctx.api.createSnapshot({ volumeID, name, retention: retentionOf(wanted), attributes: withTag({}, tag) }),
  });
  return { cluster: ctx.alias, volumeID, snapshotID, name };
}

/** All at the same moment. */
async function takeGroup(ctx: StepContext, owner: Owner, wanted: Wanted, sources: readonly Volume[]): Promise<Fields> {
  const volumes = sources.map((v) => v.volumeID);
  const plan = groupOf(volumes);
  const name = wanted.name ?? sources[0]!.name;
  const { groupSnapshotID, members } = await makeOnce(ctx, owner, NEVER_BEFORE, {
    method: 'CreateGroupSnapshot',
    find: async () => (await findOwnGroupSnapshots(ctx.api, plan, owner))[0],
    create: () =>
      ctx.api.createGroupSnapshot({
        ...{ volumes, name, retention: retentionOf(wanted) },
        attributes: withTag({}, tagOf(owner, plan.members[0]!, 'groupSnapshot')),
      }),
  });
  return { cluster: ctx.alias, groupSnapshotID, name, members: snapshotsIn(members).map((m) => ({ ...m })) };
}

const groupOf = (volumeIDs: readonly number[]) => ({
  members: volumeIDs.map((volumeID) => ({ source: { volumeID } })),
});
const retentionOf = ({ expiresIn }: Wanted) => hhmmss(parseDuration(expiresIn ?? DEFAULT_SNAPSHOT_EXPIRY)!);
/** Each attempt of a step has a key of its own. */
const NEVER_BEFORE = { earlierRunEndedAt: null };
