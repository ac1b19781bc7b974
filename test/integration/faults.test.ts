import { describe, expect, test } from 'vitest';
import type { ClusterTimes } from '../../activities/index.ts';
import type { Fault, RunningSimulator, SimulatorOptions } from '../../simulator/index.ts';
import { ending, expectInvariants, expectNothingLeft, expectReadableFailure, ours } from '../support/invariants.ts';
import { startService, type Service } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

const request = { volumeID: 42, name: 'db-uat', volumeAccessGroups: [2, 'uat-hosts'], modify: { access: 'readOnly' } };
const groups = ['reporting-hosts', 'uat-hosts'];
const quick = { cloneSeconds: 1, youngVolumeSeconds: 0 };

async function withService<T>(
  simulator: SimulatorOptions,
  body: (service: Service) => Promise<T>,
  times: Partial<ClusterTimes> = {},
): Promise<T> {
  const service = await startService({ simulator: { behaviour: quick, ...simulator }, times });
  try {
    return await body(service);
  } finally {
    await service.stop();
  }
}

/** A clone under these faults, with the invariants checked however it ends. */
const cloneUnder = (faults: Fault[], simulator: SimulatorOptions = {}, times: Partial<ClusterTimes> = {}) =>
  withService(
    { ...simulator, faults },
    async (service) => expectInvariants(service.simulator, await service.start(request), { groups }),
    times,
  );

/** How many volumes CloneVolume has made, deleted ones included. */
const madeEver = (simulator: RunningSimulator) =>
  simulator.cluster.calls.log().filter((c) => c.method === 'CloneVolume' && c.outcome === 'ok').length;

describe.concurrent('a creating call that goes wrong in the worst way makes one object all the same', () => {
  test.each<[what: string, faults: Fault[]]>([
    ['CloneVolume acts twice without an answer', [{ kind: 'actThenCut', method: 'CloneVolume', count: 2 }]],
    ['CreateSnapshot acts twice without an answer', [{ kind: 'actThenCut', method: 'CreateSnapshot', count: 2 }]],
    [
      'CloneVolume acts after it was asked again',
      [{ kind: 'cutThenActLater', method: 'CloneVolume', delayMs: 3_500, count: 1 }],
    ],
    [
      'CreateSnapshot acts after it was asked again',
      [{ kind: 'cutThenActLater', method: 'CreateSnapshot', delayMs: 3_500, count: 1 }],
    ],
    [
      'the look for what was made fails as well',
      [
        { kind: 'actThenCut', method: 'CloneVolume', count: 1 },
        { kind: 'cutBefore', method: 'ListVolumes', match: { volumeName: 'db-uat' }, count: 2 },
        { kind: 'error', method: 'ListAsyncResults', name: 'xDBConnectionLoss', count: 1 },
      ],
    ],
    ['every call fails every other time', [{ kind: 'error', name: 'xDBVersionMismatch', probability: 0.4 }]],
    ['every answer is lost now and then', [{ kind: 'actThenCut', probability: 0.2 }]],
    ['the cluster is away for a while', [{ kind: 'refuse', method: 'CloneVolume', durationMs: 3_000 }]],
    [
      'another node takes over',
      [{ kind: 'failover', method: 'CreateSnapshot', durationMs: 1_000, notPrimaryMs: 2_000 }],
    ],
    ['TLS fails for a while', [{ kind: 'tlsFailure', method: 'ModifyVolume', durationMs: 2_000 }]],
  ])('%s', async (_what, faults) => {
    // Longer than the latest act.
    expect(await cloneUnder(faults, {}, { settleMs: 5_000 })).toMatchObject({
      ended: 'completed',
      result: { volume: { access: 'readOnly' } },
    });
  });

  test('the clone found again has its own cloneID and asyncHandle', () =>
    withService({ faults: [{ kind: 'actThenCut', method: 'CloneVolume', count: 1 }] }, async (service) => {
      const handle = await service.start(request);
      const end = await expectInvariants(service.simulator, handle, { groups });
      const [job] = service.simulator.cluster.state().cloneJobs;
      expect(end).toMatchObject({ result: { cloneID: job!.cloneID, asyncHandle: job!.asyncHandle } });
      expect(madeEver(service.simulator)).toBe(1);
    }));
});

