import type { InventoryItem } from '../contracts/inventory.ts';
import { tagFields } from '../contracts/tag.ts';
import { workflowIDForRequest } from '../contracts/workflow-id.ts';
import type { ActivityDeps } from './deps.ts';
import { ownVolume, type OwnVolume } from './holdings.ts';
import { clusterTime } from './look-for-orphans.ts';
import { runStep } from './step.ts';
import type { HousekeepingActivities } from './types.ts';

/** Volumes that are asked for at once. */
const VOLUMES = 1_000;

export const createListClonesActivities = (deps: ActivityDeps): Pick<HousekeepingActivities, 'listClones'> => ({
  listClones: ({ cluster, startVolumeID, maxBytes }) =>
    runStep(deps, cluster, async (ctx) => {
      const items: InventoryItem[] = [];
      let bytes = 0;
      for (let start = startVolumeID; ;) {
        const answer = await ctx.api.listVolumes({
          startVolumeID: start,
          limit: VOLUMES,
          includeVirtualVolumes: false,
        });
        const volumes = answer.volumes.toSorted((a, b) => a.volumeID - b.volumeID);
        for (const volume of volumes) {
          const own = volume.status === 'deleted' ? undefined : ownVolume(volume, []);
          if (own === undefined || !own.stamped) continue;
          const item = itemOf(cluster, own, clusterTime(ctx));
          bytes += Buffer.byteLength(JSON.stringify(item)) + 1;
          if (bytes > maxBytes && items.length > 0) return { items, next: volume.volumeID };
          items.push(item);
        }
        const last = volumes.at(-1);
        // A short page need not be the last: what is left out of it may have counted.
        if (last === undefined) return { items, next: null };
        start = last.volumeID + 1;
      }
    }),
});

function itemOf(cluster: string, { volume, tag }: OwnVolume, now: number): InventoryItem {
  const fields = tagFields(volume.attributes);
  return {
    cluster,
    volumeID: volume.volumeID,
    name: volume.name,
    sourceVolumeID: tag.sourceVolumeID,
    createdAt: volume.createTime,
    ageSeconds: Math.max(0, Math.floor((now - Date.parse(volume.createTime)) / 1_000)),
    bytes: volume.totalSize,
    status: volume.status,
    requestedBy: tag.requestedBy ?? null,
    workflowID: tag.workflowID,
    requestId: tag.workflowID === workflowIDForRequest(tag.request) ? tag.request : null,
    lease: fields?.get('lease') ?? null,
    series: fields?.get('series') ?? null,
    generation: fields?.get('generation') ?? null,
  };
}
