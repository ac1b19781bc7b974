import { activityInfo, ApplicationFailure } from '@temporalio/activity';
import { WorkflowFailedError } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { FAILURE, MEMO } from '../../contracts/names.ts';
import type { ActivityDeps } from '../deps.ts';
import type { RefreshActivities } from './types.ts';

const PAUSE_MS = 10_000;

export const createAwaitSeriesActivities = ({ temporal }: ActivityDeps): Pick<RefreshActivities, 'awaitSeries'> => ({
  async awaitSeries({ workflowID, key }) {
    const handle = temporal.workflow.getHandle(workflowID);
    const holder = await handle.describe().catch((err: unknown) => {
      if (err instanceof WorkflowNotFoundError) return undefined;
      throw err;
    });
    if (holder === undefined) return {};
    const theirs = (holder.memo?.[MEMO.request] ?? {}) as { requestId?: unknown; requestedBy?: unknown };
    if (holder.status.name === 'RUNNING' || holder.status.name === 'PAUSED') {
      const by = typeof theirs.requestedBy === 'string' ? ` for ${theirs.requestedBy}` : '';
      throw ApplicationFailure.create({
        type: FAILURE.notReady,
        category: 'BENIGN',
        message: `${workflowID} refreshes the series${by} since ${holder.startTime.toISOString()}; it is this one's turn when that has ended`,
        nextRetryDelay: Math.min(PAUSE_MS, 1_000 * activityInfo().attempt),
      });
    }
    if (theirs.requestId !== key) return {};
    try {
      return { result: await temporal.workflow.getHandle(workflowID, holder.runId).result() };
    } catch (err) {
      if (err instanceof WorkflowFailedError && err.cause instanceof ApplicationFailure) throw err.cause;
      if (err instanceof WorkflowFailedError) return {};
      throw err;
    }
  },
});
