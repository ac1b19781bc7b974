import { ApplicationFailure } from '@temporalio/common';
import type {
  CloneFailureDetails,
  CopyFailureDetails,
  FanOutFailureDetails,
  GroupFailureDetails,
  RefreshFailureDetails,
} from '../../contracts/failure.ts';
import { FAILURE } from '../../contracts/names.ts';

export type FailureOf =
  /** Something was begun: the details say what was undone and what is left. */
  | {
      type: 'CloneFailed';
      message: string;
      details:
        CloneFailureDetails | GroupFailureDetails | FanOutFailureDetails | CopyFailureDetails | RefreshFailureDetails;
    }
  /** Nothing was created: every reason, each beginning with the field. */
  | { type: 'InvalidRequest'; message: string; faults: string[] }
  /** The requestId was used for a different request. */
  | { type: 'RequestConflict'; message: string };

/**
 * Why a workflow of this service failed, out of the failure that a child, a Nexus operation or a client's handle throws;
 * `undefined` when it was something else, such as a cancellation.
 */
export function failureOf(err: unknown): FailureOf | undefined {
  for (let e = err; e instanceof Error; e = e.cause) {
    if (!(e instanceof ApplicationFailure)) continue;
    const { type, message, details } = e;
    if (type === FAILURE.invalidRequest) return { type, message, faults: (details?.[0] ?? []) as string[] };
    if (type === FAILURE.requestConflict) return { type, message };
    if (type === FAILURE.cloneFailed) return { type, message, details: details?.[0] as CloneFailureDetails };
  }
  return undefined;
}
