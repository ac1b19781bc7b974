import { describe, expect, test } from 'vitest';
import type { Fault } from '../../simulator/index.ts';
import { ending, expectInvariants, expectReadableFailure, ours } from '../support/invariants.ts';
import type { Service } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';
import { called, copying, withService } from '../support/with-service.ts';

const request = { volumeID: 42, name: 'db-uat', modify: { access: 'readOnly' } };
const slow = (method: string, more: object = {}): Fault => ({
  kind: 'slow',
  method,
  delayMs: 2_500,
  count: 1,
  ...more,
});
const invariants = async (service: Service, more: object = {}) =>
  expectInvariants(service.simulator, await service.start({ ...request, ...more }));
const ownVolume = ({ simulator }: Service) => ours(simulator.cluster.state()).volumes[0]!.volumeID;
const lastLook = async (handle: { describe(): Promise<{ raw: { pendingActivities?: unknown } }> }) => {
  const pending = (await handle.describe()).raw.pendingActivities as { lastFailure?: { message?: string } }[];
  return pending[0]?.lastFailure?.message ?? '';
};

describe.concurrent('neither the job nor its result is there to be seen', () => {
  const unseen: Fault[] = [
    { kind: 'loseSyncJob' },
    { kind: 'loseAsyncResult' },
    { kind: 'error', method: 'GetAsyncResult', name: 'xDBNoSuchPath' },
  ];

  test('the result was lost with the end of the copy: the volume decides', () =>
    withService({ faults: [{ kind: 'loseSyncJob' }, { kind: 'loseAsyncResult' }] }, async (service) => {
      expect(await invariants(service)).toMatchObject({ ended: 'completed' });
    }));

  test('from the start: it waits for the volume, and says so', () =>
    withService({ faults: unseen, behaviour: { cloneSeconds: 5 } }, async (service) => {
      const handle = await service.start(request);
      await waitFor('the look to say what it sees', async () =>
        /^no clone job and no result to see; volume \d+ is still "init"/.test(await lastLook(handle)),
      );
      expect(await expectInvariants(service.simulator, handle)).toMatchObject({ ended: 'completed' });
    }));

  test('and the copy fails: a volume that is "init" for ever is given up at the deadline, with its state', () =>
    withService({ faults: [...unseen, { kind: 'cloneFails', atPercent: 10 }] }, async (service) => {
      const end = await invariants(service, { deadline: '20s' });
      expectReadableFailure(end, { step: 'awaitClone' });
      expect(end).toMatchObject({
        message: expect.stringMatching(
          /the deadline passed.* the last .* was: no clone job and no result to see; volume \d+ is still "init"/,
        ),
      });
    }));

  test('and the copy fails and takes the volume with it', () =>
    withService(
      { faults: [...unseen, { kind: 'cloneFails', atPercent: 10 }], behaviour: { failedClone: 'removed' } },
      async (service) => {
        const end = await invariants(service);
        expectReadableFailure(end, { step: 'awaitClone' });
        expect(end).toMatchObject({ message: expect.stringContaining('is gone') });
      },
    ));
});

test.concurrent(
  'a copy that stalls for ever is undone at its deadline and not before, and the failure tells of it',
  () =>
    withService(
      { faults: [{ kind: 'cloneStalls', atPercent: 40 }] },
      async (service) => {
        const end = await invariants(service, { deadline: '20s' });
        expectReadableFailure(end, { step: 'awaitClone' });
        expect(end).toMatchObject({
          message: expect.stringMatching(
            /the deadline passed.* the last .* was: 40 % · .* · stalled: no byte moved for/,
          ),
        });
      },
      { times: { stallMs: 2_000 } },
    ),
);

test.concurrent('a call that hangs until the deadline is told as such', () =>
  withService({ faults: [slow('GetLimits', { delayMs: 12_000 })] }, async (service) => {
    const end = await invariants(service, { deadline: '8s' });
    expectReadableFailure(end, { step: 'preflight' });
    expect(end).toMatchObject({ message: expect.stringContaining('the deadline passed before there was an answer') });
  }),
);

