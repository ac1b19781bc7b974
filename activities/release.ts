import type { ElementClient } from '../element/index.ts';
import { doneAlready } from './tolerate.ts';

/**
 * Reads the result once without keeping it, which removes it. Kept results pile up on the cluster otherwise. False when
 * its job still runs: nothing is removed then.
 */
export async function releaseAsyncResult(api: ElementClient, asyncHandle: number | null): Promise<boolean> {
  let released = true;
  if (asyncHandle !== null) {
    await doneAlready(['xDBNoSuchPath'], async () => {
      released = (await api.getAsyncResult({ asyncHandle, keepResult: false })).status !== 'running';
    });
  }
  return released;
}

/** Deletes a snapshot of ours; one that is gone already has expired or was deleted before. */
export const deleteOwnSnapshot = (api: ElementClient, snapshotID: number): Promise<void> =>
  doneAlready(['xSnapshotIDDoesNotExist', 'xVolumeIDDoesNotExist'], () => api.deleteSnapshot({ snapshotID }));

/** Deletes a group snapshot of ours with its members. */
export const deleteOwnGroupSnapshot = (api: ElementClient, groupSnapshotID: number): Promise<void> =>
  doneAlready(['xGroupSnapshotIDDoesNotExist', 'xSnapshotIDDoesNotExist'], () =>
    api.deleteGroupSnapshot({ groupSnapshotID, saveMembers: false }),
  );

/** Takes a volume of ours out of all volume access groups. */
export async function revokeAccess(
  api: ElementClient,
  { volumeID, volumeAccessGroups }: { volumeID: number; volumeAccessGroups: readonly number[] },
): Promise<void> {
  for (const volumeAccessGroupID of volumeAccessGroups) {
    await doneAlready(['xNotInVolumeAccessGroup', 'xVolumeAccessGroupIDDoesNotExist'], () =>
      api.removeVolumesFromVolumeAccessGroup({ volumeAccessGroupID, volumes: [volumeID] }),
    );
  }
}

/** Deletes a volume of ours (never purges: a wrong delete can be taken back for eight hours), its access first. */
export async function deleteOwnVolume(
  api: ElementClient,
  volume: { volumeID: number; volumeAccessGroups: readonly number[] },
): Promise<void> {
  const { volumeID } = volume;
  await revokeAccess(api, volume);
  await doneAlready(['xVolumeIDDoesNotExist'], () => api.deleteVolume({ volumeID }));
}
