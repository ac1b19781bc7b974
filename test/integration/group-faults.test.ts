import { describe, expect, test } from 'vitest';
import type { Fault, SimulatorOptions } from '../../simulator/index.ts';
import { expectGroupInvariants, quickly, volumesOf } from '../support/groups.ts';
import { ours } from '../support/invariants.ts';
import { startService, type Service } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

const request = { volumes: volumesOf(3), volumeAccessGroups: [2, 'uat-hosts'], modify: { access: 'readOnly' } };
const groups = ['reporting-hosts', 'uat-hosts'];

async function withService<T>(simulator: SimulatorOptions, body: (service: Service) => Promise<T>): Promise<T> {
  // Longer than the latest act.
  const service = await startService({ simulator: quickly(3, simulator), times: { settleMs: 5_000 } });
  try {
    return await body(service);
  } finally {
    await service.stop();
  }
}

/** A group under these faults, with the invariants checked however it ends. */
const groupUnder = (faults: Fault[], simulator: SimulatorOptions = {}, more: object = {}) =>
  withService({ ...simulator, faults }, async (service) =>
    expectGroupInvariants(service, await service.startGroup({ ...request, ...more }), { groups }),
  );

const DONE = { ended: 'completed', result: { members: [{}, {}, {}], groupSnapshotDeleted: true } };
const CREATING = ['CreateGroupSnapshot', 'CloneMultipleVolumes'];
const STEP: Record<string, string> = { CreateGroupSnapshot: 'createGroupSnapshot', CloneMultipleVolumes: 'startGroup' };

describe.concurrent.each(CREATING)('%s', (method) => {
  test.each<[what: string, fault: Fault]>([
    ['acts and loses the answer', { kind: 'actThenCut', count: 1 }],
    ['acts twice and loses both answers', { kind: 'actThenCut', count: 2 }],
    ['acts after it was given up', { kind: 'cutThenActLater', delayMs: 1_500, count: 1 }],
    ['acts after it was asked again', { kind: 'cutThenActLater', delayMs: 3_500, count: 1 }],
    ['is cut before it acts', { kind: 'cutBefore', count: 2 }],
    ['is refused for a moment', { kind: 'error', name: 'xDBVersionMismatch', count: 2 }],
    ['is answered by HTML', { kind: 'html200', count: 1 }],
    ['fails by an unknown name twice', { kind: 'error', name: 'xNobodyKnows', count: 2 }],
    ['meets a cluster whose other node takes over', { kind: 'failover', durationMs: 1_000, notPrimaryMs: 1_000 }],
  ])('%s: the group is made once', async (_what, fault) => {
    expect(await groupUnder([{ ...fault, method }])).toMatchObject(DONE);
  });

  test('is refused for good: nothing is left, and the words of the API are in the failure', async () => {
    const end = await groupUnder([{ kind: 'error', method, name: 'xUnknownAccount', message: 'no such thing' }]);
    expect(end).toMatchObject({
      ended: 'failed',
      message: expect.stringMatching(/xUnknownAccount: no such thing/),
      details: { step: STEP[method], method, apiName: 'xUnknownAccount', cancelled: false },
    });
  });
});

describe.concurrent('a busy cluster', () => {
  test('puts the group back at the head of the line, in spite of its slots', async () => {
    const fault: Fault = {
      kind: 'error',
      method: 'CloneMultipleVolumes',
      name: 'xMaxClonesPerVolumeExceeded',
      count: 2,
    };
    expect(await groupUnder([fault])).toMatchObject(DONE);
  });

  test('has no room for snapshots for a moment', async () => {
    const name = 'xMaxSnapshotsPerVolumeExceeded';
    expect(await groupUnder([{ kind: 'error', method: 'CreateGroupSnapshot', name, count: 1 }])).toMatchObject(DONE);
  });
});

describe.concurrent('what no document decides', () => {
  const lost: Fault[] = CREATING.map((method) => ({ kind: 'actThenCut', method, count: 1 }));

  test.each(['groupAndMembers', 'group', 'members'] as const)(
    'the group snapshot is found again by the tag in %s',
    async (groupSnapshotAttributes) => {
      await withService({ faults: lost, behaviour: { groupSnapshotAttributes } }, async (service) => {
        const end = await expectGroupInvariants(service, await service.startGroup(request), { groups });
        expect(end).toMatchObject(DONE);
        expect(made(service, 'CreateGroupSnapshot')).toBe(1);
        expect(made(service, 'CloneMultipleVolumes')).toBe(1);
      });
    },
  );

  test.each(['members', 'groupCloneID'] as const)(
    'the handles are found again by a result that names %s',
    async (groupResult) => {
      const behaviour = { groupResult, cloneSeconds: 4 };
      await withService({ faults: lost, behaviour }, async (service) => {
        const end = await expectGroupInvariants(service, await service.startGroup(request), { groups });
        const [job] = service.simulator.cluster.state().cloneJobs;
        const { groupCloneID, asyncHandle } = job!;
        expect(end).toMatchObject({ ...DONE, result: { groupCloneID, asyncHandle } });
      });
    },
  );

  test('without result, handle and jobs the volumes decide', async () => {
    const behaviour = { groupResult: 'groupCloneID', cloneSeconds: 0 } as const;
    const end = await groupUnder([{ kind: 'loseAsyncResult' }, ...lost], { behaviour });
    expect(end).toMatchObject({ ...DONE, result: { groupCloneID: null, asyncHandle: null } });
  });

  test('given attributes are merged into those of the source, or replace them', async () => {
    expect(await groupUnder([], { behaviour: { cloneAttributes: 'merge' } })).toMatchObject(DONE);
  });
});

