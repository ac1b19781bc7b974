import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Fault } from '../../simulator/index.ts';
import { ending, expectNothingLeft, expectOneClone, expectOnlyNamedLeft } from '../support/invariants.ts';
import type { CloneFailureDetails } from '../../contracts/failure.ts';
import { startFleet, type Fleet, type Service } from '../support/service.ts';

const PASSWORD = 'not-for-any-eye';
const behaviour = { cloneSeconds: 0, youngVolumeSeconds: 0 };
const request = { volumeID: 42, name: 'db-uat', volumeAccessGroups: [2, 3] };

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet();
});
afterAll(() => fleet?.stop());

/** A cluster on which the worker is a cluster admin of these access types. */
async function as(access: string[], faults: Fault[], body: (service: Service) => Promise<void>): Promise<void> {
  const service = await fleet.add({
    simulator: { behaviour, faults, admins: [{ username: 'cloner', password: PASSWORD, access }] },
    credentials: { username: 'cloner', password: PASSWORD },
  });
  try {
    await body(service);
  } finally {
    await service.stop();
  }
}

/** Its end, in which nobody finds the password. */
async function endOf(service: Service, wanted: object = {}) {
  const handle = await service.start({ ...request, ...wanted });
  const end = await ending(handle);
  expect(JSON.stringify([end, await handle.fetchHistory()])).not.toContain(PASSWORD);
  return end;
}

describe('access types that the cluster admin lacks are named before anything is made', () => {
  test.concurrent.each<[access: string[], wanted: object, lacks: string]>([
    [
      ['read'],
      {},
      'lacks the access types volumes (for CreateSnapshot, DeleteSnapshot, CloneVolume, DeleteVolume) and write (for ModifyVolume, AddVolumesToVolumeAccessGroup, RemoveVolumesFromVolumeAccessGroup);',
    ],
    [['read', 'write'], {}, 'lacks the access type volumes (for CreateSnapshot, DeleteSnapshot);'],
    [
      ['read', 'volumes'],
      {},
      'lacks the access type write (for AddVolumesToVolumeAccessGroup, RemoveVolumesFromVolumeAccessGroup);',
    ],
    [['volumes', 'write'], {}, 'lacks the access type read (for ListSyncJobs, ListVolumeAccessGroups);'],
    [
      ['reporting'],
      { volumeAccessGroups: [] },
      'lacks the access types volumes (for CreateSnapshot, DeleteSnapshot, CloneVolume, DeleteVolume), read (for GetAsyncResult), and write (for ModifyVolume);',
    ],
  ])('%j', (access, wanted, lacks) =>
    as(access, [], async (service) => {
      expect(await endOf(service, wanted)).toMatchObject({
        ended: 'failed',
        type: 'InvalidRequest',
        details: [
          `cluster: user "cloner" of cluster ${service.alias} ${lacks} add what is missing to the cluster admin, or name another one in the worker's configuration`,
        ],
      });
      expect(service.simulator.cluster.state()).toMatchObject({ cloneJobs: [], snapshots: [] });
    }),
  );

  const ofALease = { volumeAccessGroups: [], lease: '1h' };
  const WRITE = 'write (for AddVolumesToVolumeAccessGroup, RemoveVolumesFromVolumeAccessGroup)';

  test.concurrent.each<[access: string[], lacks: string]>([
    [['read', 'volumes'], `lacks the access type ${WRITE};`],
    [['volumes', 'write'], 'lacks the access type read (for ListSyncJobs, ListISCSISessions);'],
  ])('what the end of a lease calls among them: %j', (access, lacks) =>
    as(access, [], async (service) => {
      const refused = { ended: 'failed', type: 'InvalidRequest', details: [expect.stringContaining(lacks)] };
      expect(await endOf(service, ofALease)).toMatchObject(refused);
      const group = { volumes: [{ volumeID: 41 }, { volumeID: 43, lease: '1h' }] };
      expect(await ending(await service.startGroup(group))).toMatchObject(refused);
      const start = async (type: string, args: object) =>
        ending(
          await service.client.workflow.start(type, {
            workflowId: `${type}-${service.alias}-${service.taskQueue}`,
            taskQueue: service.taskQueue,
            args: [{ cluster: service.alias, ...args }],
          }),
        );
      const fanOut = { volumeID: 42, clones: [{ name: 'a' }, { name: 'b', lease: '1h' }] };
      expect(await start('cloneFanOut', fanOut)).toMatchObject(refused);
      expect(await start('cloneLease', { volumeID: 42, lease: '1h' })).toMatchObject(refused);
      expect(service.simulator.cluster.state()).toMatchObject({ cloneJobs: [], snapshots: [] });
    }),
  );

  test.concurrent.each<[access: string[], wanted: object]>([
    [['read', 'volumes', 'write'], {}],
    [['read', 'volumes', 'write'], ofALease],
    [['read', 'volumes'], { volumeAccessGroups: [] }],
    [['administrator'], {}],
  ])('%j will do', (access, wanted) =>
    as(access, [], async (service) => {
      const end = await endOf(service, wanted);
      expect(end).toMatchObject({ ended: 'completed' });
      if (end.ended !== 'completed') return;
      expectOneClone(service.simulator, end.result.volumeID, {
        request: { ...request, ...wanted },
        before: service.before,
      });
    }),
  );
});

