import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RefreshCloneResult } from '../../contracts/refresh-clone-result.ts';
import type { SimulatorOptions } from '../../simulator/index.ts';
import { ending } from '../support/invariants.ts';
import {
  changesOf,
  expectInService,
  expectResult,
  idsOf,
  inGroup,
  quick,
  seriesOf,
  UAT_HOSTS,
} from '../support/refresh.ts';
import { startFleet, type Fleet, type Service } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet();
});
afterAll(() => fleet?.stop());

async function withCluster<T>(body: (service: Service) => Promise<T>, simulator: SimulatorOptions = quick): Promise<T> {
  const service = await fleet.add({ simulator });
  try {
    return await body(service);
  } finally {
    await service.stop();
  }
}

const nightly = { series: 'uat-db', keep: 2, volumeAccessGroups: ['uat-hosts'] };
const night = (n: number) => ({ nominalTime: `2026-11-${20 + n}T02:00:00Z` });
const refresh = async (service: Service, more: object = {}): Promise<RefreshCloneResult> =>
  (await service.startRefresh({ ...nightly, ...more })).result();

describe.concurrent('a series', () => {
  test('of three nights keeps two generations, moves the group each time and deletes the oldest, never purged', () =>
    withCluster(async (service) => {
      const first = await refresh(service, night(1));
      expectResult(first, {
        generation: 1,
        mode: 'swap',
        nominalTime: '2026-11-21T02:00:00.000Z',
        volumes: [{ sourceVolumeID: 42, name: 'uat-db-20261121-0200' }],
        previous: null,
        volumeAccessGroups: [{ volumeAccessGroupID: UAT_HOSTS, name: 'uat-hosts', added: idsOf(first), removed: [] }],
        retired: [],
        keptBack: [],
        generations: [1],
      });
      expectInService(service, idsOf(first), [1]);

      const second = await refresh(service, night(2));
      expectResult(second, { generation: 2, previous: { generation: 1 }, retired: [], generations: [2, 1] });
      expectInService(service, idsOf(second), [1, 2]);

      const third = await refresh(service, { ...night(3), volumeAccessGroups: undefined });
      expectResult(third, {
        generation: 3,
        previous: { generation: 2, volumes: second.volumes },
        volumeAccessGroups: [{ volumeAccessGroupID: UAT_HOSTS, added: idsOf(third), removed: idsOf(second) }],
        retired: [{ generation: 1, volumes: first.volumes }],
        generations: [3, 2],
      });
      expectInService(service, idsOf(third), [2, 3]);
      const [a, b, c] = [first, second, third].flatMap(idsOf);
      expect(changesOf(service)).toEqual([`+${a}`, `-${a}`, `+${b}`, `-${b}`, `+${c}`]);
      const old = service.simulator.cluster.state().volumes.find((v) => v.volumeID === a);
      expect(old).toMatchObject({ status: 'deleted' });
    }));

  test('with swap "after" shows hosts the new generation before the old one goes', () =>
    withCluster(async (service) => {
      const [a] = idsOf(await refresh(service, { swap: 'after' }));
      const [b] = idsOf(await refresh(service, { swap: 'after' }));
      expect(changesOf(service)).toEqual([`+${a}`, `+${b}`, `-${a}`]);
      expectInService(service, [b!], [1, 2]);
    }));

  test('counts no run that failed: the generation before stays in service', () =>
    withCluster(async (service) => {
      const first = await refresh(service);
      const second = await refresh(service);
      service.simulator.cluster.faults.append([{ kind: 'cloneFails', count: 1 }]);
      const failed = await ending(await service.startRefresh(nightly));
      expect(failed).toMatchObject({
        ended: 'failed',
        type: 'CloneFailed',
        message: expect.stringMatching(
          /^Refreshing series "uat-db", generation 3, of cluster \S+ failed in step makeGeneration: /,
        ),
        details: { series: 'uat-db', generation: 3, step: 'makeGeneration', leftBehind: [] },
      });
      expectInService(service, idsOf(second), [1, 2]);
      const third = await refresh(service);
      expectResult(third, { generation: 3, retired: [{ generation: 1, volumes: first.volumes }] });
      expectInService(service, idsOf(third), [2, 3]);
    }));

  test('never deletes a generation that has iSCSI sessions, unless it is told to; and says whose they are', () =>
    withCluster(async (service) => {
      const { cluster } = service.simulator;
      const [a] = idsOf(await refresh(service, { keep: 1 }));
      cluster.setSessions([{ volumeID: a!, initiatorName: 'iqn.2026-11.example:forgotten' }]);
      const second = await refresh(service, { keep: 1 });
      expectResult(second, {
        retired: [],
        keptBack: [
          {
            generation: 1,
            reason: `volume ${a}: 1 iSCSI session (iqn.2026-11.example:forgotten)`,
            initiators: ['iqn.2026-11.example:forgotten'],
          },
        ],
        generations: [2, 1],
      });
      const third = await refresh(service, { keep: 1, force: true });
      expectResult(third, { retired: [{ generation: 1 }, { generation: 2 }], keptBack: [], generations: [3] });
      expectInService(service, idsOf(third), [3]);
    }));

  test('leaves a generation alone that somebody gave other access to', () =>
    withCluster(async (service) => {
      const [a] = idsOf(await refresh(service, { keep: 1 }));
      service.simulator.cluster.act('AddVolumesToVolumeAccessGroup', { volumeAccessGroupID: 2, volumes: [a] });
      const second = await refresh(service, { keep: 1 });
      expectResult(second, {
        retired: [],
        keptBack: [{ generation: 1, reason: `volume ${a}: volume access group 2` }],
      });
    }));

  test('with retire "keep" loses none', () =>
    withCluster(async (service) => {
      for (let i = 0; i < 3; i += 1) await refresh(service, { retire: 'keep', keep: undefined });
      expect(seriesOf(service)).toHaveLength(3);
    }));

  test('without groups marks the new generation all the same', () =>
    withCluster(async (service) => {
      const request = { volumeAccessGroups: undefined, keep: 1 };
      await refresh(service, request);
      const second = await refresh(service, request);
      expectResult(second, { volumeAccessGroups: [], retired: [{ generation: 1 }] });
      expectInService(service, [], [2]);
    }));

  test('does not touch a copy that somebody made of a generation, nor volumes of its names', () =>
    withCluster(async (service) => {
      const { cluster } = service.simulator;
      const [a] = idsOf(await refresh(service, { keep: 1, ...night(1) }));
      const copy = cluster.act('CloneVolume', { volumeID: a, name: 'uat-db-20261121-0200' }) as { volumeID: number };
      await waitFor('the copy', () =>
        cluster.state().volumes.some((v) => v.volumeID === copy.volumeID && v.status === 'active'),
      );
      await refresh(service, { keep: 1, ...night(2) });
      await refresh(service, { keep: 1, ...night(3) });
      expect(cluster.state().volumes.find((v) => v.volumeID === copy.volumeID)).toMatchObject({ status: 'active' });
    }));

  test('is refused when its generations are of another source', () =>
    withCluster(async (service) => {
      await refresh(service);
      const end = await ending(await service.startRefresh({ ...nightly, clone: { volumeID: 43 } }));
      expect(end).toMatchObject({
        ended: 'failed',
        type: 'InvalidRequest',
        message: expect.stringMatching(
          /series: "uat-db" has generations of volume 42, not of 43; give this series another name/,
        ),
      });
      expect(seriesOf(service)).toHaveLength(1);
    }));

  test('of a group is kept and deleted as a whole, each volume in the groups of the one before', () =>
    withCluster(
      async (service) => {
        const { cluster } = service.simulator;
        const group = { clone: { volumes: [{ volumeID: 42, name: 'data' }, { volumeID: 43 }] }, keep: 1, ...night(1) };
        const first = await refresh(service, group);
        expectResult(first, {
          volumes: [
            { sourceVolumeID: 42, name: 'uat-db-data-20261121-0200' },
            { sourceVolumeID: 43, name: 'uat-db-43-20261121-0200' },
          ],
        });
        const [data, log] = idsOf(first);
        cluster.act('RemoveVolumesFromVolumeAccessGroup', { volumeAccessGroupID: UAT_HOSTS, volumes: [log] });
        cluster.act('AddVolumesToVolumeAccessGroup', { volumeAccessGroupID: 2, volumes: [log] });
        const second = await refresh(service, { ...group, volumeAccessGroups: undefined });
        expect(inGroup(service)).toEqual([idsOf(second)[0]]);
        expect(inGroup(service, 2)).toEqual([idsOf(second)[1]]);
        expectResult(second, {
          generation: 2,
          retired: [{ generation: 1, volumes: [{ volumeID: data }, { volumeID: log }] }],
        });
        cluster.setSessions([{ volumeID: idsOf(second)[1]!, initiatorName: 'iqn.x' }]);
        const third = await refresh(service, { ...group, volumeAccessGroups: undefined });
        expectResult(third, { keptBack: [{ generation: 2, volumes: second.volumes }], generations: [3, 2] });
        expect(seriesOf(service)).toHaveLength(4);
      },
      {
        ...quick,
        state: {
          volumes: [
            { volumeID: 42, name: 'a' },
            { volumeID: 43, name: 'b' },
          ],
        },
      },
    ));
});

