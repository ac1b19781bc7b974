import type { Client } from '@temporalio/client';
import type { RequestOf } from '../contracts/clone-types.ts';
import type { ClonesPlan, PlannableType } from '../contracts/dry-run.ts';
import { WORKFLOW } from '../contracts/names.ts';
import { titleOf } from './labels.ts';
import { kindOf } from './kinds.ts';
import { runTask, type TaskOptions } from './task.ts';

const LOOK_MS = 120_000;

/** Asks a worker what the request would do; nothing is changed. */
export function planClones<T extends PlannableType>(
  temporal: Client,
  taskQueue: string,
  { type, request }: { type: T; request: RequestOf<T> },
  { timeoutMs = LOOK_MS, signal }: TaskOptions,
): Promise<ClonesPlan> {
  const checked = kindOf(type).parse(request);
  return runTask<ClonesPlan>(
    temporal,
    taskQueue,
    {
      type: WORKFLOW.planClones,
      name: 'plan-clones',
      summary: `Plan: ${titleOf(type, checked)}`.replace(/[\\`*_{}[\]<>#|~&]/g, '\\$&').slice(0, 200),
      request: { type, request: checked },
      limit: '5m',
    },
    { timeoutMs, signal },
  );
}
