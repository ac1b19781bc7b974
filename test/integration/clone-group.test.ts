import { describe, expect, test } from 'vitest';
import type { Fault, SimulatorOptions } from '../../simulator/index.ts';
import { expectGroupInvariants, expectWholeGroup, quickly, sources, volumesOf } from '../support/groups.ts';
import { ending, expectNothingLeft, ours } from '../support/invariants.ts';
import { startService, type Service } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

async function withService<T>(simulator: SimulatorOptions, body: (service: Service) => Promise<T>): Promise<T> {
  const service = await startService({ simulator });
  try {
    return await body(service);
  } finally {
    await service.stop();
  }
}

const calls = (service: Service) => service.simulator.cluster.calls.counts();
const called = (service: Service, method: string, times = 1) =>
  waitFor(`${times} calls of ${method}`, () => (calls(service).byMethod[method] ?? 0) >= times);

/** Most events of a group, however many members it has and however long it takes. */
const MOST_EVENTS = 75;

describe.concurrent('a group of twelve', () => {
  test('is cloned with what was asked for each and for all, and nothing else is left', () =>
    withService(quickly(12), async (service) => {
      const volumes = volumesOf(12).map((v, i) => ({
        ...v,
        ...(i === 0 ? { name: 'first', access: 'readWrite', modify: { qos: { minIOPS: 77 } }, newAccountID: 1 } : {}),
        ...(i === 1 ? { volumeAccessGroups: [], attributes: { only: 'mine' }, newSize: 2_147_483_648 } : {}),
        ...(i === 2 ? { modify: { access: 'readOnly' } } : {}),
      }));
      const handle = await service.startGroup({
        volumes,
        newAccountID: 2,
        attributes: { for: 'all' },
        modify: { qosPolicyID: 3, access: 'readWrite' },
        volumeAccessGroups: ['uat-hosts', 2],
        requestedBy: 'ann',
      });
      const result = await handle.result();
      expect(result).toMatchObject({
        cluster: 'lab',
        groupSnapshotID: expect.any(Number),
        groupSnapshotDeleted: true,
        groupCloneID: expect.any(Number),
        asyncHandle: expect.any(Number),
        bytes: 13 * 1_073_741_824,
        apiCalls: calls(service).total,
      });
      expect(result.members.map((m) => m.sourceVolumeID)).toEqual(volumes.map((v) => v.volumeID));
      const [first, second, third, ...others] = result.members.map((m) => m.volume);
      const common = {
        accountID: 2,
        access: 'readWrite',
        attributes: { for: 'all' },
        qosPolicyID: 3,
        volumeAccessGroups: [2, 3],
        totalSize: 1_073_741_824,
        status: 'active',
      };
      expect(first).toMatchObject({ ...common, name: 'first', accountID: 1, qosPolicyID: null, qos: { minIOPS: 77 } });
      const changed = { volumeAccessGroups: [], attributes: { only: 'mine' }, totalSize: 2_147_483_648 };
      expect(second).toMatchObject({ ...common, ...changed, name: 'app-2-clone' });
      expect(third).toMatchObject({ ...common, name: 'app-3-clone', access: 'readOnly' });
      for (const [i, volume] of others.entries()) {
        expect(volume).toMatchObject({ ...common, name: `app-${i + 4}-clone` });
      }
      expectWholeGroup(service, result, { workflowID: handle.workflowId, groups: ['reporting-hosts', 'uat-hosts'] });
      expect(calls(service).byMethod).toMatchObject({
        CreateGroupSnapshot: 1,
        CloneMultipleVolumes: 1,
        ModifyVolume: 12,
        AddVolumesToVolumeAccessGroup: 2,
        DeleteGroupSnapshot: 1,
      });
      expect(calls(service).refused).toEqual({});
      expect((await handle.fetchHistory()).events!.length).toBeLessThanOrEqual(MOST_EVENTS);
    }));

  test('holds the data of one moment, whatever is written meanwhile; the sources are not touched', () =>
    withService(
      quickly(12, { faults: [{ kind: 'slow', method: 'CloneMultipleVolumes', delayMs: 1_000 }] }),
      async (service) => {
        const { cluster } = service.simulator;
        const before = cluster.state().volumes;
        const handle = await service.startGroup({ volumes: volumesOf(12) });
        await called(service, 'CloneMultipleVolumes');
        for (const { volumeID } of sources(12)) cluster.write(volumeID);
        const { members } = await handle.result();
        const after = cluster.state().volumes;
        for (const { sourceVolumeID, volumeID } of members) {
          const source = before.find((v) => v.volumeID === sourceVolumeID)!;
          expect(after.find((v) => v.volumeID === volumeID)!.content).toBe(source.content);
          expect(after.find((v) => v.volumeID === sourceVolumeID)).toEqual({ ...source, content: expect.any(String) });
        }
      },
    ));

  test('costs no more events when it takes longer, and shows the progress of all copies together', () =>
    withService(
      quickly(12, { behaviour: { cloneSeconds: 8, copyRules: [{ volumeID: 101, cloneSeconds: 2 }] } }),
      async (service) => {
        const handle = await service.startGroup({ volumes: volumesOf(12) });
        const looks = new Set<string>();
        await waitFor('the end', async () => {
          const { raw, status } = await handle.describe();
          const [pending] = raw.pendingActivities ?? [];
          if (pending?.activityType?.name === 'awaitGroup') looks.add(pending.lastFailure?.message ?? '');
          return status.name === 'COMPLETED';
        });
        expect([...looks].some((l) => /^\d+(\.\d)? % · .* of 12\.9 GB · .*\/s .*· 1 of 12 volumes done$/.test(l))).toBe(
          true,
        );
        expect((await handle.fetchHistory()).events!.length).toBeLessThanOrEqual(MOST_EVENTS);
      },
    ));
});