describe.concurrent('a refusal for good fails with the words of the API, and undoes', () => {
  test.each<[method: string, step: string]>([
    ['CreateSnapshot', 'createSnapshot'],
    ['CloneVolume', 'startClone'],
    ['ModifyVolume', 'modifyVolume'],
    ['AddVolumesToVolumeAccessGroup', 'grantAccess'],
    ['ListSyncJobs', 'awaitClone'],
  ])('%s', async (method, step) => {
    const end = await cloneUnder([{ kind: 'error', method, name: 'xUnknownAccount', message: 'no such thing' }]);
    expectReadableFailure(end, { step, method, apiName: 'xUnknownAccount' });
    expect(end).toMatchObject({ message: expect.stringContaining('xUnknownAccount') });
    expect(end).toMatchObject({ message: expect.stringContaining('no such thing') });
  });

  test.each(['xPermissionDenied', 'xNeverHeardOf'])(
    '%s is believed after three answers, and forgiven after two',
    async (name) => {
      const believed = await cloneUnder([{ kind: 'error', method: 'CreateSnapshot', name }]);
      expectReadableFailure(believed, { step: 'createSnapshot', method: 'CreateSnapshot', apiName: name, attempts: 3 });
      const forgiven = await cloneUnder([{ kind: 'error', method: 'CreateSnapshot', name, count: 2 }]);
      expect(forgiven).toMatchObject({ ended: 'completed' });
    },
  );

  test('a user without rights', () =>
    withService({ faults: [{ kind: 'http503', status: 401, method: 'CloneVolume' }] }, async (service) => {
      expectReadableFailure(await expectInvariants(service.simulator, await service.start(request)), {
        step: 'startClone',
      });
    }));
});

describe.concurrent('undoing goes on through faults', () => {
  test.each<[what: string, fault: Fault]>([
    [
      'DeleteVolume is refused for a moment',
      { kind: 'error', method: 'DeleteVolume', name: 'xDBVersionMismatch', count: 2 },
    ],
    ['DeleteVolume acts and loses the answer', { kind: 'actThenCut', method: 'DeleteVolume', count: 1 }],
    ['DeleteSnapshot acts and loses the answer', { kind: 'actThenCut', method: 'DeleteSnapshot', count: 1 }],
    ['CancelClone is cut', { kind: 'cutBefore', method: 'CancelClone', count: 1 }],
    [
      'RemoveVolumesFromVolumeAccessGroup loses the answer',
      { kind: 'actThenCut', method: 'RemoveVolumesFromVolumeAccessGroup', count: 1 },
    ],
    ['ListAsyncResults fails', { kind: 'error', method: 'ListAsyncResults', name: 'xRpcTimeout', count: 2 }],
  ])('%s', async (_what, fault) => {
    // The second group refuses, so there is a volume, a snapshot, a membership and a result to take back.
    const refused: Fault = {
      kind: 'error',
      method: 'AddVolumesToVolumeAccessGroup',
      name: 'xExceededLimit',
      message: 'volumesPerVolumeAccessGroupCountMax',
      skip: 1,
    };
    const end = await cloneUnder([refused, fault]);
    expectReadableFailure(end, { step: 'grantAccess' });
  });

  test('what cannot be removed is named by its ID, with what to do', () =>
    withService(
      {
        faults: [
          { kind: 'error', method: 'ModifyVolume', name: 'xUnknownAccount' },
          { kind: 'error', method: 'DeleteVolume', name: 'xPermissionDenied' },
        ],
      },
      async (service) => {
        const end = await ending(await service.start(request));
        const left = ours(service.simulator.cluster.state());
        expect(left.volumes).toHaveLength(1);
        expect(left.snapshots).toEqual([]);
        const { volumeID } = left.volumes[0]!;
        expect(end).toMatchObject({
          ended: 'failed',
          message: expect.stringMatching(new RegExp(`Still on the cluster: volume ${volumeID} \\(.*remove it by hand`)),
          details: {
            step: 'modifyVolume',
            leftBehind: expect.arrayContaining([expect.objectContaining({ kind: 'volume', id: volumeID })]),
          },
        });
      },
    ));

  test('a snapshot that cannot be removed does not cost the clone: it expires by itself', () =>
    withService({ faults: [{ kind: 'error', method: 'DeleteSnapshot', name: 'xUnknownAccount' }] }, async (service) => {
      const handle = await service.start(request);
      expect(await ending(handle)).toMatchObject({ ended: 'completed', result: { snapshotDeleted: false } });
      const left = ours(service.simulator.cluster.state());
      expect(left).toMatchObject({ volumes: [{}], snapshots: [{ expirationReason: 'Api' }], asyncResults: [] });
    }));
});

