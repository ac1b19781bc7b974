import type { ElementClient } from '../element/index.ts';
import { doneAlready } from './tolerate.ts';

/** Reads the result once without keeping it, which removes it. Kept results pile up on the cluster otherwise. */
export const releaseAsyncResult = (api: ElementClient, asyncHandle: number | null): Promise<void> =>
  asyncHandle === null
    ? Promise.resolve()
    : doneAlready(['xDBNoSuchPath'], () => api.getAsyncResult({ asyncHandle, keepResult: false }));

/** Deletes a snapshot of ours; one that is gone already has expired or was deleted before. */
export const deleteOwnSnapshot = (api: ElementClient, snapshotID: number): Promise<void> =>
  doneAlready(['xSnapshotIDDoesNotExist', 'xVolumeIDDoesNotExist'], () => api.deleteSnapshot({ snapshotID }));

/** Deletes a volume of ours (never purges: a wrong delete can be taken back for eight hours), its access first. */
export async function deleteOwnVolume(
  api: ElementClient,
  volume: { volumeID: number; volumeAccessGroups: number[] },
): Promise<void> {
  const { volumeID } = volume;
  for (const volumeAccessGroupID of volume.volumeAccessGroups) {
    await doneAlready(['xNotInVolumeAccessGroup', 'xVolumeAccessGroupIDDoesNotExist'], () =>
      api.removeVolumesFromVolumeAccessGroup({ volumeAccessGroupID, volumes: [volumeID] }),
    );
  }
  await doneAlready(['xVolumeIDDoesNotExist'], () => api.deleteVolume({ volumeID }));
}
