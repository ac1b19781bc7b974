import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import type { CopyVolumeResult, UndoCopyResult } from '../../contracts/copy-result.ts';
import type { CopyVolumeRequest, UndoCopyRequest } from '../../contracts/copy-volume.ts';
import { WORKFLOW } from '../../contracts/names.ts';
import { workflowIDForUndo } from '../../contracts/workflow-id.ts';
import type { Service } from './service.ts';

type Copy = (request: CopyVolumeRequest) => Promise<CopyVolumeResult>;
type Undo = (request: UndoCopyRequest) => Promise<UndoCopyResult>;

/** Two volumes of 4 GiB; the second one is not ours. */
export const SOURCE = 42;
export const DESTINATION = 60;
export const copyRequest = { volumeID: SOURCE, dstVolumeID: DESTINATION, force: true };

/** Starts `copyVolume` as any SDK would: by type name. */
export const startCopy = (
  { client, taskQueue, alias }: Service,
  request: Record<string, unknown> = {},
  { workflowId = `test-copy-${randomUUID()}` }: { workflowId?: string } = {},
): Promise<WorkflowHandle<Copy>> =>
  client.workflow.start<Copy>(WORKFLOW.copyVolume, {
    workflowId,
    taskQueue,
    args: [{ cluster: alias, ...copyRequest, ...request }],
  });

export const copy = async (service: Service, request: Record<string, unknown> = {}) =>
  (await startCopy(service, request)).result();

/** Takes a copy back, as the client library does. */
export const startUndo = (
  { client, taskQueue, alias }: Service,
  workflowID: string,
  request: Record<string, unknown> = {},
): Promise<WorkflowHandle<Undo>> =>
  client.workflow.start<Undo>(WORKFLOW.undoCopy, {
    workflowId: workflowIDForUndo(workflowID),
    taskQueue,
    args: [{ cluster: alias, dstVolumeID: DESTINATION, workflowID, ...request }],
  });
