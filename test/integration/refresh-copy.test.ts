import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startHookServer, type HookServer } from '../support/hook-server.ts';
import { ending } from '../support/invariants.ts';
import { expectInService, expectResult, idsOf, inGroup, quick, seriesOf } from '../support/refresh.ts';
import { startFleet, type Fleet, type Service } from '../support/service.ts';

let server: HookServer;
let fleet: Fleet;
beforeAll(async () => {
  server = await startHookServer(['unmount', 'remount']);
  fleet = await startFleet({ hooks: server.hooks });
});
afterAll(async () => {
  await fleet?.stop();
  await server?.close();
});

async function withCluster<T>(body: (service: Service) => Promise<T>): Promise<T> {
  const service = await fleet.add({ simulator: quick });
  try {
    return await body(service);
  } finally {
    await service.stop();
  }
}

const request = { series: 'uat-db', mode: 'copy', volumeAccessGroups: [3] };
const contentOf = ({ simulator }: Service, volumeID: number) =>
  simulator.cluster.state().volumes.find((v) => v.volumeID === volumeID)!.content;

describe('mode "copy"', () => {
  test('makes a volume once, and gives it new content each time: ID, IQN, groups and name stay', () =>
    withCluster(async (service) => {
      const { cluster } = service.simulator;
      const first = await (await service.startRefresh({ ...request, nominalTime: '2026-11-21T02:00:00Z' })).result();
      const [a] = idsOf(first);
      expectResult(first, { generation: 1, mode: 'copy', volumes: [{ name: 'uat-db-20261121-0200' }] });
      const before = cluster.state().volumes.find((v) => v.volumeID === a)!;
      cluster.write(42);
      const content = contentOf(service, 42);
      expect(before.content).not.toBe(content);
      const second = await (await service.startRefresh(request)).result();
      expectResult(second, {
        ...{
          generation: 2,
          mode: 'copy',
          volumes: first.volumes,
          volumeAccessGroups: [],
          retired: [],
          generations: [2],
        },
        previous: { generation: 1, volumes: first.volumes },
      });
      const after = cluster.state().volumes.find((v) => v.volumeID === a)!;
      expect(after).toMatchObject({ content, name: before.name, iqn: before['iqn'], volumeAccessGroups: [3] });
      expect(seriesOf(service)).toEqual([{ volumeID: a, generation: 2, counts: true }]);
      expect(cluster.calls.counts().byMethod).toMatchObject({ CloneVolume: 1, CopyVolume: 1 });
    }));

  test('lets hosts unmount before the content changes, and takes it back when they cannot mount it', () =>
    withCluster(async (service) => {
      const { cluster } = service.simulator;
      const first = await (await service.startRefresh(request)).result();
      const [a] = idsOf(first);
      const before = contentOf(service, a!);
      cluster.write(42);
      server.seen.length = 0;
      server.answer('remount', { status: 422, body: 'no' });
      const hooks = { beforeSwap: 'unmount', after: 'remount' };
      const end = await ending(await service.startRefresh({ ...request, hooks }));
      expect(end).toMatchObject({
        ended: 'failed',
        details: {
          leftBehind: [],
          undone: expect.arrayContaining([
            `volume ${a} holds again what it held before`,
            'hook "remount" called, to resume',
          ]),
        },
      });
      expect(contentOf(service, a!)).toBe(before);
      expect(inGroup(service)).toEqual([a]);
      expect(seriesOf(service)).toEqual([{ volumeID: a, generation: 1, counts: true }]);
      expect(server.seen.map((s) => [s.hook, s.body['outcome']])).toEqual([
        ['unmount', 'running'],
        ['remount', 'running'],
        ['remount', 'failed'],
      ]);
      expect(server.seen[0]!.body).toMatchObject({ inService: { generation: 1 }, generation: 2 });
    }));

  test('is refused while hosts are connected, and the old content stays; not with force', () =>
    withCluster(async (service) => {
      const { cluster } = service.simulator;
      const [a] = idsOf(await (await service.startRefresh(request)).result());
      const before = contentOf(service, a!);
      cluster.write(42);
      cluster.setSessions([{ volumeID: a!, initiatorName: 'iqn.2026-11.example:db' }]);
      const end = await ending(await service.startRefresh(request));
      expect(end).toMatchObject({ ended: 'failed', message: expect.stringContaining('iqn.2026-11.example:db') });
      expect(contentOf(service, a!)).toBe(before);
      const forced = await (await service.startRefresh({ ...request, force: true })).result();
      expect(contentOf(service, a!)).toBe(contentOf(service, 42));
      expect(forced.generation).toBe(2);
    }));

  test('goes on from generations that were volumes of their own, and retires those when it is told how many stay', () =>
    withCluster(async (service) => {
      const swap = { series: 'uat-db', keep: 3, volumeAccessGroups: [3] };
      await (await service.startRefresh(swap)).result();
      const second = await (await service.startRefresh(swap)).result();
      const third = await (await service.startRefresh({ ...request, keep: 1 })).result();
      expectResult(third, {
        volumes: [{ volumeID: idsOf(second)[0] }],
        retired: [{ generation: 1 }],
        generations: [3],
      });
      expect(inGroup(service)).toEqual(idsOf(second));
    }));
});

test('a copy onto a volume that fails leaves the old content, and its generation', () =>
  withCluster(async (service) => {
    const { cluster } = service.simulator;
    const first = await (await service.startRefresh(request)).result();
    const before = contentOf(service, idsOf(first)[0]!);
    cluster.write(42);
    const written = { ...service.before, volumes: cluster.state().volumes.filter((v) => v.volumeID < 62) };
    cluster.faults.append([{ kind: 'cloneFails', count: 1, method: 'CopyVolume' }]);
    const end = await ending(await service.startRefresh(request));
    expect(end).toMatchObject({ ended: 'failed', details: { step: 'makeGeneration', leftBehind: [] } });
    expect(contentOf(service, idsOf(first)[0]!)).toBe(before);
    expectInService({ ...service, before: written }, idsOf(first), [1]);
  }));
