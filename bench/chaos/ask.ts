// Asks for one clone, and does to its workflow what was planned: the same again, cancelled, terminated.
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import { startOptions } from '../../client/start-options.ts';
import { MEMO, WORKFLOW } from '../../contracts/names.ts';
import { repeatOf, TASK_QUEUE } from './ids.ts';
import { patiently } from './patience.ts';
import type { PlannedClone } from './plan-clones.ts';

/** What was done to workflows. */
export interface Asked {
  started: number;
  repeats: number;
  cancels: number;
  cancelsWhileUndoing: number;
  terminated: number;
}

export const nothingAsked = (): Asked => ({
  started: 0,
  repeats: 0,
  cancels: 0,
  cancelsWhileUndoing: 0,
  terminated: 0,
});

/** What goes on as long as a workflow runs, and is ended with the run. */
export class Watchers {
  private readonly ended = new AbortController();
  private readonly watching: Promise<void>[] = [];

  add(watch: (ended: AbortSignal) => Promise<void>): void {
    const watching = watch(this.ended.signal);
    // Told by stop().
    watching.catch(() => {});
    this.watching.push(watching);
  }

  /** Rejects when one of them has failed. */
  async stop(): Promise<void> {
    this.ended.abort();
    await Promise.all(this.watching);
  }
}

/** Resolves once all that was planned for this clone at certain times has been done. */
export async function ask(client: Client, clone: PlannedClone, asked: Asked, watchers: Watchers): Promise<void> {
  const options = startOptions('cloneVolume', clone.request, TASK_QUEUE, clone.unique);
  const { workflowId } = options;
  await started(() => patiently(client, () => client.workflow.start(WORKFLOW.cloneVolume, options)));
  asked.started += 1;
  const handle = client.workflow.getHandle(workflowId);
  if (clone.cancelsWhileUndoing) watchers.add((ended) => cancelWhileUndoing(client, workflowId, asked, ended));
  const doLater = async (afterMs: number, act: () => Promise<unknown>, count: keyof Asked) => {
    await sleep(afterMs);
    if (await stillThere(() => patiently(client, act))) asked[count] += 1;
  };
  await Promise.all([
    clone.repeatsAfterMs === undefined ? undefined : repeat(client, clone, clone.repeatsAfterMs, asked),
    ...clone.cancelsAfterMs.map((afterMs) => doLater(afterMs, () => handle.cancel(), 'cancels')),
    clone.terminatesAfterMs === undefined
      ? undefined
      : doLater(clone.terminatesAfterMs, () => handle.terminate('chaos'), 'terminated'),
  ]);
}

/** As another SDK would: by type name, under an ID of its own. */
async function repeat(client: Client, clone: PlannedClone, afterMs: number, asked: Asked): Promise<void> {
  await sleep(afterMs);
  const options = {
    workflowId: repeatOf(clone),
    taskQueue: TASK_QUEUE,
    args: [clone.request],
    memo: { [MEMO.request]: clone.request },
  };
  await started(() => patiently(client, () => client.workflow.start(WORKFLOW.cloneVolume, options)));
  asked.repeats += 1;
}

const LOOK_MS = 400;

async function cancelWhileUndoing(client: Client, workflowId: string, asked: Asked, ended: AbortSignal) {
  const handle = client.workflow.getHandle(workflowId);
  while (!ended.aborted) {
    const { status, raw } = await patiently(client, () => handle.describe());
    if (status.name !== 'RUNNING') return;
    if (raw.pendingActivities?.some((a) => a.activityType?.name?.startsWith('undo'))) {
      if (await stillThere(() => patiently(client, () => handle.cancel()))) asked.cancelsWhileUndoing += 1;
      return;
    }
    await sleep(LOOK_MS);
  }
}

/** False when there is no such workflow, or it has ended already. */
export const terminate = (client: Client, workflowID: string): Promise<boolean> =>
  stillThere(() => patiently(client, () => client.workflow.getHandle(workflowID).terminate('chaos')));

/** A start whose answer was lost is not repeated under the same ID: it is there already. */
async function started(start: () => Promise<unknown>): Promise<void> {
  try {
    await start();
  } catch (err) {
    if (!(err instanceof WorkflowExecutionAlreadyStartedError)) throw err;
  }
}

/** False when the workflow had ended already. */
async function stillThere(act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (err) {
    if (err instanceof WorkflowNotFoundError) return false;
    throw err;
  }
}
