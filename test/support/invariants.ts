import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { expect } from 'vitest';
import type { CloneFailureDetails } from '../../contracts/failure.ts';
import { readTag, withoutTag, type OwnershipTag } from '../../contracts/tag.ts';
import type { RunningSimulator, StateView } from '../../simulator/index.ts';

type Tagged = { [field: string]: unknown };

/** How a workflow ended, without throwing. */
export type Ending<T> =
  | { ended: 'completed'; result: T }
  | { ended: 'failed'; type: string; message: string; details: unknown }
  | { ended: 'cancelled' };

export async function ending<T>(handle: { result(): Promise<T> }): Promise<Ending<T>> {
  try {
    return { ended: 'completed', result: await handle.result() };
  } catch (err) {
    if (!(err instanceof WorkflowFailedError)) throw err;
    if (err.cause instanceof CancelledFailure) return { ended: 'cancelled' };
    if (!(err.cause instanceof ApplicationFailure)) throw err;
    const { type, message, details } = err.cause;
    return { ended: 'failed', type: type ?? '', message, details: details?.[0] };
  }
}

const tagOf = (object: Tagged): OwnershipTag | undefined => readTag(object['attributes']);

/**
 * Everything of ours that is on the cluster; with a workflow ID, only what that workflow made, else all clone jobs and
 * async results, those of volumes that are gone included.
 */
export function ours(state: StateView, workflowID?: string) {
  const isOurs = (object: Tagged) => {
    const tag = tagOf(object);
    return tag !== undefined && (workflowID === undefined || tag.workflowID === workflowID);
  };
  const made = state.volumes.filter(isOurs);
  const ids = new Set(made.map((v) => v.volumeID));
  const jobs = state.cloneJobs.filter((j) => workflowID === undefined || ids.has(j.dstVolumeID));
  const jobIDs = new Set(jobs.map((j) => j.cloneID));
  return {
    volumes: made.filter((v) => v.status !== 'deleted'),
    snapshots: state.snapshots.filter(isOurs),
    groupSnapshots: state.groupSnapshots.filter(isOurs),
    jobs: jobs.filter((j) => j.status === 'running'),
    asyncResults: state.asyncResults.filter((r) => r.cloneIDs.some((id) => jobIDs.has(id))),
    memberships: state.accessGroups.filter((g) => g.volumes.some((id) => ids.has(id))).map((g) => g.name),
  };
}

const NOTHING = { volumes: [], snapshots: [], groupSnapshots: [], jobs: [], asyncResults: [], memberships: [] };

/** Nothing of ours is on the cluster, whatever happened. */
export const expectNothingLeft = (simulator: RunningSimulator, workflowID?: string) =>
  expect(ours(simulator.cluster.state(), workflowID)).toEqual(NOTHING);

/** Exactly one volume, active, with the tag stamped, and nothing else of ours. */
export function expectOneClone(
  simulator: RunningSimulator,
  volumeID: number,
  { workflowID, groups = [], snapshots = 0 }: { workflowID?: string; groups?: string[]; snapshots?: number } = {},
) {
  const left = ours(simulator.cluster.state(), workflowID);
  expect(left).toMatchObject({
    volumes: [{ volumeID, status: 'active' }],
    jobs: [],
    asyncResults: [],
    memberships: groups,
  });
  expect(left.snapshots).toHaveLength(snapshots);
  const [volume] = left.volumes;
  expect(tagOf(volume as Tagged)).toMatchObject({ step: 'clone', volumeID });
  return volume as (typeof left.volumes)[number] & { attributes: Record<string, unknown> };
}

/** The attributes of a volume as its user sees them. */
export const withoutOwnTag = (attributes: unknown) => withoutTag(attributes as Record<string, unknown>);

/** A failure that a person can act upon: says what, where and why, and carries details. */
export function expectReadableFailure(end: Ending<unknown>, also: Partial<CloneFailureDetails> = {}) {
  expect(end).toMatchObject({
    ended: 'failed',
    type: 'CloneFailed',
    message: expect.stringMatching(/^Cloning volume \d+ of cluster lab to ".*" failed in step \w+: .{10,}/),
    details: { cluster: 'lab', sourceVolumeID: expect.any(Number), step: expect.any(String), leftBehind: [], ...also },
  });
}

/** Success means exactly one clone, failure none and a readable message. Gives back which it was. */
export async function expectInvariants<T extends { volumeID: number }>(
  simulator: RunningSimulator,
  handle: { workflowId: string; result(): Promise<T> },
  options: { groups?: string[] } = {},
): Promise<Ending<T>> {
  const end = await ending(handle);
  if (end.ended === 'completed') {
    expectOneClone(simulator, end.result.volumeID, { workflowID: handle.workflowId, ...options });
  } else {
    expectNothingLeft(simulator, handle.workflowId);
    if (end.ended === 'failed' && end.type === 'CloneFailed') expectReadableFailure(end);
  }
  return end;
}
