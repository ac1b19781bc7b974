import type { Client } from '@temporalio/client';
import { findOrphansSchema, parseHousekeeping, removeOrphansSchema } from '../contracts/housekeeping-requests.ts';
import { WORKFLOW } from '../contracts/names.ts';
import {
  removableRefs,
  type Includable,
  type Orphan,
  type OrphanRef,
  type OrphanRemoval,
  type OrphanReport,
} from '../contracts/orphans.ts';
import { uiPathOf } from './description.ts';
import { runTask, type TaskOptions } from './task.ts';

export interface OrphansOptions extends TaskOptions {
  /** Alias of one cluster. @default all that the worker knows */
  cluster?: string | undefined;
  /** Only what is older than this, such as `"24h"`. @default any age; 24h for what belongs to an unknown workflow */
  olderThan?: string | undefined;
}

export interface RemoveOrphansOptions extends OrphansOptions {
  /** Also what was kept on purpose, or what belongs to an unknown workflow. @default orphans only */
  include?: Includable[] | undefined;
  /** Only these, as far as they may be removed: `report.orphans`, or objects by kind and ID. */
  only?: readonly (Orphan | OrphanRef)[] | undefined;
}

export interface OrphanView extends Orphan {
  /** Path of its workflow in the Temporal UI, after its address; missing when the workflow is no longer known. */
  uiPath?: string;
}

export interface OrphansFound extends OrphanReport {
  orphans: OrphanView[];
}

const LOOK_MS = 300_000;

export async function findOrphans(
  temporal: Client,
  taskQueue: string,
  { timeoutMs = LOOK_MS, signal, ...rest }: OrphansOptions,
): Promise<OrphansFound> {
  const request = parseHousekeeping(findOrphansSchema, rest);
  const report = await runTask<OrphanReport>(
    temporal,
    taskQueue,
    {
      type: WORKFLOW.findOrphans,
      name: 'find-orphans',
      summary: `Find orphans on ${request.cluster ?? 'all clusters'}`,
      request,
      limit: '10m',
    },
    { timeoutMs, signal },
  );
  const { namespace } = temporal.options;
  return {
    ...report,
    orphans: report.orphans.map((o) => ({
      ...o,
      ...(o.runID === null ? {} : { uiPath: uiPathOf(namespace, { workflowId: o.workflowID, runId: o.runID }) }),
    })),
  };
}

export async function removeOrphans(
  temporal: Client,
  taskQueue: string,
  { timeoutMs, signal, only, ...rest }: RemoveOrphansOptions,
): Promise<OrphanRemoval> {
  const request = parseHousekeeping(removeOrphansSchema, {
    ...rest,
    ...(only === undefined ? {} : { only: refsOf(only, rest.include) }),
  });
  return runTask<OrphanRemoval>(
    temporal,
    taskQueue,
    {
      type: WORKFLOW.removeOrphans,
      name: 'remove-orphans',
      summary: `Remove orphans from ${request.cluster ?? 'all clusters'}`,
      request,
      limit: '4h',
    },
    { timeoutMs, signal },
  );
}

const isOrphan = (object: Orphan | OrphanRef): object is Orphan => 'verdict' in object;

const refsOf = (only: readonly (Orphan | OrphanRef)[], include?: Includable[]): OrphanRef[] => [
  ...removableRefs(only.filter(isOrphan), include),
  ...only.filter((o): o is OrphanRef => !isOrphan(o)),
];
