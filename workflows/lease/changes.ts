import { ApplicationFailure } from '@temporalio/workflow';
import {
  extensionFaults,
  newEnd,
  releaseFaults,
  type LeaseExtension,
  type LeaseRelease,
} from '../../contracts/lease.ts';
import { FAILURE } from '../../contracts/names.ts';
import type { LeaseRecord } from './record.ts';

/** The end that an extension asks for. Throws why it cannot be. */
export function endAfter(extension: LeaseExtension, record: LeaseRecord, now: number): number {
  const faults = extensionFaults(extension);
  if (faults.length > 0) throw refuse(faults);
  if (Number.isNaN(record.endsAt)) throw refuse(['request: the lease itself is not valid, and about to fail']);
  const asked = newEnd(extension, { ...record, now });
  if ('fault' in asked) throw refuse([asked.fault]);
  return asked.end;
}

/** Throws what is wrong with a release. */
export function checkRelease(release: LeaseRelease): void {
  const faults = releaseFaults(release);
  if (faults.length > 0) throw refuse(faults);
}

function refuse(faults: string[]): ApplicationFailure {
  return ApplicationFailure.create({
    type: FAILURE.invalidRequest,
    message: `The lease stays as it is: ${faults.join('; ')}`,
    nonRetryable: true,
    details: [faults],
  });
}

/** It is too late to change anything. */
export const tooLate = (why: string): ApplicationFailure =>
  ApplicationFailure.create({
    type: FAILURE.leaseOver,
    message: `The lease can no longer be changed: ${why}`,
    nonRetryable: true,
  });