describe.concurrent('a late second set of clones', () => {
  test('is removed by verify, and the snapshot that it reads from is not missed', () =>
    withService(
      { faults: [{ kind: 'cutThenActLater', method: 'CloneMultipleVolumes', delayMs: 1_800, count: 1 }] },
      async (service) => {
        const end = await expectGroupInvariants(service, await service.startGroup(request), { groups });
        expect(end).toMatchObject(DONE);
        expect(made(service, 'CloneMultipleVolumes')).toBeLessThanOrEqual(2);
      },
    ));

  test('is removed when the group has failed in the meantime', async () => {
    const end = await groupUnder([
      { kind: 'cutThenActLater', method: 'CloneMultipleVolumes', delayMs: 3_000, count: 1 },
      { kind: 'error', method: 'ModifyVolume', name: 'xUnknownAccount' },
    ]);
    expect(end).toMatchObject({ ended: 'failed', details: { step: 'modifyMembers' } });
  });
});

describe.concurrent('calls for the members', () => {
  test.each<[what: string, faults: Fault[]]>([
    ['ModifyVolume is refused for a moment', [{ kind: 'error', method: 'ModifyVolume', name: 'xDBLock', count: 2 }]],
    ['ModifyVolume acts and loses the answer', [{ kind: 'actThenCut', method: 'ModifyVolume', count: 2 }]],
    [
      'young volumes refuse to be modified',
      [{ kind: 'error', method: 'ModifyVolume', name: 'xSliceNotRegistered', count: 4 }],
    ],
    [
      'access is granted, and the answer is lost',
      [{ kind: 'actThenCut', method: 'AddVolumesToVolumeAccessGroup', count: 2 }],
    ],
    ['verify gets no answer', [{ kind: 'cutBefore', method: 'ListVolumes', skip: 1, count: 2 }]],
    [
      'the group snapshot is deleted, and the answer is lost',
      [{ kind: 'actThenCut', method: 'DeleteGroupSnapshot', count: 1 }],
    ],
    ['every call fails now and then', [{ kind: 'error', name: 'xDBVersionMismatch', probability: 0.3 }]],
    ['every answer is lost now and then', [{ kind: 'actThenCut', probability: 0.15 }]],
    ['the copies are not to be seen', [{ kind: 'loseSyncJob' }]],
    ['one copy is not to be seen', [{ kind: 'loseSyncJob', sourceVolumeID: 102 }]],
    ['the result is lost', [{ kind: 'loseAsyncResult' }]],
  ])('%s', async (_what, faults) => {
    expect(await groupUnder(faults)).toMatchObject(DONE);
  });

  test('a group snapshot that cannot be deleted does not cost the group: it expires by itself', () =>
    withService(
      { faults: [{ kind: 'error', method: 'DeleteGroupSnapshot', name: 'xUnknownAccount' }] },
      async (service) => {
        const result = await (await service.startGroup(request)).result();
        expect(result).toMatchObject({ groupSnapshotDeleted: false, members: [{}, {}, {}] });
        const left = ours(service.simulator.cluster.state());
        expect(left).toMatchObject({ volumes: [{}, {}, {}], groupSnapshots: [{}], asyncResults: [] });
        for (const s of left.snapshots) expect(s['expirationReason']).toBe('Api');
      },
    ));
});

describe.concurrent('undoing goes on through faults', () => {
  // The second group refuses, so there are volumes, a group snapshot, memberships and a result to take back.
  const refused: Fault = {
    kind: 'error',
    method: 'AddVolumesToVolumeAccessGroup',
    match: { volumeAccessGroupID: 3 },
    name: 'xExceededLimit',
    message: 'volumesPerVolumeAccessGroupCountMax',
  };

  test.each<[what: string, fault: Fault]>([
    [
      'DeleteVolume is refused for a moment',
      { kind: 'error', method: 'DeleteVolume', name: 'xDBVersionMismatch', count: 3 },
    ],
    ['DeleteVolume acts and loses the answer', { kind: 'actThenCut', method: 'DeleteVolume', count: 2 }],
    ['DeleteGroupSnapshot acts and loses the answer', { kind: 'actThenCut', method: 'DeleteGroupSnapshot', count: 1 }],
    [
      'RemoveVolumesFromVolumeAccessGroup loses the answer',
      { kind: 'actThenCut', method: 'RemoveVolumesFromVolumeAccessGroup', count: 1 },
    ],
    ['ListAsyncResults fails', { kind: 'error', method: 'ListAsyncResults', name: 'xRpcTimeout', count: 2 }],
    ['ListAsyncResults is refused for good', { kind: 'error', method: 'ListAsyncResults', name: 'xPermissionDenied' }],
  ])('%s', async (_what, fault) => {
    const end = await groupUnder([refused, fault]);
    expect(end).toMatchObject({ ended: 'failed', details: { step: 'grantMembers' } });
    if (end.ended === 'failed')
      expect(end.message).toMatch(/Undone: volume 104 deleted; .*; group snapshot \d+ deleted/);
  });

  test('CancelGroupClone is refused by an unknown name: the volumes are deleted all the same', () =>
    withService(
      {
        behaviour: { cloneSeconds: 600, cancelledClone: 'remains' },
        faults: [{ kind: 'error', method: 'CancelGroupClone', name: 'xNeverHeardOf' }],
      },
      async (service) => {
        const handle = await service.startGroup(request);
        await waitFor('the copies', () => service.simulator.cluster.state().slots.running === 3);
        await handle.cancel();
        const end = await handle.result().catch((err: unknown) => err);
        expect(end).toBeInstanceOf(Error);
        const left = ours(service.simulator.cluster.state());
        expect(left).toMatchObject({ volumes: [], snapshots: [], groupSnapshots: [] });
      },
    ));
});