describe.concurrent('the group snapshot', () => {
  test('that is given is cloned, also a part of it, and stays', () =>
    withService(quickly(3), async (service) => {
      const { cluster } = service.simulator;
      const { groupSnapshotID } = cluster.act('CreateGroupSnapshot', { volumes: [101, 102, 103] });
      const content = cluster.state().volumes.find((v) => v.volumeID === 102)!.content;
      cluster.write(102);
      const handle = await service.startGroup({ volumes: [{ volumeID: 103 }, { volumeID: 102 }], groupSnapshotID });
      const result = await handle.result();
      expect(result).toMatchObject({ groupSnapshotID, groupSnapshotDeleted: false, members: [{}, {}] });
      const { volumes, groupSnapshots } = cluster.state();
      expect(volumes.find((v) => v.volumeID === result.members[1]!.volumeID)!.content).toBe(content);
      expect(groupSnapshots).toHaveLength(1);
      expect(calls(service).byMethod['CreateGroupSnapshot']).toBeUndefined();
      expectWholeGroup(service, result);
    }));

  test('that is taken is named and kept as asked, and expires by itself in any case', () =>
    withService(quickly(2), async (service) => {
      const handle = await service.startGroup({
        volumes: volumesOf(2),
        snapshot: { name: 'month-end', retention: 'keep', expiresIn: '48h' },
      });
      expect(await handle.result()).toMatchObject({ groupSnapshotDeleted: false });
      const state = service.simulator.cluster.state();
      expect(state.groupSnapshots).toMatchObject([{ name: 'month-end' }]);
      for (const s of state.snapshots) {
        const lives = Date.parse(String(s['expirationTime'])) - Date.parse(String(s['createTime']));
        expect(lives).toBe(48 * 3_600_000);
      }
    }));
});

describe.concurrent('one member fails', () => {
  const fails: Fault[] = [{ kind: 'cloneFails', sourceVolumeID: 102, name: 'xSliceGone', message: 'a disk broke' }];

  test.each(['remains', 'removed'] as const)('and so does the group; the half-made volume %s', (failedClone) =>
    withService(quickly(3, { faults: fails, behaviour: { failedClone } }), async (service) => {
      const end = await expectGroupInvariants(service, await service.startGroup({ volumes: volumesOf(3) }));
      expect(end).toMatchObject({
        ended: 'failed',
        message: expect.stringMatching(
          /^Cloning volumes 101, 102 and 1 more of cluster lab failed in step awaitGroup: .*the clone of 102: xSliceGone: a disk broke/,
        ),
        details: { step: 'awaitGroup', sourceVolumeIDs: [101, 102, 103], apiName: 'xSliceGone' },
      });
    }),
  );

  test.each(['remains', 'removed'] as const)(
    'and the others are kept, when the request says so; the half-made volume %s',
    (failedClone) =>
      withService(quickly(3, { faults: fails, behaviour: { failedClone } }), async (service) => {
        const handle = await service.startGroup({ volumes: volumesOf(3), onMemberFailure: 'keep' });
        const end = await expectGroupInvariants(service, handle);
        expect(end).toMatchObject({
          ended: 'completed',
          result: {
            members: [{ sourceVolumeID: 101 }, { sourceVolumeID: 103 }],
            bytes: 2 * 1_073_741_824,
            failed: [
              {
                sourceVolumeID: 102,
                name: 'app-2-clone',
                step: 'awaitGroup',
                reason: expect.stringContaining('xSliceGone'),
                leftBehind: [],
              },
            ],
          },
        });
      }),
  );

  test.each<[step: string, method: string, match: object]>([
    ['modifyMembers', 'ModifyVolume', { 'attributes.element-clone': '*source=102*' }],
    ['grantMembers', 'AddVolumesToVolumeAccessGroup', { volumes: [105] }],
  ])('in %s, and the others are kept: it is removed, its access too', (step, method, match) =>
    withService(
      quickly(3, { faults: [{ kind: 'error', method, match: { ...match }, name: 'xUnknownAccount' }] }),
      async (service) => {
        // The call for all together is refused too, so that each is tried by itself.
        const together: Fault = { kind: 'error', method, match: { volumes: [104, 105, 106] }, name: 'xUnknownAccount' };
        service.simulator.cluster.faults.append([together]);
        const request = { volumes: volumesOf(3), volumeAccessGroups: [3], onMemberFailure: 'keep' };
        const kept = await expectGroupInvariants(service, await service.startGroup(request), { groups: ['uat-hosts'] });
        expect(kept).toMatchObject({
          result: { members: [{}, {}], failed: [{ sourceVolumeID: 102, step, reason: expect.stringMatching(method) }] },
        });
      },
    ),
  );

  test('with every member: then the group has failed', () =>
    withService(quickly(3, { faults: [{ kind: 'cloneFails' }] }), async (service) => {
      const handle = await service.startGroup({ volumes: volumesOf(3), onMemberFailure: 'keep' });
      expect(await expectGroupInvariants(service, handle)).toMatchObject({ ended: 'failed' });
    }));

  test('and it stays when failures are to be kept, named by its ID', () =>
    withService(quickly(3, { faults: fails }), async (service) => {
      const handle = await service.startGroup({ volumes: volumesOf(3), onMemberFailure: 'keep', onFailure: 'keep' });
      const { failed, members } = await handle.result();
      const left = ours(service.simulator.cluster.state()).volumes.map((v) => v.volumeID);
      const [leftBehind] = failed![0]!.leftBehind;
      expect(leftBehind).toMatchObject({ kind: 'volume', reason: 'kept, as onFailure says' });
      expect(left).toEqual([members[0]!.volumeID, leftBehind!.id, members[1]!.volumeID]);
    }));
});

