import { workflowInfo } from '@temporalio/workflow';
import { parseDuration } from '../contracts/duration.ts';
import { DEFAULT_DEADLINE } from '../contracts/names.ts';

/** What is left of the request's deadline, in milliseconds; at least a second, so that a last attempt can say why. */
export function timeLeft(deadline: unknown): number {
  const total = parseDuration(deadline) ?? parseDuration(DEFAULT_DEADLINE)!;
  const end = workflowInfo().startTime.getTime() + total;
  return Math.max(1_000, end - Date.now());
}
