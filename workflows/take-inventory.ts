import type { InventoryPage, TakeInventoryRequest } from '../contracts/inventory.ts';
import { looks, perCluster, plans, REPORT_BYTES } from './housekeeping.ts';
import { rethrowRefusal } from './refusal.ts';

/**
 * Lists the finished clones that still exist, one page at a time.
 * @throws ApplicationFailure `InvalidRequest`
 */
export async function takeInventory(request?: TakeInventoryRequest): Promise<InventoryPage> {
  const { clusters } = await plans
    .planHousekeeping({ what: 'inventory', request: request ?? {} })
    .catch(rethrowRefusal);
  const page: InventoryPage = { items: [], next: null, failed: [] };
  let room = REPORT_BYTES;
  for (const cluster of clusters) {
    const startVolumeID = request?.from?.cluster === cluster ? request.from.volumeID : 1;
    const maxBytes = room;
    const { answers, failed } = await perCluster([cluster], (c) =>
      looks.listClones.executeWithOptions({ summary: `List the clones on ${c}` }, [
        { cluster: c, startVolumeID, maxBytes },
      ]),
    );
    page.failed.push(...failed);
    for (const { items, next } of answers) {
      page.items.push(...items);
      // In characters: names of other alphabets take more bytes, for which the limit leaves room.
      room -= JSON.stringify(items).length;
      if (next !== null) return { ...page, next: { cluster, volumeID: next } };
    }
    if (room <= 0) {
      const following = clusters[clusters.indexOf(cluster) + 1];
      return { ...page, next: following === undefined ? null : { cluster: following, volumeID: 1 } };
    }
  }
  return page;
}
