import { expect } from 'vitest';
import type { CloneGroupResult } from '../../../contracts/clone-group-result.ts';
import type { GroupFailureDetails } from '../../../contracts/failure.ts';
import { expectForeignUntouched } from '../foreign.ts';
import { ending, expectNothingLeft, expectOnlyNamedLeft, ours, withoutOwnTag, type Ending } from '../invariants.ts';
import type { Fleet, Service } from '../service.ts';
import { waitFor } from '../wait.ts';
import type { Trouble } from './faults.ts';
import type { GroupCall, GroupRun } from './group-calls.ts';

export type GroupEnd = Ending<CloneGroupResult>;

/** One group in which one call meets one trouble. Gives back how it ended, for what only one row or column knows. */
export async function meetGroup(
  fleet: Fleet,
  { method, aim, run }: Pick<GroupCall, 'method' | 'aim' | 'run'>,
  trouble: Trouble,
  check: (end: GroupEnd, service: Service) => void,
): Promise<void> {
  const { times } = trouble;
  const fault = { ...trouble.fault, ...aim, method };
  const service = await fleet.add({
    simulator: { ...run.simulator, faults: [...(run.simulator.faults ?? []), fault] },
    ...(times === undefined ? {} : { times }),
  });
  try {
    const { cluster } = service.simulator;
    for (const { method: act, params } of run.prepare ?? []) cluster.act(act, params);
    const before = cluster.state();
    const handle = await service.startGroup(run.request);
    if (run.cancelAfter !== undefined) {
      await waitFor(run.cancelAfter, () => cluster.calls.counts().byMethod[run.cancelAfter!], 200_000);
      await handle.cancel();
    }
    const end = await ending(handle);
    // A cell whose call was never made would prove nothing.
    expect(cluster.faults.list().at(-1)).toMatchObject({ fault, fired: expect.toSatisfy((n) => n > 0) });
    expectInvariant(end, { ...service, before }, run, trouble);
    check(end, service);
  } finally {
    await service.stop();
  }
}

/** However it ended: exactly the whole group, or nothing but what the failure names. */
function expectInvariant(end: GroupEnd, service: Service, run: GroupRun, { lasting }: Trouble): void {
  const { simulator, before } = service;
  if (end.ended === 'completed') {
    expectGroup(end.result, service, run, lasting !== undefined);
  } else if (end.ended === 'cancelled') {
    expectNothingLeft(simulator, undefined, before);
  } else {
    const { leftBehind } = end.details as GroupFailureDetails;
    expect(end).toMatchObject({
      type: 'CloneFailed',
      message: expect.stringMatching(
        /^Cloning volumes 101 and 102 of cluster lab\S* (failed|was cancelled) in step \w+/,
      ),
    });
    expectOnlyNamedLeft(simulator, leftBehind, { before });
    for (const { id } of leftBehind) if (id !== null) expect(end.message).toContain(String(id));
  }
}

/** One clone of each source, as asked for; what the cluster will not give up for good may be there beside them. */
function expectGroup({ members }: CloneGroupResult, service: Service, { request }: GroupRun, lasting: boolean): void {
  const { simulator, before } = service;
  const left = ours(simulator.cluster.state());
  expect(members.map((m) => m.sourceVolumeID)).toEqual([101, 102]);
  expect(left.volumes.map((v) => v.volumeID)).toEqual(members.map((m) => m.volumeID));
  for (const { sourceVolumeID, volumeID } of members) {
    const volume = left.volumes.find((v) => v.volumeID === volumeID)! as Record<string, unknown>;
    expect(volume).toMatchObject({
      ...{ status: 'active', name: `app-${sourceVolumeID - 100}-clone` },
      ...{ accountID: request['newAccountID'], access: 'readOnly', qosPolicyID: 3 },
    });
    expect(withoutOwnTag(volume['attributes'])).toEqual({ stage: 'uat' });
    expect(String((volume['attributes'] as Record<string, unknown>)['element-clone'])).toMatch(
      new RegExp(`step=clone&.*source=${sourceVolumeID}&volume=${volumeID}\\b`),
    );
  }
  expect(left.memberships).toEqual(['reporting-hosts', 'uat-hosts']);
  expect(left).toMatchObject({ jobs: [], snapshots: [] });
  if (!lasting) expect(left).toMatchObject({ groupSnapshots: [], asyncResults: [] });
  const expires = { expirationTime: expect.any(String) };
  for (const s of left.groupSnapshots) expect(s).toMatchObject({ members: [expires, expires] });
  expectForeignUntouched(simulator, before);
}