describe('a call that the user may not make says who, and which access type it takes', () => {
  /** Nobody knows in advance what this user may do. */
  const unknown: Fault = { kind: 'error', method: 'GetCurrentClusterAdmin', name: 'xUnknownAPIMethod' };
  const denied = (method: string): Fault => ({ kind: 'error', method, name: 'xPermissionDenied', message: 'no' });

  test.concurrent.each<[method: string, step: string, needs: string[], access: string[], faults?: Fault[]]>([
    ['ListVolumes', 'preflight', ['read'], ['volumes', 'write']],
    ['CreateSnapshot', 'createSnapshot', ['volumes', 'clusterAdmin'], ['read', 'write']],
    ['CloneVolume', 'startClone', ['volumes', 'write'], ['read', 'clusterAdmin']],
    ['ModifyVolume', 'modifyVolume', ['write', 'volumes'], ['read', 'volumes', 'write'], [denied('ModifyVolume')]],
    ['AddVolumesToVolumeAccessGroup', 'grantAccess', ['write', 'clusterAdmin'], ['read', 'volumes']],
  ])('%s', (method, step, accessTypes, access, faults = []) =>
    as(access, [unknown, ...faults], async (service) => {
      const end = await endOf(service);
      expect(end).toMatchObject({
        ended: 'failed',
        type: 'CloneFailed',
        message: expect.stringMatching(
          new RegExp(
            `failed in step ${step}: ${method} of .* failed with xPermissionDenied: .* \\(user "cloner" needs the access type ${accessTypes.join(' or ')} for ${method}; add it to the cluster admin\\)\\. Tried 3 times since `,
          ),
        ),
        details: { step, method, apiName: 'xPermissionDenied', accessTypes, leftBehind: [] },
      });
      expectNothingLeft(service.simulator, undefined, service.before);
    }),
  );

  test.concurrent.each<[method: string, needs: string]>([
    ['RemoveVolumesFromVolumeAccessGroup', 'write or clusterAdmin'],
    ['DeleteVolume', 'volumes or write'],
    ['DeleteSnapshot', 'volumes or clusterAdmin'],
  ])('%s, when it undoes', (method, needs) =>
    as(
      ['read', 'volumes', 'write'],
      [{ kind: 'error', method: 'AddVolumesToVolumeAccessGroup', name: 'xUnknownAccount', skip: 1 }, denied(method)],
      async (service) => {
        const end = await endOf(service);
        expect(end).toMatchObject({ ended: 'failed', details: { step: 'grantAccess', apiName: 'xUnknownAccount' } });
        if (end.ended !== 'failed') return;
        const { leftBehind } = end.details as CloneFailureDetails;
        expectOnlyNamedLeft(service.simulator, leftBehind, { before: service.before });
        // A volume can be deleted in whatever group it is.
        if (method === 'RemoveVolumesFromVolumeAccessGroup') return expect(leftBehind).toEqual([]);
        expect(leftBehind).toHaveLength(1);
        expect(end.message).toContain(
          `user "cloner" needs the access type ${needs} for ${method}; add it to the cluster admin`,
        );
      },
    ),
  );
});