describe.concurrent('slots', () => {
  test('a group waits until all that it needs are free, and single clones do not overtake it for ever', () =>
    withService(
      quickly(3, { limits: { cloneJobsPerVolumeMax: 1 }, behaviour: { cloneSeconds: 4 } }),
      async (service) => {
        const running = await service.start({ volumeID: 101, name: 'before' });
        await called(service, 'CloneVolume');
        const group = await service.startGroup({ volumes: volumesOf(3) });
        await waitFor('the group to be in line', async () =>
          (await group.describe()).raw.pendingActivities?.some((a) => a.activityType?.name === 'waitForSlot'),
        );
        const later = await service.start({ volumeID: 102, name: 'after' });
        await running.result();
        const result = await group.result();
        await later.result();
        expect(calls(service).refused).toEqual({});
        const jobs = service.simulator.cluster.state().cloneJobs;
        const [first] = jobs.filter((j) => j.groupCloneID === result.groupCloneID);
        expect(first!.startMs).toBeLessThan(jobs.at(-1)!.startMs);
        expect(jobs.at(-1)).toMatchObject({ srcVolumeID: 102, groupCloneID: null });
      },
    ));

  test('the slot of a copy that has ended is given on while other copies of the group run', () =>
    withService(
      quickly(2, {
        limits: { cloneJobsPerVolumeMax: 1 },
        behaviour: { copyRules: [{ name: 'slow', cloneSeconds: 600 }] },
      }),
      async (service) => {
        const group = await service.startGroup({ volumes: [{ volumeID: 101 }, { volumeID: 102, name: 'slow' }] });
        await called(service, 'CloneMultipleVolumes');
        const [next, kept] = await Promise.all([
          service.start({ volumeID: 101, name: 'next' }),
          service.start({ volumeID: 102, name: 'has-to-wait' }),
        ]);
        await next.result();
        const clones = service.simulator.cluster.calls.log().filter((c) => c.method === 'CloneVolume');
        expect(clones.map((c) => c.params['name'])).toEqual(['next']);
        await Promise.all([group.cancel(), kept.cancel()]);
        expect(await ending(group)).toEqual({ ended: 'cancelled' });
      },
    ));

  test('a group that is larger than the cluster is refused, as soon as nothing else runs', () =>
    withService(quickly(9, { nodes: 1 }), async (service) => {
      const handle = await service.startGroup({ volumes: volumesOf(9) });
      expect(await expectGroupInvariants(service, handle)).toMatchObject({
        ended: 'failed',
        message: expect.stringContaining('runs at most 8 clone jobs at once, and a group of 9 volumes needs as many'),
      });
    }));
});

test('what cannot be removed is named by its ID, and all else is gone', () =>
  withService(
    quickly(3, {
      faults: [
        { kind: 'error', method: 'ModifyVolume', name: 'xUnknownAccount' },
        { kind: 'error', method: 'DeleteVolume', match: { volumeID: 105 }, name: 'xPermissionDenied' },
      ],
    }),
    async (service) => {
      const end = await ending(await service.startGroup({ volumes: volumesOf(3) }));
      expect(end).toMatchObject({
        ended: 'failed',
        message: expect.stringMatching(/Still on the cluster: volume 105 \(.*remove it by hand/),
        details: { step: 'modifyMembers', leftBehind: [{ kind: 'volume', id: 105 }] },
      });
      expect(ours(service.simulator.cluster.state()).volumes.map((v) => v.volumeID)).toEqual([105]);
      service.simulator.cluster.act('DeleteVolume', { volumeID: 105 });
      expectNothingLeft(service.simulator);
    },
  ));
