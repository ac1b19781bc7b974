import { ApplicationFailure, ChildWorkflowFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/workflow';
import type { FailureDetails, LeftBehind } from '../../contracts/failure.ts';

/** Ended from outside: it has undone nothing. */
export const wasEnded = (err: unknown): err is ChildWorkflowFailure =>
  err instanceof ChildWorkflowFailure &&
  (err.cause instanceof TerminatedFailure || err.cause instanceof TimeoutFailure);

/** What a workflow that was to make a generation has undone, and what it left. */
export function endOfChild(err: unknown, workflowID: string): { undone: string[]; leftBehind: LeftBehind[] } {
  if (wasEnded(err)) {
    const reason = `may exist: ${workflowID}, which was to make it, was terminated; "element-clone orphans" finds what it left`;
    return { undone: [], leftBehind: [{ kind: 'volume', id: null, reason }] };
  }
  const details: unknown = err instanceof ApplicationFailure ? err.details?.[0] : undefined;
  const { undone = [], leftBehind = [] } = (details ?? {}) as Partial<FailureDetails>;
  return { undone, leftBehind };
}
