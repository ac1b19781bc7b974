import type { ClusterFailure } from './orphans.ts';

/** One finished clone that still exists, as its volume and its tag tell. */
export interface InventoryItem {
  cluster: string;
  volumeID: number;
  name: string;
  sourceVolumeID: number;
  /** ISO 8601, UTC, by the cluster's clock. */
  createdAt: string;
  ageSeconds: number;
  bytes: number;
  /** Of the volume: `active`, … */
  status: string;
  requestedBy: string | null;
  workflowID: string;
  /** The caller's key, if it gave one. */
  requestId: string | null;
  /**
   * The workflow that deletes the clone when its lease is over, or that was released; the recurring job that made it, and
   * which of its clones it is; `null` for none.
   */
  lease: string | null;
  series: string | null;
  generation: string | null;
}

/** Where a page begins. */
export interface InventoryCursor {
  cluster: string;
  volumeID: number;
}

/** What `takeInventory` is asked for. */
export interface TakeInventoryRequest {
  /** @default every cluster that the worker knows */
  cluster?: string | undefined;
  /** Where the page before ended. */
  from?: InventoryCursor | undefined;
}

/** What `takeInventory` returns: one page. */
export interface InventoryPage {
  /** By cluster and volumeID. */
  items: InventoryItem[];
  /** Where the next page begins; `null` on the last. */
  next: InventoryCursor | null;
  failed: ClusterFailure[];
}
