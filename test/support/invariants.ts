import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { expect } from 'vitest';
import type { CloneFailureDetails, LeftBehind } from '../../contracts/failure.ts';
import { readTag, withoutTag, type OwnershipTag } from '../../contracts/tag.ts';
import type { RunningSimulator, StateView } from '../../simulator/index.ts';
import { expectForeignUntouched } from './foreign.ts';
import { requestedVolume, type RequestedFields } from './requested-volume.ts';

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
  const groupSnapshots = state.groupSnapshots.filter(isOurs);
  // What belongs to a group snapshot comes and goes with it.
  const groupIDs = new Set(groupSnapshots.map((g) => g.groupSnapshotID));
  return {
    volumes: made.filter((v) => v.status !== 'deleted'),
    snapshots: state.snapshots.filter((s) => isOurs(s) && !groupIDs.has(s.groupID as number)),
    groupSnapshots,
    jobs: jobs.filter((j) => j.status === 'running'),
    asyncResults: state.asyncResults.filter((r) => r.cloneIDs.some((id) => jobIDs.has(id))),
    memberships: state.accessGroups.filter((g) => g.volumes.some((id) => ids.has(id))).map((g) => g.name),
  };
}

const NOTHING = { volumes: [], snapshots: [], groupSnapshots: [], jobs: [], asyncResults: [], memberships: [] };

/** Nothing of ours is on the cluster, whatever happened; nor has anything else changed since `before`. */
export function expectNothingLeft(simulator: RunningSimulator, workflowID?: string, before?: StateView) {
  expect(ours(simulator.cluster.state(), workflowID)).toEqual(NOTHING);
  if (before !== undefined) expectForeignUntouched(simulator, before);
}

/**
 * What is left of ours is what the failure names, by ID, and nothing is named that is gone but what only "may" be there.
 * An object whose ID never became known is named without; what hangs on it cannot be named either. Nor has anything else
 * changed since `before`.
 */
export function expectOnlyNamedLeft(
  simulator: RunningSimulator,
  leftBehind: readonly LeftBehind[],
  { workflowID, before }: { workflowID?: string; before?: StateView } = {},
) {
  const state = simulator.cluster.state();
  const left = ours(state, workflowID);
  const groups = state.accessGroups.filter((g) => left.memberships.includes(g.name));
  const there: Record<LeftBehind['kind'], number[]> = {
    volume: left.volumes.map((v) => v.volumeID),
    snapshot: left.snapshots.map((s) => s.snapshotID),
    groupSnapshot: left.groupSnapshots.map((g) => g.groupSnapshotID),
    cloneJob: left.jobs.map((j) => j.cloneID),
    asyncResult: left.asyncResults.map((r) => r.asyncHandle),
    accessGroupMembership: groups.map((g) => g.volumeAccessGroupID),
    content: [],
  };
  const namedAs = (kind: LeftBehind['kind']) => leftBehind.filter((l) => l.kind === kind);
  const unknown = (kind: LeftBehind['kind']) => namedAs(kind).some((l) => l.id === null);
  for (const kind of Object.keys(there) as LeftBehind['kind'][]) {
    const named = namedAs(kind);
    const certain = named.filter((l) => l.id !== null && !l.reason.startsWith('may '));
    expect({ [kind]: there[kind] }).toEqual({ [kind]: expect.arrayContaining(certain.map((l) => l.id)) });
    if (unknown(kind) || (!kind.toLowerCase().endsWith('snapshot') && unknown('volume'))) continue;
    expect({ [kind]: named.map((l) => l.id) }).toEqual({ [kind]: expect.arrayContaining(there[kind]) });
  }
  if (before !== undefined) expectForeignUntouched(simulator, before);
}

export interface OneClone {
  workflowID?: string;
  groups?: string[];
  snapshots?: number;
  asyncResults?: number;
  /** With both, the volume is compared with what was asked for, and all else with what was there. */
  request?: RequestedFields;
  before?: StateView;
}

/** Exactly one volume, active, with the tag stamped, and nothing else of ours. */
export function expectOneClone(
  simulator: RunningSimulator,
  volumeID: number,
  { workflowID, groups, snapshots = 0, asyncResults = 0, request, before }: OneClone = {},
) {
  const byRequest = request !== undefined && before !== undefined;
  const left = ours(simulator.cluster.state(), workflowID);
  expect(left).toMatchObject({
    volumes: [{ volumeID, status: 'active' }],
    jobs: [],
    ...(groups === undefined && byRequest ? {} : { memberships: groups ?? [] }),
  });
  expect(left.snapshots).toHaveLength(snapshots);
  expect(left.asyncResults).toHaveLength(asyncResults);
  const volume = left.volumes[0] as (typeof left.volumes)[number] & { attributes: Record<string, unknown> };
  expect(tagOf(volume)).toMatchObject({ step: 'clone', volumeID });
  if (byRequest) {
    const asked = requestedVolume(request, before);
    const shown = Object.fromEntries(Object.keys(asked).map((field) => [field, (volume as Tagged)[field]]));
    expect({ ...shown, attributes: withoutOwnTag(volume.attributes) }).toEqual(asked);
  }
  if (before !== undefined) expectForeignUntouched(simulator, before);
  return volume;
}

/** Volumes of that name that are not deleted, whoever made them. */
export const liveVolumes = ({ cluster }: RunningSimulator, name: string) =>
  cluster.state().volumes.filter((v) => v.name === name && v.status !== 'deleted');

/** The attributes of a volume as its user sees them. */
export const withoutOwnTag = (attributes: unknown) => withoutTag(attributes as Record<string, unknown>);

/** A failure that a person can act upon: says what, where and why, and carries details. */
export function expectReadableFailure(end: Ending<unknown>, also: Partial<CloneFailureDetails> = {}) {
  expect(end).toMatchObject({
    ended: 'failed',
    type: 'CloneFailed',
    message: expect.stringMatching(
      /^Cloning volume \d+ of cluster lab\S* to ".*" (failed in step \w+: .{10,}|was cancelled in step \w+\.)/,
    ),
    details: {
      cluster: expect.stringMatching(/^lab/),
      sourceVolumeID: expect.any(Number),
      step: expect.any(String),
      leftBehind: [],
      ...also,
    },
  });
}

/** Success means exactly one clone, failure none and a readable message. Gives back which it was. */
export async function expectInvariants<T extends { volumeID: number }>(
  simulator: RunningSimulator,
  handle: { workflowId: string; result(): Promise<T> },
  options: Omit<OneClone, 'workflowID'> = {},
): Promise<Ending<T>> {
  const end = await ending(handle);
  if (end.ended === 'completed') {
    expectOneClone(simulator, end.result.volumeID, { workflowID: handle.workflowId, ...options });
  } else {
    expectNothingLeft(simulator, handle.workflowId, options.before);
    if (end.ended === 'failed' && end.type === 'CloneFailed') expectReadableFailure(end);
  }
  return end;
}
