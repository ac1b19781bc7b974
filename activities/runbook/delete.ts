import { ACTIONS } from '../../contracts/runbook/actions.ts';
import { findVolume } from '../find.ts';
import { ownGroupSnapshot, ownSnapshot } from '../holdings.ts';
import type { ActivityDeps } from '../deps.ts';
import { usersOf, usersText } from '../lease/users.ts';
import { deleteOwnGroupSnapshot, deleteOwnSnapshot, deleteOwnVolume } from '../release.ts';
import { runStep, StepFailed, type StepContext } from '../step.ts';
import { readFields } from './fields.ts';
import { cloneTag } from './own.ts';
import type { Fields, RunbookActivities } from './types.ts';

export const createDeleteForRunbookActivities = (deps: ActivityDeps): Pick<RunbookActivities, 'deleteForRunbook'> => ({
  async deleteForRunbook({ cluster, fields }) {
    const { volumeID, snapshotID, groupSnapshotID, force = false } = readFields(ACTIONS.delete, fields);
    return runStep(deps, cluster, (ctx) => {
      if (volumeID !== undefined) return deleteVolume(ctx, volumeID, force);
      return snapshotID === undefined ? deleteGroupSnapshot(ctx, groupSnapshotID!) : deleteSnapshot(ctx, snapshotID);
    });
  },
});

async function deleteVolume(ctx: StepContext, volumeID: number, force: boolean): Promise<Fields> {
  const volume = await findVolume(ctx.api, volumeID);
  const deleted = { cluster: ctx.alias, volumeID, deleted: true };
  // Somebody else's work, or an earlier attempt's.
  if (volume === undefined) return deleted;
  if (cloneTag(volume) === undefined) {
    throw notOurs(`volume ${volumeID} ("${volume.name}")`);
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
  if (snapshot !== undefined) {
    if (ownSnapshot(snapshot) === undefined) throw notOurs(`snapshot ${snapshotID} ("${snapshot.name}")`);
    await deleteOwnSnapshot(ctx.api, snapshotID);
  }
  return { cluster: ctx.alias, snapshotID, deleted: true };
}

/** With its members. */
async function deleteGroupSnapshot(ctx: StepContext, groupSnapshotID: number): Promise<Fields> {
  const { groupSnapshots } = await ctx.api.listGroupSnapshots({});
  const group = groupSnapshots.find((g) => g.groupSnapshotID === groupSnapshotID);
  if (group !== undefined) {
    if (ownGroupSnapshot(group) === undefined) throw notOurs(`group snapshot ${groupSnapshotID} ("${group.name}")`);
    await deleteOwnGroupSnapshot(ctx.api, groupSnapshotID);
  }
  return { cluster: ctx.alias, groupSnapshotID, deleted: true };
}

const notOurs = (what: string) =>
  new StepFailed(`${what} carries no ownership tag of this service, so it is never deleted`);