describe.concurrent('somebody interferes', () => {
  const copying = async (service: Service, more: object = {}) => {
    const handle = await service.startGroup({ ...request, ...more });
    await waitFor('the copies', () => service.simulator.cluster.state().slots.running === 3);
    return handle;
  };
  const slow = { behaviour: { cloneSeconds: 6 } };

  test('and deletes one clone while it is copied: the group ends at once, not with the last copy', () =>
    withService({ behaviour: { cloneSeconds: 600 } }, async (service) => {
      const handle = await copying(service);
      const { cluster } = service.simulator;
      cluster.act('DeleteVolume', { volumeID: 105 });
      const end = await expectGroupInvariants(service, handle);
      expect(end).toMatchObject({ ended: 'failed', details: { step: 'awaitGroup' } });
    }));

  test('and deletes one clone while it is copied: the others are kept, if they are to be', () =>
    withService(slow, async (service) => {
      const handle = await copying(service, { onMemberFailure: 'keep' });
      service.simulator.cluster.act('DeleteVolume', { volumeID: 105 });
      const end = await expectGroupInvariants(service, handle, { groups });
      expect(end).toMatchObject({
        ended: 'completed',
        result: { members: [{}, {}], failed: [{ sourceVolumeID: 102 }] },
      });
    }));

  test('and cancels the copies', () =>
    withService({ behaviour: { cloneSeconds: 600 } }, async (service) => {
      const handle = await copying(service);
      const { cluster } = service.simulator;
      cluster.act('CancelGroupClone', { groupCloneID: cluster.state().cloneJobs[0]!.groupCloneID });
      const end = await expectGroupInvariants(service, handle);
      expect(end).toMatchObject({ ended: 'failed', details: { step: 'awaitGroup' } });
    }));

  test('and deletes our group snapshot when the copies are done', () =>
    withService({ faults: [{ kind: 'slow', method: 'ModifyVolume', delayMs: 1_000 }] }, async (service) => {
      const handle = await service.startGroup(request);
      const { cluster } = service.simulator;
      await waitFor('the change', () => cluster.calls.counts().byMethod['ModifyVolume']);
      const [snapshot] = ours(cluster.state()).groupSnapshots;
      cluster.act('DeleteGroupSnapshot', { groupSnapshotID: snapshot!.groupSnapshotID, saveMembers: false });
      expect(await expectGroupInvariants(service, handle, { groups })).toMatchObject(DONE);
    }));

  test('and reads the result away', () =>
    withService(slow, async (service) => {
      const handle = await copying(service);
      const { cluster } = service.simulator;
      const { asyncHandle } = cluster.state().cloneJobs[0]!;
      await waitFor('the end of the copies', () => cluster.state().asyncResults[0]?.completed);
      cluster.act('GetAsyncResult', { asyncHandle, keepResult: false });
      expect(await expectGroupInvariants(service, handle, { groups })).toMatchObject(DONE);
    }));

  test('and changes one clone before it is verified: the group is not taken for what was asked for', () =>
    withService(
      { faults: [{ kind: 'slow', method: 'AddVolumesToVolumeAccessGroup', delayMs: 1_500, count: 1 }] },
      async (service) => {
        const handle = await service.startGroup(request);
        const { cluster } = service.simulator;
        await waitFor('the grant', () => cluster.calls.counts().byMethod['AddVolumesToVolumeAccessGroup']);
        cluster.act('ModifyVolume', { volumeID: 105, access: 'readWrite' });
        const end = await expectGroupInvariants(service, handle);
        expect(end).toMatchObject({
          ended: 'failed',
          message: expect.stringContaining('volume 105 is not as asked for: access is "readWrite"'),
          details: { step: 'verifyMembers' },
        });
      },
    ));
});

/** How often a creating call has acted. */
const made = (service: Service, method: string) =>
  service.simulator.cluster.calls.log().filter((c) => c.method === method && c.outcome === 'ok').length;