describe.concurrent('what happens to the copy itself', () => {
  test.each(['remains', 'removed'] as const)('it fails, and the half-made volume %s', async (failedClone) => {
    const end = await cloneUnder([{ kind: 'cloneFails', name: 'xSliceGone', message: 'a disk broke', atPercent: 30 }], {
      behaviour: { ...quick, failedClone },
    });
    expectReadableFailure(end, { step: 'awaitClone', method: 'CloneVolume', apiName: 'xSliceGone' });
    expect(end).toMatchObject({ message: expect.stringContaining('a disk broke') });
  });

  test('its result is lost: the state of the volume decides', async () => {
    expect(await cloneUnder([{ kind: 'loseAsyncResult' }])).toMatchObject({ ended: 'completed' });
  });

  test('it does not show in ListSyncJobs', async () => {
    expect(await cloneUnder([{ kind: 'loseSyncJob' }])).toMatchObject({ ended: 'completed' });
  });

  test('its result is lost and it failed', async () => {
    const end = await cloneUnder([{ kind: 'loseAsyncResult' }, { kind: 'cloneFails', atPercent: 10 }], {
      behaviour: { ...quick, failedClone: 'removed' },
    });
    expectReadableFailure(end, { step: 'awaitClone' });
  });

  test('its result and its answer are lost', async () => {
    const lost: Fault[] = [{ kind: 'loseAsyncResult' }, { kind: 'actThenCut', method: 'CloneVolume', count: 1 }];
    expect(await cloneUnder(lost, { behaviour: { ...quick, cloneSeconds: 0 } })).toMatchObject({
      ended: 'completed',
      result: { cloneID: null, asyncHandle: null },
    });
  });

  test('a young volume refuses to be modified for a moment', async () => {
    const end = await cloneUnder([], { behaviour: { ...quick, youngVolumeSeconds: 3 } });
    expect(end).toMatchObject({ ended: 'completed' });
  });
});

