import { z } from 'zod';
import { clusterSchema, id } from '../../contracts/fields.ts';
import { findVolume } from '../find.ts';
import { ownSnapshot } from '../holdings.ts';
import type { ActivityDeps } from '../deps.ts';
import { usersOf, usersText } from '../lease/users.ts';
import { deleteOwnSnapshot, deleteOwnVolume } from '../release.ts';
import { runStep, StepFailed, type StepContext } from '../step.ts';
import { readFields } from './fields.ts';
import { cloneTag } from './own.ts';
import type { Fields, RunbookActivities } from './types.ts';

const schema = z
  .strictObject({
    cluster: clusterSchema.optional(),
    volumeID: id('the ID of the volume').optional(),
    snapshotID: id('the ID of the snapshot').optional(),
    /** Also a volume that hosts are connected to. Never one that is not ours. */
    force: z.boolean({ error: 'must be true or false' }).optional(),
  })
  .refine((d) => (d.volumeID === undefined) !== (d.snapshotID === undefined), {
    path: ['volumeID'],
    error: 'give either volumeID or snapshotID',
  });

export const createDeleteForRunbookActivities = (deps: ActivityDeps): Pick<RunbookActivities, 'deleteForRunbook'> => ({
  async deleteForRunbook({ cluster, fields }) {
    const { volumeID, snapshotID, force = false } = readFields(schema, fields);
    return runStep(deps, cluster, (ctx) =>
      volumeID === undefined ? deleteSnapshot(ctx, snapshotID!) : deleteVolume(ctx, volumeID, force),
    );
  },
});

async function deleteVolume(ctx: StepContext, volumeID: number, force: boolean): Promise<Fields> {
  const volume = await findVolume(ctx.api, volumeID);
  const deleted = { cluster: ctx.alias, volumeID, deleted: true };
  // Somebody else's work, or an earlier attempt's.
  if (volume === undefined) return deleted;
  if (cloneTag(volume) === undefined) {
    throw new StepFailed(
      `volume ${volumeID} ("${volume.name}") carries no ownership tag of this service, so it is never deleted`,
    );
  }
  const users = usersText(await usersOf(ctx, volumeID, { fresh: true }), volumeID);
  if (users !== undefined && !force) {
    throw new StepFailed(`volume ${volumeID} is in use by ${users}; to delete it all the same, set force: true`);
  }
  await deleteOwnVolume(ctx.api, volume);
  return deleted;
}

async function deleteSnapshot(ctx: StepContext, snapshotID: number): Promise<Fields> {
  const { snapshots } = await ctx.api.listSnapshots({});
  const snapshot = snapshots.find((s) => s.snapshotID === snapshotID);
  const deleted = { cluster: ctx.alias, snapshotID, deleted: true };
  if (snapshot === undefined) return deleted;
  if (ownSnapshot(snapshot) === undefined) {
    throw new StepFailed(
      `snapshot ${snapshotID} ("${snapshot.name}") carries no ownership tag of this service, so it is never deleted`,
    );
  }
  await deleteOwnSnapshot(ctx.api, snapshotID);
  return deleted;
}
