import type { UndoCopyResult } from '../contracts/copy-result.ts';
import type { UndoCopyRequest } from '../contracts/copy-volume.ts';
import { label, undoCopyLabel } from '../contracts/label.ts';
import { WORKFLOW } from '../contracts/names.ts';
import { creates, reads } from './activities.ts';
import { Run, serve, type Subject } from './run.ts';
import { publish } from './search-attributes.ts';
import { UNDO_STEPS } from './story.ts';

/** Unlike a copy it is done in seconds, or something is wrong. */
const DEADLINE = '1h';

/**
 * Gives a volume the content back that it had before a copy: preflight → roll back. The snapshot stays until it expires.
 * Nothing else may be copied onto the volume while this workflow runs, and it must be the only one for that copy:
 * contracts/workflow-id.ts, workflowIDForUndo.
 * @throws ApplicationFailure `InvalidRequest` (nothing was changed) or `CloneFailed` (`details[0]`: CopyFailureDetails)
 */
export async function undoCopy(request: UndoCopyRequest): Promise<UndoCopyResult> {
  const order = { ...request, deadline: request?.deadline ?? DEADLINE };
  return serve(WORKFLOW.undoCopy, order, undoCopyLabel(request), () => new UndoRun(order, request));
}

class UndoRun extends Run<UndoCopyRequest, UndoCopyResult> {
  private readonly asked: UndoCopyRequest;

  constructor(order: UndoCopyRequest, asked: UndoCopyRequest) {
    super(order, undoCopyLabel(order), UNDO_STEPS);
    this.asked = asked;
  }

  async run(): Promise<UndoCopyResult> {
    const request = this.asked;
    publish({
      phase: 'waiting',
      ...(typeof request?.cluster === 'string' ? { cluster: label(request.cluster) } : {}),
      ...(Number.isSafeInteger(request?.dstVolumeID) ? { cloneVolumeID: request.dstVolumeID } : {}),
    });
    this.begin('preflightUndoCopy', 'preflight', 'Looking for the snapshot from before the copy.');
    const { snapshotID } = this.count(
      await reads.preflightUndoCopy.executeWithOptions(
        {
          summary: `Look for the way back of volume ${label(request?.dstVolumeID)}`,
          scheduleToCloseTimeout: this.timeLeft(),
        },
        [{ request }],
      ),
    );
    const { cluster, dstVolumeID, workflowID } = request;
    this.begin(
      'rollBackCopy',
      'roll back',
      `Rolling volume ${dstVolumeID} back to snapshot ${snapshotID}.`,
      'modifying',
    );
    this.compensation.rollingBack(dstVolumeID, snapshotID);
    this.count(
      await creates.rollBackCopy.executeWithOptions(
        {
          summary: `RollbackToSnapshot ${snapshotID} of volume ${dstVolumeID}`,
          scheduleToCloseTimeout: this.timeLeft(),
        },
        [{ request, snapshotID }],
      ),
    );
    this.finish(`Done: volume ${dstVolumeID} holds what it held before the copy.`);
    return {
      cluster,
      dstVolumeID,
      snapshotID,
      workflowID,
      startedAt: this.startedAt,
      finishedAt: new Date().toISOString(),
      apiCalls: this.apiCalls,
    };
  }

  protected subject(): Subject {
    const cluster = label(this.request?.cluster);
    const dstVolumeID = Number(label(this.request?.dstVolumeID));
    return {
      what: `Taking back the copy onto volume ${dstVolumeID} of cluster ${cluster}`,
      details: { cluster, dstVolumeID },
    };
  }
}
