import { expect } from 'vitest';
import type { CloneGroupResult } from '../../contracts/clone-group-result.ts';
import type { SimulatorOptions } from '../../simulator/index.ts';
import { expectNothingLeft, ending, ours, type Ending } from './invariants.ts';
import type { Service } from './service.ts';

const GIB = 1_073_741_824;

/** Sources of a group: as many as asked for, with IDs from 101 up, called app-1, app-2, … */
export const sources = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ volumeID: 101 + i, name: `app-${i + 1}`, totalSize: GIB }));

/** A cluster with these sources, on which copies are quick. */
export const quickly = (count: number, { behaviour, ...more }: SimulatorOptions = {}): SimulatorOptions => ({
  state: { volumes: sources(count) },
  behaviour: { cloneSeconds: 1, youngVolumeSeconds: 0, ...behaviour },
  ...more,
});

export const volumesOf = (count: number) => sources(count).map(({ volumeID }) => ({ volumeID }));

/** Exactly the clones of the result, each of its own source, active and stamped, and nothing else of ours. */
export function expectWholeGroup(
  { simulator }: Service,
  { members }: CloneGroupResult,
  { workflowID, groups = [] }: { workflowID?: string; groups?: string[] } = {},
) {
  const { volumes, ...rest } = ours(simulator.cluster.state(), workflowID);
  expect(rest).toEqual({
    snapshots: [],
    groupSnapshots: [],
    jobs: [],
    asyncResults: [],
    memberships: groups,
  });
  expect(new Set(volumes.map((v) => v.volumeID))).toEqual(new Set(members.map((m) => m.volumeID)));
  expect(volumes).toHaveLength(members.length);
  for (const { sourceVolumeID, volumeID } of members) {
    const volume = volumes.find((v) => v.volumeID === volumeID)!;
    expect(volume.status).toBe('active');
    expect(String((volume['attributes'] as Record<string, unknown>)['element-clone'])).toMatch(
      new RegExp(`step=clone&.*source=${sourceVolumeID}&volume=${volumeID}\\b`),
    );
  }
}

/** Success means the whole group, failure nothing and a message for people. Gives back which it was. */
export async function expectGroupInvariants(
  service: Service,
  handle: { workflowId: string; result(): Promise<CloneGroupResult> },
  options: { groups?: string[] } = {},
): Promise<Ending<CloneGroupResult>> {
  const end = await ending(handle);
  if (end.ended === 'completed') expectWholeGroup(service, end.result, { workflowID: handle.workflowId, ...options });
  else expectNothingLeft(service.simulator, handle.workflowId);
  if (end.ended === 'failed') {
    expect(end).toMatchObject({
      type: 'CloneFailed',
      message: expect.stringMatching(/^Cloning volumes? .* of cluster lab failed in step \w+: .{10,}/),
      details: { cluster: 'lab', sourceVolumeIDs: expect.any(Array), leftBehind: [] },
    });
  }
  return end;
}
