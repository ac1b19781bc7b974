import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { observe } from './observe.ts';
import { isTerminal, toProgressView, type CloneProgressView } from './progress-view.ts';

/** Runs below one another: that of the key, that of the series, and what makes the volumes. */
const DEPTH = 3;

/**
 * Progress of a refresh: of the workflow in which it is just now, which is what a refresh without a step of its own waits
 * for.
 */
export async function throughChildren(
  client: Client,
  view: CloneProgressView,
  d: WorkflowExecutionDescription,
): Promise<CloneProgressView> {
  let at = d;
  for (let depth = 0; depth < DEPTH; depth += 1) {
    const child = at.raw.pendingActivities?.length ? undefined : at.raw.pendingChildren?.[0]?.workflowId;
    if (at.status.name !== 'RUNNING' || !child) break;
    const next = await client.workflow
      .getHandle(child)
      .describe()
      .catch(() => undefined);
    if (next === undefined || next.status.name !== 'RUNNING') break;
    at = next;
  }
  if (at === d) return view;
  const below = toProgressView(await observe(client, at), Date.now(), view);
  // What makes the volumes is done before the refresh is.
  const phase = isTerminal(below.phase) ? view.phase : below.phase;
  return { ...view, ...below, workflowId: view.workflowId, phase };
}