describe.concurrent('somebody interferes', () => {
  const copying = async (service: Service) => {
    const handle = await service.start(request);
    await waitFor('the copy to run', () => ours(service.simulator.cluster.state()).jobs.length > 0);
    return { handle, clone: ours(service.simulator.cluster.state()).volumes[0]! };
  };
  const slow = { behaviour: { ...quick, cloneSeconds: 5 } };

  test('and deletes the clone while it is copied', () =>
    withService(slow, async (service) => {
      const { handle, clone } = await copying(service);
      service.simulator.cluster.act('DeleteVolume', { volumeID: clone.volumeID });
      expectReadableFailure(await expectInvariants(service.simulator, handle));
    }));

  test('and deletes the clone when it is done', () =>
    withService(
      { faults: [{ kind: 'slow', method: 'AddVolumesToVolumeAccessGroup', delayMs: 2_000 }] },
      async (service) => {
        const handle = await service.start(request);
        const { cluster } = service.simulator;
        await waitFor('the grant', () => cluster.calls.counts().byMethod['AddVolumesToVolumeAccessGroup']);
        cluster.act('DeleteVolume', { volumeID: ours(cluster.state()).volumes[0]!.volumeID });
        expectReadableFailure(await expectInvariants(service.simulator, handle));
      },
    ));

  test('and cancels the copy', () =>
    withService(slow, async (service) => {
      const { handle } = await copying(service);
      const [job] = service.simulator.cluster.state().cloneJobs;
      service.simulator.cluster.act('CancelClone', { cloneID: job!.cloneID });
      expectReadableFailure(await expectInvariants(service.simulator, handle), { step: 'awaitClone' });
    }));

  test.each(['continues', 'fails'] as const)(
    'and deletes the source while it is copied: the copy %s',
    (deleteSourceDuringClone) =>
      withService({ behaviour: { ...slow.behaviour, deleteSourceDuringClone } }, async (service) => {
        const { handle } = await copying(service);
        service.simulator.cluster.act('DeleteVolume', { volumeID: 42 });
        const end = await expectInvariants(service.simulator, handle, { groups });
        expect(end.ended).toBe(deleteSourceDuringClone === 'continues' ? 'completed' : 'failed');
      }),
  );

  test('and deletes our snapshot when the copy is done', () =>
    withService({ faults: [{ kind: 'slow', method: 'ModifyVolume', delayMs: 1_500 }] }, async (service) => {
      const handle = await service.start(request);
      const { cluster } = service.simulator;
      await waitFor('the change', () => cluster.calls.counts().byMethod['ModifyVolume']);
      cluster.act('DeleteSnapshot', { snapshotID: ours(cluster.state()).snapshots[0]!.snapshotID });
      expect(await expectInvariants(service.simulator, handle, { groups })).toMatchObject({ ended: 'completed' });
    }));

  test('and reads the result away', () =>
    withService(slow, async (service) => {
      const { handle } = await copying(service);
      const { cluster } = service.simulator;
      const asyncHandle = cluster.state().cloneJobs[0]!.asyncHandle;
      await waitFor('the end of the copy', () => cluster.state().asyncResults[0]?.completed);
      cluster.act('GetAsyncResult', { asyncHandle, keepResult: false });
      expect(await expectInvariants(service.simulator, handle, { groups })).toMatchObject({ ended: 'completed' });
    }));

  test('and takes the tag off: the volume is theirs now and stays', () =>
    withService({ ...slow, faults: [{ kind: 'cloneFails', atPercent: 90 }] }, async (service) => {
      const { handle, clone } = await copying(service);
      service.simulator.cluster.act('ModifyVolume', { volumeID: clone.volumeID, attributes: { mine: true } });
      expect(await ending(handle)).toMatchObject({ ended: 'failed' });
      const { volumes } = service.simulator.cluster.state();
      expect(volumes.find((v) => v.volumeID === clone.volumeID)?.status).not.toBe('deleted');
    }));

  test('and makes a clone of our clone, which inherits the tag: it is not taken for ours', () =>
    withService(
      { faults: [{ kind: 'slow', method: 'AddVolumesToVolumeAccessGroup', delayMs: 2_000, count: 1 }] },
      async (service) => {
        const handle = await service.start(request);
        const { cluster } = service.simulator;
        await waitFor('the grant', () => cluster.calls.counts().byMethod['AddVolumesToVolumeAccessGroup']);
        const [clone] = ours(cluster.state()).volumes;
        const { volumeID } = cluster.act('CloneVolume', { volumeID: clone!.volumeID, name: request.name });
        expect(await ending(handle)).toMatchObject({ ended: 'completed', result: { volumeID: clone!.volumeID } });
        expect(cluster.state().volumes.find((v) => v.volumeID === volumeID)?.status).not.toBe('deleted');
      },
    ));
});

test('a cluster that is down from the start is waited for, and given up at the deadline', () =>
  withService({ faults: [{ kind: 'refuse', durationMs: 60_000 }] }, async (service) => {
    const handle = await service.start({ ...request, deadline: '5s' });
    expectReadableFailure(await ending(handle), { step: 'preflight' });
    expectNothingLeft(service.simulator);
  }));
