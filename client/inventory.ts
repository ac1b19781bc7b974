import type { Client } from '@temporalio/client';
import { parseHousekeeping, takeInventorySchema } from '../contracts/housekeeping-requests.ts';
import type { InventoryCursor, InventoryItem, InventoryPage } from '../contracts/inventory.ts';
import { WORKFLOW } from '../contracts/names.ts';
import type { ClusterFailure } from '../contracts/orphans.ts';
import { Leases, type LeaseSummary } from './leases.ts';
import { runTask, type TaskOptions } from './task.ts';

export interface InventoryOptions extends TaskOptions {
  /** Alias of one cluster. @default all that the worker knows */
  cluster?: string | undefined;
}

/** One finished clone, with what Temporal knows of its lease. */
export interface InventoryClone extends InventoryItem {
  /** When it is deleted (ISO 8601, UTC); `null`: no lease of it runs. */
  leaseEndsAt: string | null;
}

export interface Inventory {
  /** By cluster and volumeID. */
  clones: InventoryClone[];
  failed: ClusterFailure[];
}

const PAGE_MS = 300_000;

/** All pages, each the work of one short workflow. */
export async function takeInventory(
  temporal: Client,
  taskQueue: string,
  { timeoutMs = PAGE_MS, signal, cluster }: InventoryOptions,
): Promise<Inventory> {
  const inventory: Inventory = { clones: [], failed: [] };
  const leases = await new Leases(temporal, taskQueue).list({ cluster });
  let from: InventoryCursor | undefined;
  do {
    const request = parseHousekeeping(takeInventorySchema, { cluster, from });
    const page: InventoryPage = await runTask<InventoryPage>(
      temporal,
      taskQueue,
      {
        type: WORKFLOW.takeInventory,
        name: 'take-inventory',
        summary: `List the clones on ${cluster ?? 'all clusters'}`,
        request,
        limit: '10m',
      },
      { timeoutMs, signal },
    );
    inventory.clones.push(...page.items.map((item) => ({ ...item, leaseEndsAt: endOf(item, leases) })));
    inventory.failed.push(...page.failed);
    from = page.next ?? undefined;
  } while (from !== undefined);
  return inventory;
}

/** They are in the order of their ends. */
const endOf = ({ cluster, volumeID, workflowID }: InventoryItem, leases: readonly LeaseSummary[]): string | null =>
  leases.find((l) => l.cluster === cluster && l.volumeID === volumeID && l.cloneWorkflowID === workflowID)?.endsAt ??
  null;