describe.concurrent('somebody deletes the clone', () => {
  test('and purges it while it is copied', () =>
    withService({ behaviour: { cloneSeconds: 5 } }, async (service) => {
      const handle = await service.start(request);
      await copying(service);
      const volumeID = ownVolume(service);
      service.simulator.cluster.act('DeleteVolume', { volumeID });
      service.simulator.cluster.act('PurgeDeletedVolume', { volumeID });
      expectReadableFailure(await expectInvariants(service.simulator, handle), { step: 'awaitClone' });
    }));

  test.each<[when: string, fault: Fault, step: string]>([
    ['when it is copied and before it is modified', slow('ModifyVolume'), 'modifyVolume'],
    ['before it is verified', slow('ListVolumes', { match: { volumeName: request.name } }), 'verifyClone'],
  ])('%s', async (_when, fault, step) =>
    withService({ faults: [fault] }, async (service) => {
      const handle = await service.start(request);
      const { cluster } = service.simulator;
      await waitFor('the call to be held', () => cluster.calls.log().some((c) => c.fault === 'slow'));
      const volumeID = ownVolume(service);
      cluster.act('DeleteVolume', { volumeID });
      const end = await expectInvariants(service.simulator, handle);
      expectReadableFailure(end, { step });
      expect(end).toMatchObject({ message: expect.stringContaining(`volume ${volumeID}, the clone, is gone`) });
    }),
  );
});

describe.concurrent('somebody deletes the source', () => {
  test.each<[when: string, method: string, step: string]>([
    ['before the snapshot', 'CreateSnapshot', 'createSnapshot'],
    ['after the snapshot', 'CloneVolume', 'startClone'],
  ])('%s: readable, and nothing is left', async (_when, method, step) =>
    withService({ faults: [slow(method)] }, async (service) => {
      const handle = await service.start(request);
      await called(service, method);
      service.simulator.cluster.act('DeleteVolume', { volumeID: 42 });
      const end = await expectInvariants(service.simulator, handle);
      expectReadableFailure(end, { step, method, apiName: 'xVolumeIDDoesNotExist' });
    }),
  );

  test('and purges it while it is copied, which takes the snapshot too', () =>
    withService({ behaviour: { cloneSeconds: 4 } }, async (service) => {
      const handle = await service.start(request);
      await copying(service);
      service.simulator.cluster.act('DeleteVolume', { volumeID: 42 });
      service.simulator.cluster.act('PurgeDeletedVolume', { volumeID: 42 });
      expectReadableFailure(await expectInvariants(service.simulator, handle), { step: 'awaitClone' });
    }));

  test('where the cluster refuses that: the copy ends', () =>
    withService({ behaviour: { cloneSeconds: 3, deleteSourceDuringClone: 'refused' } }, async (service) => {
      const handle = await service.start(request);
      await copying(service);
      expect(() => service.simulator.cluster.act('DeleteVolume', { volumeID: 42 })).toThrow(
        'source of a running clone',
      );
      expect(await expectInvariants(service.simulator, handle)).toMatchObject({ ended: 'completed' });
    }));

  test('after the copy failed: the snapshot is removed all the same', () =>
    withService({ faults: [{ kind: 'cloneFails' }, slow('DeleteVolume')] }, async (service) => {
      const handle = await service.start(request);
      await called(service, 'DeleteVolume');
      service.simulator.cluster.act('DeleteVolume', { volumeID: 42 });
      expectReadableFailure(await expectInvariants(service.simulator, handle), { step: 'awaitClone' });
    }));
});

