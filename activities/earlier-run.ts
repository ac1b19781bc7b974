import { activityInfo } from '@temporalio/activity';
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { UNAWARE_MS } from './step.ts';

/** Runs that end so have undone nothing and waited for nothing; and the index may lag behind an end. */
const CUT_OFF: readonly WorkflowExecutionInfo['status']['name'][] = ['TERMINATED', 'TIMED_OUT', 'RUNNING'];
/** These have waited, unless they were to keep what they had made. */
const ORDERLY: readonly WorkflowExecutionInfo['status']['name'][] = ['FAILED', 'CANCELLED'];

/** A string literal of the query language. */
const quote = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`;

/**
 * When an earlier run of this workflow ID, ended from outside, may have made its last call (ISO 8601); `null` when there
 * is none. What that call makes may appear only after this run has looked for it.
 */
export async function lastEndedRun(temporal: Client, keeps: boolean, now: number): Promise<string | null> {
  const { workflowId, runId } = activityInfo().workflowExecution!;
  const doubtful = keeps ? [...CUT_OFF, ...ORDERLY] : CUT_OFF;
  let last: number | undefined;
  for await (const run of temporal.workflow.list({ query: `WorkflowId = ${quote(workflowId)}` })) {
    if (run.runId === runId || !doubtful.includes(run.status.name)) continue;
    last = Math.max(last ?? 0, run.closeTime?.getTime() ?? now);
  }
  return last === undefined ? null : new Date(last + UNAWARE_MS).toISOString();
}
