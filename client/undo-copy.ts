import { WorkflowExecutionAlreadyStartedError, WorkflowFailedError, type Client } from '@temporalio/client';
import type { UndoCopyResult } from '../contracts/copy-result.ts';
import { parseUndoCopyRequest, type UndoCopyRequest } from '../contracts/copy-volume.ts';
import { WORKFLOW } from '../contracts/names.ts';
import { startOfUndo } from '../contracts/start.ts';
import { workflowIDForUndo } from '../contracts/workflow-id.ts';
import type { CloneHandle } from './clone-handle.ts';
import { CloneNotFoundError, CloneStillRunningError } from './errors.ts';
import { outcomeError } from './outcome.ts';
import { translate } from './temporal-errors.ts';
import { Waiting } from './waiting.ts';

export interface UndoCopyOptions extends Pick<UndoCopyRequest, 'force' | 'deadline' | 'requestedBy'> {
  /** Where the copy was; needed only when its workflow is no longer known. */
  cluster?: string | undefined;
  dstVolumeID?: number | undefined;
  /** Stop waiting after this many milliseconds, with `CloneStillRunningError`; the undo goes on. @default for ever */
  timeoutMs?: number | undefined;
  /** Stops the waiting. The promise rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

type Undo = (request: UndoCopyRequest) => Promise<UndoCopyResult>;

/** Starts `undoCopy`, or joins the one that is at it, and waits for its result. */
export async function undoCopy(
  temporal: Client,
  taskQueue: string,
  copy: CloneHandle<'copyVolume'>,
  { timeoutMs, signal, ...options }: UndoCopyOptions,
): Promise<UndoCopyResult> {
  const request = parseUndoCopyRequest(await requestFor(copy, options));
  const workflowId = workflowIDForUndo(request.workflowID);
  const waiting = new Waiting(temporal, { timeoutMs, signal });
  try {
    await start(temporal, taskQueue, request);
    const handle = temporal.workflow.getHandle<Undo>(workflowId);
    return await waiting.for(() => waiting.call(() => handle.result()));
  } catch (err) {
    if (waiting.hasPassed()) {
      throw new CloneStillRunningError(`${workflowId} is still running after ${timeoutMs} ms; it goes on`, {
        workflowId,
        cause: err,
      });
    }
    throw err instanceof WorkflowFailedError
      ? outcomeError(err, workflowId)
      : translate(err, { namespace: temporal.options.namespace, workflowId });
  }
}

async function start(temporal: Client, taskQueue: string, request: UndoCopyRequest): Promise<void> {
  try {
    await temporal.workflow.start<Undo>(WORKFLOW.undoCopy, {
      ...startOfUndo(request),
      taskQueue,
      args: [request],
      // One at a time: the ID is what keeps copies off the volume meanwhile.
      workflowIdConflictPolicy: 'FAIL',
    });
  } catch (err) {
    if (!(err instanceof WorkflowExecutionAlreadyStartedError)) throw err;
  }
}

/** Cluster and destination as the copy was asked for, unless they are given. */
async function requestFor(
  copy: CloneHandle<'copyVolume'>,
  options: Omit<UndoCopyOptions, 'timeoutMs' | 'signal'>,
): Promise<Record<string, unknown>> {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const request = { ...given, workflowID: copy.workflowId };
  if (options.cluster !== undefined && options.dstVolumeID !== undefined) return request;
  const description = await copy.describe();
  if (description.type !== WORKFLOW.copyVolume || description.request === undefined) {
    throw new CloneNotFoundError(`"${copy.workflowId}" is no copy onto a volume, but a ${description.type}`, {
      workflowId: copy.workflowId,
    });
  }
  const { cluster, dstVolumeID } = description.request;
  return { cluster, dstVolumeID, ...request };
}