describe.concurrent('a run', () => {
  test('is refused with every fault at once, under the paths of its own request', () =>
    withCluster(async (service) => {
      const end = await ending(
        await service.startRefresh({
          ...nightly,
          clone: { volumeID: 4_242, newAccountID: 99 },
          volumeAccessGroups: ['nobody'],
          hooks: { before: 'quiesce' },
        }),
      );
      expect(end).toMatchObject({ ended: 'failed', type: 'InvalidRequest' });
      expect((end as { details: string[] }).details).toEqual([
        expect.stringMatching(/^volumeAccessGroups\.0: the cluster has no volume access group "nobody"/),
        expect.stringMatching(/^clone\.volumeID: cluster \S+ has no volume 4242/),
        expect.stringMatching(/^clone\.newAccountID: cluster \S+ has no account 99/),
        expect.stringMatching(/^hooks\.before: this worker knows no hook "quiesce" \(it knows: none\)/),
      ]);
    }));

  test('with a name in a zone of its own, and its own number in it', () =>
    withCluster(async (service) => {
      const result = await refresh(service, {
        nominalTime: '2026-11-25T23:30:00Z',
        timeZone: 'Europe/Berlin',
        nameTemplate: 'db-{yyyy}{MM}{dd}-{HH}{mm}-g{generation}',
      });
      expect(result.volumes).toMatchObject([{ name: 'db-20261126-0030-g1' }]);
    }));

  test('with a requestId that is known already makes no second generation', () =>
    withCluster(async (service) => {
      const request = { ...nightly, requestId: `night-${service.alias}` };
      const [one, two] = await Promise.all([service.startRefresh(request), service.startRefresh(request)]);
      expect((await two.result()).volumes).toEqual((await one.result()).volumes);
      expect((await (await service.startRefresh(request)).result()).generation).toBe(1);
      expect(seriesOf(service)).toHaveLength(1);
    }));

  test('waits while another one refreshes the same series, and comes after it', () =>
    withCluster(
      async (service) => {
        const one = await service.startRefresh(nightly);
        await waitFor('the first clone', () => service.simulator.cluster.calls.counts().byMethod['CloneVolume']);
        const two = await service.startRefresh({ ...nightly, requestedBy: 'ann' });
        await waitFor('the second to wait', async () =>
          (await two.describe()).raw.pendingActivities?.some((a) =>
            a.lastFailure?.message?.includes(`refresh-uat-db@${service.alias} refreshes the series`),
          ),
        );
        const [first, second] = [await one.result(), await two.result()];
        expect([first.generation, second.generation]).toEqual([1, 2]);
        expect(second.previous).toMatchObject({ generation: 1 });
        expectInService(service, idsOf(second), [1, 2]);
      },
      { behaviour: { cloneSeconds: 3, youngVolumeSeconds: 0 } },
    ));

  test('takes over the series when the one that had it was terminated, and clears away what that one left', () =>
    withCluster(async (service) => {
      const { cluster } = service.simulator;
      const [a] = idsOf(await refresh(service, { keep: 5 }));
      cluster.faults.append([
        {
          kind: 'error',
          name: 'xDBVersionMismatch',
          method: 'ModifyVolume',
          match: { 'attributes.element-clone': '*served=*' },
        },
      ]);
      const one = await service.startRefresh({ ...nightly, keep: 5 });
      await waitFor('the swap', () => inGroup(service).length === 1 && inGroup(service)[0] !== a);
      await service.client.workflow.getHandle(`refresh-uat-db@${service.alias}`).terminate('by hand');
      expect(await ending(one)).toMatchObject({
        ended: 'failed',
        message: expect.stringMatching(
          /^refresh-uat-db@\S+, which refreshed the series, was terminated, which undoes nothing/,
        ),
      });
      cluster.faults.clear();
      // What is in service counts, whatever became of its run.
      const third = await refresh(service, { keep: 5 });
      expectResult(third, { generation: 3, previous: { generation: 2 }, generations: [3, 2, 1] });
      expect(inGroup(service)).toEqual(idsOf(third));
    }));

  test('clears away what a run has made that was terminated before the swap', () =>
    withCluster(async (service) => {
      const { cluster } = service.simulator;
      const [a] = idsOf(await refresh(service, { keep: 5 }));
      cluster.faults.append([
        { kind: 'error', name: 'xDBVersionMismatch', method: 'RemoveVolumesFromVolumeAccessGroup' },
      ]);
      const one = await service.startRefresh({ ...nightly, keep: 5 });
      await waitFor('the swap', () => cluster.calls.counts().byMethod['RemoveVolumesFromVolumeAccessGroup']);
      await service.client.workflow.getHandle(`refresh-uat-db@${service.alias}`).terminate('by hand');
      await ending(one);
      expect(inGroup(service)).toEqual([a]);
      cluster.faults.clear();
      const third = await refresh(service, { keep: 5 });
      expectResult(third, { previous: { generation: 1 }, retired: [{ generation: 2 }] });
      expectInService(service, idsOf(third), [1, third.generation]);
    }));

  test('that is cancelled puts the generation before back into service', () =>
    withCluster(async (service) => {
      const { cluster } = service.simulator;
      const first = await refresh(service);
      cluster.faults.append([
        {
          kind: 'error',
          name: 'xDBVersionMismatch',
          method: 'ModifyVolume',
          match: { 'attributes.element-clone': '*served=*' },
        },
      ]);
      const run = await service.startRefresh(nightly);
      await waitFor('the swap', () => inGroup(service).length === 1 && inGroup(service)[0] !== idsOf(first)[0]);
      await run.cancel();
      expect(await ending(run)).toEqual({ ended: 'cancelled' });
      expectInService(service, idsOf(first), [1]);
    }));

  test.each(['cleanup', 'keep'] as const)('that fails in the swap does so too, with onFailure "%s"', (onFailure) =>
    withCluster(async (service) => {
      const { cluster } = service.simulator;
      const first = await refresh(service);
      cluster.faults.append([
        {
          kind: 'error',
          name: 'xUnknownAPIMethod',
          method: 'ModifyVolume',
          match: { 'attributes.element-clone': '*served=*' },
        },
      ]);
      const end = await ending(await service.startRefresh({ ...nightly, onFailure }));
      const [b] = seriesOf(service).flatMap((v) => (v.generation === 2 ? [v.volumeID] : []));
      expect(end).toMatchObject({
        ended: 'failed',
        message: expect.stringContaining('failed in step swapAccess: ModifyVolume'),
        details: {
          step: 'swapAccess',
          apiName: 'xUnknownAPIMethod',
          undone: expect.arrayContaining([`volume ${idsOf(first)[0]} put back into volume access group 3 (uat-hosts)`]),
          leftBehind: onFailure === 'keep' ? [{ kind: 'volume', id: b }] : [],
        },
      });
      expect(inGroup(service)).toEqual(idsOf(first));
      expect(seriesOf(service)).toHaveLength(onFailure === 'keep' ? 2 : 1);
      cluster.faults.clear();
      const kept =
        onFailure === 'keep' ? [{ generation: 2, reason: expect.stringContaining('as onFailure says') }] : [];
      expectResult(await refresh(service, { keep: 1 }), { retired: [{ generation: 1 }], keptBack: kept });
    }),
  );
});