describe.concurrent('the snapshot goes', () => {
  test('while it is copied: the cluster keeps it as long as it reads it', () =>
    withService({ behaviour: { cloneSeconds: 5 } }, async (service) => {
      const end = await invariants(service, { snapshot: { expiresIn: '2s' } });
      expect(end).toMatchObject({ ended: 'completed' });
    }));

  const theOnlySlot = { cloneJobsPerVolumeMax: 1 };
  const theirs = { copyRules: [{ name: 'of-somebody-else', cloneSeconds: 600 }] };
  /** Somebody's copy takes the only slot, and the clone waits for it. Gives back what makes the slot free. */
  const waiting = async (service: Service, more: object = {}) => {
    const { cluster } = service.simulator;
    const { cloneID } = cluster.act('CloneVolume', { volumeID: 42, name: 'of-somebody-else', attributes: {} });
    const handle = await service.start({ ...request, ...more });
    await waitFor('the wait for a slot', async () => /number 1 of 1 in line/.test(await lastLook(handle)));
    return { handle, free: () => void cluster.act('CancelClone', { cloneID }) };
  };

  test('while the clone waits for a slot: another is taken', () =>
    withService({ limits: theOnlySlot, behaviour: theirs }, async (service) => {
      const { handle, free } = await waiting(service);
      const { cluster } = service.simulator;
      const [first] = ours(cluster.state()).snapshots;
      cluster.act('DeleteSnapshot', { snapshotID: first!.snapshotID });
      free();
      const end = await expectInvariants(service.simulator, handle);
      expect(end).toMatchObject({ ended: 'completed', result: { snapshotDeleted: true } });
      expect(end).not.toMatchObject({ result: { snapshotID: first!.snapshotID } });
      expect(cluster.calls.counts().byMethod['CreateSnapshot']).toBe(2);
    }));

  test('and the answer of CloneVolume was lost too: one clone all the same', () =>
    withService({ faults: [{ kind: 'cutBefore', method: 'CloneVolume', count: 1 }] }, async (service) => {
      const handle = await service.start(request);
      await called(service, 'CloneVolume');
      const { cluster } = service.simulator;
      cluster.act('DeleteSnapshot', { snapshotID: ours(cluster.state()).snapshots[0]!.snapshotID });
      expect(await expectInvariants(service.simulator, handle)).toMatchObject({ ended: 'completed' });
    }));

  test('again and again, since it expires sooner than a slot is free: the failure says what to do', () =>
    withService(
      { faults: [{ kind: 'error', method: 'CloneVolume', name: 'xSnapshotIDDoesNotExist' }] },
      async (service) => {
        const end = await invariants(service, { snapshot: { expiresIn: '1h' } });
        expectReadableFailure(end, { step: 'startClone', method: 'CloneVolume', apiName: 'xSnapshotIDDoesNotExist' });
        expect(end).toMatchObject({
          message: expect.stringMatching(
            /snapshot \d+ of volume 42 expired or was deleted before .* kept for 01:00:00: leave snapshot\.expiresIn out/,
          ),
        });
        expect(service.simulator.cluster.calls.counts().byMethod['CreateSnapshot']).toBe(3);
      },
    ));

  test('and was the caller’s own: no other one is taken in its place', () =>
    withService({ limits: theOnlySlot, behaviour: theirs }, async (service) => {
      const { cluster } = service.simulator;
      const { snapshotID } = cluster.act('CreateSnapshot', { volumeID: 42 });
      const { handle, free } = await waiting(service, { snapshotID });
      cluster.act('DeleteSnapshot', { snapshotID });
      free();
      const end = await ending(handle);
      expectReadableFailure(end, { step: 'startClone', apiName: 'xSnapshotIDDoesNotExist' });
      expect(end).toMatchObject({ message: expect.stringContaining('choose another snapshot') });
      expect(ours(cluster.state(), handle.workflowId)).toMatchObject({ volumes: [], snapshots: [] });
      expect(cluster.calls.counts().byMethod['CreateSnapshot']).toBeUndefined();
    }));
});
