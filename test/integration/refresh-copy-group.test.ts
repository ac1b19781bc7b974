import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ending, ours } from '../support/invariants.ts';
import { startHookServer, type HookServer } from '../support/hook-server.ts';
import { expectForeignUntouched } from '../support/foreign.ts';
import { expectResult, idsOf, inGroup, quick, seriesOf, SERIES } from '../support/refresh.ts';
import { reset } from '../support/reset.ts';
import { startFleet, type Fleet, type Service } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

let server: HookServer;
let fleet: Fleet;
beforeAll(async () => {
  server = await startHookServer(['remount']);
  fleet = await startFleet({ hooks: server.hooks });
});
afterAll(async () => {
  await fleet?.stop();
  await server?.close();
});

const SOURCES = [41, 42] as const;
const contentOf = ({ simulator }: Service, volumeID: number) =>
  simulator.cluster.state().volumes.find((v) => v.volumeID === volumeID)!.content;
const contents = (service: Service, ids: readonly number[]) => ids.map((id) => contentOf(service, id));

/** A series of one generation of both sources, whose content has changed since. */
async function withSeries(body: (service: Service, request: Request, ids: number[]) => Promise<void>): Promise<void> {
  const service = await fleet.add({ simulator: quick });
  try {
    const request = {
      ...{ series: SERIES, mode: 'copy', volumeAccessGroups: [3] },
      clone: { cluster: service.alias, volumes: SOURCES.map((volumeID) => ({ volumeID })) },
    };
    const ids = idsOf(await (await service.startRefresh(request)).result());
    for (const id of SOURCES) service.simulator.cluster.write(id);
    service.before = {
      ...service.before,
      volumes: service.simulator.cluster.state().volumes.filter((v) => !ids.includes(v.volumeID)),
    };
    await body(service, request, ids);
  } finally {
    await service.stop();
  }
}

/** The one generation, whole and in service; nothing left but the ways back. */
function expectServed(service: Service, ids: readonly number[], generation: number): void {
  const { cluster } = service.simulator;
  const sorted = (list: readonly number[]) => list.toSorted((a, b) => a - b);
  expect(sorted(inGroup(service))).toEqual(sorted(ids));
  expect(seriesOf(service)).toEqual(sorted(ids).map((volumeID) => ({ volumeID, generation, counts: true })));
  expect(ours(cluster.state())).toMatchObject({ groupSnapshots: [], jobs: [], asyncResults: [] });
  expectForeignUntouched(service.simulator, service.before);
}

type Request = Record<string, unknown> & { clone: Record<string, unknown> };

describe.concurrent('new content in the volumes of a group', () => {
  test('is all of one moment: one group snapshot, a copy out of it onto each', () =>
    withSeries(async (service, request, ids) => {
      const { cluster } = service.simulator;
      const wanted = contents(service, SOURCES);
      // What is written once the group snapshot is taken is in none of the copies.
      cluster.faults.append([{ kind: 'slowAnswer', method: 'CreateGroupSnapshot', delayMs: 1_000, count: 1 }]);
      const run = await service.startRefresh(request);
      await waitFor('the group snapshot', () => cluster.calls.counts().byMethod['CreateGroupSnapshot'] === 2);
      for (const id of SOURCES) cluster.write(id);
      service.before = { ...service.before, volumes: cluster.state().volumes.filter((v) => !ids.includes(v.volumeID)) };
      const result = await run.result();
      expectResult(result, {
        ...{ generation: 2, mode: 'copy', volumeAccessGroups: [], retired: [], generations: [2] },
        volumes: SOURCES.map((sourceVolumeID, i) => ({ sourceVolumeID, volumeID: ids[i] })),
        copyWorkflowIDs: [expect.any(String), expect.any(String)],
      });
      expect(contents(service, ids)).toEqual(wanted);
      expect(cluster.calls.counts().byMethod).toMatchObject({ CloneMultipleVolumes: 1, CopyVolume: 2 });
      expectServed(service, ids, 2);
    }));

  test('of a group snapshot that is named, which stays', () =>
    withSeries(async (service, request, ids) => {
      const { cluster } = service.simulator;
      const { groupSnapshotID } = cluster.act('CreateGroupSnapshot', { volumes: [...SOURCES] });
      const wanted = contents(service, SOURCES);
      for (const id of SOURCES) cluster.write(id);
      const clone = { ...request.clone, groupSnapshotID };
      await (await service.startRefresh({ ...request, clone })).result();
      expect(contents(service, ids)).toEqual(wanted);
      expect(cluster.state().groupSnapshots).toMatchObject([{ groupSnapshotID }]);
    }));

  test('is in none of them when one of the copies fails', () =>
    withSeries(async (service, request, ids) => {
      const { cluster } = service.simulator;
      const before = contents(service, ids);
      cluster.faults.append([{ kind: 'cloneFails', count: 1, method: 'CopyVolume', match: { dstVolumeID: ids[1] } }]);
      const end = await ending(await service.startRefresh(request));
      expect(end).toMatchObject({ ended: 'failed', details: { step: 'makeGeneration', leftBehind: [] } });
      expect(contents(service, ids)).toEqual(before);
      expectServed(service, ids, 1);
    }));

  test('is taken back from all of them when the run fails later, and its group snapshot is gone', () =>
    withSeries(async (service, request, ids) => {
      const before = contents(service, ids);
      server.answer('remount', { status: 422, body: 'no' });
      const end = await ending(await service.startRefresh({ ...request, hooks: { after: 'remount' } }));
      expect(end).toMatchObject({
        ended: 'failed',
        details: {
          leftBehind: [],
          undone: expect.arrayContaining(ids.map((id) => `volume ${id} holds again what it held before`)),
        },
      });
      expect(contents(service, ids)).toEqual(before);
      expectServed(service, ids, 1);
      // Reset to after its preflight: the copies that were taken back are of no use to it.
      const series = service.client.workflow.getHandle(`refresh-uat-db@${service.alias}`);
      server.answer('remount', { status: 200, body: '' });
      const again = await reset(service.client, series, 1);
      const ended = await ending(again);
      expect(ended).toMatchObject({ ended: 'completed', result: { generation: 2 } });
      expect(contents(service, ids)).toEqual(contents(service, SOURCES));
      expectServed(service, ids, 2);
    }));

  test('is refused, with the reasons, when the volumes are not those of the generation', () =>
    withSeries(async (service, request, ids) => {
      const before = contents(service, ids);
      const clone = { cluster: service.alias, volumes: [{ volumeID: 42 }, { volumeID: 43 }] };
      expect(await ending(await service.startRefresh({ ...request, clone }))).toMatchObject({
        ended: 'failed',
        details: [
          expect.stringMatching(/^clone\.volumes\.1\.volumeID: generation 1 has no copy of volume 43 to overwrite/),
          expect.stringMatching(/^clone\.volumes: generation 1 also has a copy of volume 41/),
        ],
      });
      expect(contents(service, ids)).toEqual(before);
    }));
});
