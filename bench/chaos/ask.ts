// Makes one request, and does to its workflow what was planned: the same again, cancelled, terminated.
import { setTimeout as sleep } from 'node:timers/promises';
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
} from '@temporalio/client';
import type { CloneVolumeResult } from '../../contracts/clone-result.ts';
import { LEASE } from '../../contracts/lease.ts';
import { MEMO } from '../../contracts/names.ts';
import { repeatOf, startOf, TASK_QUEUE } from './ids.ts';
import { TYPE_OF } from './kinds.ts';
import { patiently } from './patience.ts';
import type { LeaseDeed, Planned } from './planned.ts';

/** What was done to workflows. */
export interface Asked {
  started: number;
  repeats: number;
  cancels: number;
  cancelsWhileUndoing: number;
  terminated: number;
  /** Leases that were extended or released, as their workflows have confirmed. */
  leases: Map<string, LeaseDeed['action']>;
}

export const nothingAsked = (): Asked => ({
  started: 0,
  repeats: 0,
  cancels: 0,
  cancelsWhileUndoing: 0,
  terminated: 0,
  leases: new Map(),
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

type Count = Exclude<keyof Asked, 'leases'>;

/** Resolves once all that was planned for this request at certain times has been done. */
export async function ask(client: Client, planned: Planned, asked: Asked, watchers: Watchers): Promise<void> {
  const options = startOf(planned);
  const { workflowId } = options;
  await started(() => patiently(client, () => client.workflow.start(TYPE_OF[planned.kind], options)));
  asked.started += 1;
  const handle = client.workflow.getHandle(workflowId);
  const { leaseDeed } = planned;
  if (leaseDeed) watchers.add((ended) => changeLease(client, workflowId, leaseDeed, asked, ended));
  if (planned.cancelsWhileUndoing) watchers.add((ended) => cancelWhileUndoing(client, workflowId, asked, ended));
  const doLater = async (afterMs: number, act: () => Promise<unknown>, count: Count) => {
    await sleep(afterMs);
    if (await stillThere(() => patiently(client, act))) asked[count] += 1;
  };
  await Promise.all([
    planned.repeatsAfterMs === undefined ? undefined : repeat(client, planned, planned.repeatsAfterMs, asked),
    ...planned.cancelsAfterMs.map((afterMs) => doLater(afterMs, () => handle.cancel(), 'cancels')),
    planned.terminatesAfterMs === undefined
      ? undefined
      : doLater(planned.terminatesAfterMs, () => handle.terminate('chaos'), 'terminated'),
  ]);
}

/** As another SDK would: by type name, under an ID of its own. */
async function repeat(client: Client, planned: Planned, afterMs: number, asked: Asked): Promise<void> {
  await sleep(afterMs);
  const options = {
    workflowId: repeatOf(planned),
    taskQueue: TASK_QUEUE,
    args: [planned.request],
    memo: { [MEMO.request]: planned.request },
  };
  await started(() => patiently(client, () => client.workflow.start(TYPE_OF[planned.kind], options)));
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

const EXTENSION = { by: '48h', requestedBy: 'chaos' };

/** Once the clone is ready. A lease that is over by then says no. */
async function changeLease(client: Client, workflowId: string, deed: LeaseDeed, asked: Asked, ended: AbortSignal) {
  const clone = client.workflow.getHandle<() => Promise<CloneVolumeResult>>(workflowId);
  for (;;) {
    const { status } = await patiently(client, () => clone.describe());
    if (status.name === 'COMPLETED') break;
    if (ended.aborted || status.name !== 'RUNNING') return;
    await sleep(LOOK_MS);
  }
  const { lease } = await patiently(client, () => clone.result());
  await sleep(deed.afterMs);
  const { action } = deed;
  const handle = client.workflow.getHandle<(request: unknown) => Promise<unknown>>(lease!.workflowID);
  const args: [object] = [action === 'extend' ? EXTENSION : { requestedBy: 'chaos' }];
  // By one ID: asked again, the same answer.
  const change = () =>
    patiently(client, () => handle.executeUpdate<unknown, [object]>(LEASE[action], { args, updateId: 'chaos' }));
  for (;;) {
    try {
      await change();
      asked.leases.set(lease!.workflowID, action);
      return;
    } catch (err) {
      if (err instanceof WorkflowUpdateFailedError || err instanceof WorkflowNotFoundError) return;
      if (!(err instanceof WorkflowUpdateRPCTimeoutOrCancelledError)) throw err;
    }
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
