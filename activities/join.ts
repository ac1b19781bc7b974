import { activityInfo, ApplicationFailure } from '@temporalio/activity';
import { WorkflowFailedError } from '@temporalio/client';
import { CancelledFailure, TerminatedFailure, WorkflowNotFoundError } from '@temporalio/common';
import { FAILURE } from '../contracts/names.ts';
import { stableJSON } from '../contracts/stable-json.ts';
import { workflowIDForUndo } from '../contracts/workflow-id.ts';
import type { ActivityDeps } from './deps.ts';
import { requestBehind } from './request-behind.ts';
import type { CloneActivities } from './types.ts';

const PAUSE_MS = 10_000;

export const createJoinActivities = (deps: ActivityDeps): Pick<CloneActivities, 'joinRequest'> => ({
  async joinRequest({ workflowID, type, request, anySnapshot, anyRequest, unlessTakenBack }): Promise<unknown> {
    const handle = deps.temporal.workflow.getHandle(workflowID);
    const description = await handle.describe();
    const { status, type: theirType } = description;
    const differs = async () => {
      const theirs = await requestBehind(deps.temporal, description);
      return asked(theirs, anySnapshot) !== asked(request, anySnapshot);
    };
    if (theirType !== type || (anyRequest !== true && (await differs()))) {
      throw ApplicationFailure.create({
        type: FAILURE.requestConflict,
        message: `requestId: "${request.requestId}" was used before for a different request (${workflowID}); use a new key, or repeat the request unchanged`,
        nonRetryable: true,
      });
    }
    if (status.name === 'RUNNING' || status.name === 'PAUSED') {
      throw ApplicationFailure.create({
        type: FAILURE.notReady,
        category: 'BENIGN',
        message: `${workflowID} serves this requestId and is still running`,
        nextRetryDelay: Math.min(PAUSE_MS, 1_000 * activityInfo().attempt),
      });
    }
    if (unlessTakenBack && (await wasTakenBack(deps, workflowID))) {
      throw ApplicationFailure.create({
        type: FAILURE.takenBack,
        message: `${workflowID} was taken back after it had ended`,
        nonRetryable: true,
      });
    }
    try {
      return await handle.result();
    } catch (err) {
      if (!(err instanceof WorkflowFailedError)) throw err;
      if (err.cause instanceof ApplicationFailure) throw err.cause;
      throw ApplicationFailure.create({
        type: FAILURE.cloneFailed,
        message: `${workflowID}, which served this requestId, ${endOf(err.cause)}`,
        nonRetryable: true,
        cause: err,
      });
    }
  },
});

/** Or is about to be, or may be in part. */
async function wasTakenBack({ temporal }: ActivityDeps, workflowID: string): Promise<boolean> {
  try {
    await temporal.workflow.getHandle(workflowIDForUndo(workflowID)).describe();
    return true;
  } catch (err) {
    if (err instanceof WorkflowNotFoundError) return false;
    throw err;
  }
}

function endOf(cause: Error | undefined): string {
  if (cause instanceof CancelledFailure) return 'was cancelled';
  if (cause instanceof TerminatedFailure) {
    return 'was terminated, which undoes nothing; repeat the request to take over what it has left';
  }
  return 'ended without a result';
}

/** What was asked for, to compare. */
const asked = (request: unknown, anySnapshot = false): string =>
  stableJSON(anySnapshot ? { ...(request as object), snapshotID: null } : request);
