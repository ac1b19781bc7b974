import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readTag, withoutTag } from '../../contracts/tag.ts';
import { ending, expectNothingLeft } from '../support/invariants.ts';
import { connect, leaseOf, volumeOf } from '../support/lease.ts';
import { startFleet, type ClusterOptions, type Fleet, type Service } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

const HOUR = 3_600_000;

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet();
});
afterAll(() => fleet.stop());

/** A cluster of its own for each test, all served by one worker. */
async function withService<T>(options: ClusterOptions, body: (service: Service) => Promise<T>): Promise<T> {
  const { simulator, ...others } = options;
  const service = await fleet.add({
    ...others,
    simulator: { ...simulator, behaviour: { cloneSeconds: 0.5, youngVolumeSeconds: 0, ...simulator?.behaviour } },
  });
  try {
    return await body(service);
  } finally {
    await service.stop();
  }
}

const request = { volumeID: 42, name: 'db-uat', requestedBy: 'ann' };

/** The volume of a clone, once there is one. */
const volumeNamed = (service: Service, name: string) =>
  waitFor(`volume ${name}`, () => service.simulator.cluster.state().volumes.find((v) => v.name === name));

const refusal = async (update: Promise<unknown>): Promise<ApplicationFailure> => {
  const err = await update.then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(err).toBeInstanceOf(WorkflowUpdateFailedError);
  return (err as WorkflowUpdateFailedError).cause as ApplicationFailure;
};

describe.concurrent('a lease', () => {
  test('deletes the clone when its time is over, and takes it out of its volume access groups', () =>
    withService({}, async (service) => {
      const handle = await service.start({ ...request, lease: '2s', volumeAccessGroups: ['uat-hosts', 2] });
      const clone = await handle.result();
      expect(clone.lease).toMatchObject({
        workflowID: `lease-of-volume-${clone.volumeID}-of-${service.alias}-on-${service.taskQueue}`,
      });
      // Counted from when the clone is ready.
      const late = Date.parse(clone.finishedAt) + 2_000 - Date.parse(clone.lease!.endsAt);
      expect(late).toBeGreaterThanOrEqual(0);
      expect(Date.parse(clone.lease!.endsAt)).toBeGreaterThan(Date.parse(clone.startedAt) + 2_000);

      const result = await leaseOf(service, clone).result();
      expect(result).toMatchObject({
        volumeID: clone.volumeID,
        outcome: 'deleted',
        endsAt: clone.lease!.endsAt,
        extensions: 0,
        sessionsCut: 0,
        message: expect.stringMatching(/^Volume \d+ was deleted\. Until the cluster purges it/),
      });
      expect(Date.parse(result.finishedAt)).toBeGreaterThanOrEqual(Date.parse(result.endsAt));
      expect(volumeOf(service, clone.volumeID)).toMatchObject({ status: 'deleted' });
      expectNothingLeft(service.simulator);
      const { byMethod } = service.simulator.cluster.calls.counts();
      expect(byMethod).toMatchObject({ DeleteVolume: 1, RemoveVolumesFromVolumeAccessGroup: 2 });
      expect(byMethod['PurgeDeletedVolume']).toBeUndefined();
    }));

  test('is written into the tag of the volume, and shows in lists without a worker', () =>
    withService({}, async (service) => {
      const clone = await service.clone({ ...request, lease: '1h' });
      expect(readTag(volumeOf(service, clone.volumeID)!['attributes'])).toMatchObject({
        volumeID: clone.volumeID,
        lease: clone.lease!.workflowID,
      });
      expect(withoutTag(clone.volume.attributes)).toEqual(clone.volume.attributes);
      const { memo, searchAttributes, type } = await leaseOf(service, clone).handle.describe();
      expect(type).toBe('cloneLease');
      expect(memo).toMatchObject({
        lease: {
          cluster: service.alias,
          volumeID: clone.volumeID,
          name: 'db-uat',
          state: 'running',
          requestedBy: 'ann',
        },
      });
      expect(searchAttributes).toMatchObject({
        ElementCluster: [service.alias],
        ElementPhase: ['waiting'],
        ElementCloneVolumeID: [clone.volumeID],
        ElementSourceVolumeID: [42],
      });
    }));

  test('lasts longer when it is extended, by and until', () =>
    withService({}, async (service) => {
      const clone = await service.clone({ ...request, lease: '1h' });
      const lease = leaseOf(service, clone);
      const first = Date.parse(clone.lease!.endsAt);
      expect(await lease.extend({ by: '2h', requestedBy: 'bob' })).toMatchObject({
        endsAt: new Date(first + 2 * HOUR).toISOString(),
        extensions: 1,
        extendedBy: 'bob',
      });
      const until = new Date(first + 5 * HOUR).toISOString();
      await lease.extend({ until });
      expect(await lease.view()).toMatchObject({ endsAt: until, extensions: 2, state: 'running' });
      expect((await lease.handle.describe()).memo).toMatchObject({ lease: { endsAt: until } });
    }));

  test('is never extended beyond its maximum, shortened, or changed by what makes no sense', () =>
    withService({}, async (service) => {
      const clone = await service.clone({ ...request, lease: '1h', leaseMax: '3d' });
      const lease = leaseOf(service, clone);
      const faults = async (extension: object) => (await refusal(lease.extend(extension))).details?.[0] as string[];
      expect(await faults({ by: '4d' })).toEqual([
        expect.stringMatching(
          /^by: the lease would end at .*Z, and must end by .*Z at the latest \(leaseMax .*release/,
        ),
      ]);
      expect(await faults({ until: '2099-01-01T00:00:00Z' })).toEqual([
        expect.stringMatching(/^until: .*at the latest/),
      ]);
      expect(await faults({ until: '2020-01-01T00:00:00Z' })).toEqual([expect.stringMatching(/^until: .*has passed/)]);
      const sooner = new Date(Date.parse(clone.lease!.endsAt) - 600_000).toISOString();
      expect(await faults({ until: sooner })).toEqual([expect.stringMatching(/^until: .*never shortened/)]);
      expect(await faults({ by: '24', until: 'tomorrow', for: 'me' })).toEqual([
        expect.stringMatching(/^for: unknown field/),
        expect.stringMatching(/^by: give either by or until/),
        expect.stringMatching(/^by: must be a duration with a unit/),
        expect.stringMatching(/^until: must be a time with a zone/),
      ]);
      expect(await faults({})).toEqual([expect.stringMatching(/^by: give either/)]);
      expect((await refusal(lease.handle.executeUpdate('release', { args: [{ why: 1 }] }))).type).toBe(
        'InvalidRequest',
      );
      expect((await refusal(lease.handle.executeUpdate('extend'))).type).toBe('InvalidRequest');
      const { endsAt, extensions } = await lease.view();
      expect({ endsAt, extensions }).toEqual({ endsAt: clone.lease!.endsAt, extensions: 0 });
      // Refusals leave no trace in the history.
      const { events } = await lease.handle.fetchHistory();
      expect(events!.filter((e) => e.workflowExecutionUpdateAcceptedEventAttributes)).toEqual([]);
    }));

  test('ends when it is released, and the volume stays for good', () =>
    withService({}, async (service) => {
      const clone = await service.clone({ ...request, lease: '1h' });
      const lease = leaseOf(service, clone);
      expect(await lease.release('bob')).toMatchObject({ state: 'ended', outcome: 'released' });
      expect(await lease.result()).toMatchObject({ outcome: 'released', releasedBy: 'bob' });
      expect(volumeOf(service, clone.volumeID)).toMatchObject({ status: 'active' });
      expect((await lease.handle.describe()).memo).toMatchObject({ lease: { state: 'ended', outcome: 'released' } });
    }));

  test('waits while hosts are connected, says so, and can still be extended', () =>
    withService({}, async (service) => {
      const handle = await service.start({ ...request, lease: '1s', leaseGrace: '1h' });
      const { volumeID } = await volumeNamed(service, 'db-uat');
      connect(service, volumeID, 'iqn.host-a', 'iqn.host-b');
      const clone = await handle.result();
      const lease = leaseOf(service, clone);
      const message = await waitFor('the lease to see the sessions', async () => {
        const { raw } = await lease.handle.describe();
        return raw.pendingActivities?.find((a) => a.activityType?.name === 'awaitUnused')?.lastFailure?.message;
      });
      expect(message).toMatch(
        /^volume \d+ is still used by 2 iSCSI sessions \(iqn\.host-a, iqn\.host-b\); it is deleted all the same at .*Z, unless/,
      );
      expect(await lease.view()).toMatchObject({
        state: 'ending',
        graceEndsAt: new Date(Date.parse(clone.lease!.endsAt) + HOUR).toISOString(),
      });
      const extended = await lease.extend({ by: '1h' });
      expect(extended).toMatchObject({ state: 'running', extensions: 1 });
      expect(Date.parse(extended.endsAt)).toBeGreaterThan(Date.parse(clone.lease!.endsAt) + HOUR);
      connect(service, volumeID);
      await lease.release();
      expect(volumeOf(service, volumeID)).toMatchObject({ status: 'active' });
    }));

  test('deletes the volume once the last host has gone', () =>
    withService({}, async (service) => {
      const handle = await service.start({ ...request, lease: '1s', leaseGrace: '1h' });
      const { volumeID } = await volumeNamed(service, 'db-uat');
      connect(service, volumeID, 'iqn.host-a');
      const lease = leaseOf(service, await handle.result());
      await waitFor('the lease to wait', async () => (await lease.view()).state === 'ending');
      connect(service, volumeID);
      expect(await lease.result()).toMatchObject({ outcome: 'deleted', sessionsCut: 0 });
    }));

  test('deletes the volume in spite of those who use it when the grace is over', () =>
    withService({}, async (service) => {
      const handle = await service.start({ ...request, lease: '1s', leaseGrace: '2s' });
      const { volumeID } = await volumeNamed(service, 'db-uat');
      connect(service, volumeID, 'iqn.host-a', 'iqn.host-b');
      const result = await leaseOf(service, await handle.result()).result();
      expect(result).toMatchObject({ outcome: 'deleted', sessionsCut: 2, message: expect.stringMatching(/2 iSCSI/) });
      expect(Date.parse(result.finishedAt)).toBeGreaterThanOrEqual(Date.parse(result.endsAt) + 2_000);
      expect(volumeOf(service, volumeID)).toMatchObject({ status: 'deleted' });
    }));

  test('waits while the volume is being cloned', () =>
    withService(
      { simulator: { behaviour: { copyRules: [{ name: 'a-clone-of-the-clone', cloneSeconds: 600 }] } } },
      async (service) => {
        const clone = await service.clone({ ...request, lease: '1m', leaseGrace: '1h' });
        const { cluster } = service.simulator;
        cluster.act('CloneVolume', { volumeID: clone.volumeID, name: 'a-clone-of-the-clone' });
        const lease = leaseOf(service, clone);
        // The end, brought forward: a lease of its own on the same volume, by hand.
        const second = await service.client.workflow.start('cloneLease', {
          workflowId: `by-hand-${service.alias}-${service.taskQueue}`,
          taskQueue: service.taskQueue,
          args: [{ cluster: service.alias, volumeID: clone.volumeID, lease: '1s' }],
        });
        const message = await waitFor('the lease to see the clone job', async () => {
          const { raw } = await second.describe();
          return raw.pendingActivities?.find((a) => a.activityType?.name === 'awaitUnused')?.lastFailure?.message;
        });
        expect(message).toMatch(/is still used by volume \d+, which is being cloned from it/);
        await second.cancel();
        await lease.release();
      },
    ));

  test('ends by itself when somebody deletes the volume', () =>
    withService({}, async (service) => {
      const clone = await service.clone({ ...request, lease: '24h' });
      service.simulator.cluster.act('DeleteVolume', { volumeID: clone.volumeID });
      expect(await leaseOf(service, clone).result()).toMatchObject({
        outcome: 'gone',
        message: expect.stringMatching(/gone: somebody deleted it/),
      });
      expect(service.simulator.cluster.calls.counts().byMethod['DeleteVolume']).toBeUndefined();
    }));

  test.each([
    ['its tag is taken off', (_id: number) => ({})],
    [
      'somebody else has tagged it',
      (id: number) => ({ 'element-clone': `v=1&step=clone&request=other&workflow=w&source=42&volume=${id}` }),
    ],
  ])('ends by itself when %s, and the volume stays', (_what, attributes) =>
    withService({}, async (service) => {
      const clone = await service.clone({ ...request, lease: '24h' });
      const { cluster } = service.simulator;
      cluster.act('ModifyVolume', { volumeID: clone.volumeID, attributes: attributes(clone.volumeID) });
      expect(await leaseOf(service, clone).result()).toMatchObject({
        outcome: 'notOurs',
        message: expect.stringMatching(/no longer carries the ownership tag of .*left alone/),
      });
      expect(volumeOf(service, clone.volumeID)).toMatchObject({ status: 'active' });
      expect(cluster.calls.counts().byMethod['DeleteVolume']).toBeUndefined();
    }),
  );

  test('leaves a volume alone that lost its tag at the very end', () =>
    withService(
      {
        times: { leaseLookMs: HOUR },
        simulator: { faults: [{ kind: 'slow', method: 'ListISCSISessions', delayMs: 3_000, count: 1 }] },
      },
      async (service) => {
        const clone = await service.clone({ ...request, lease: '1s' });
        const { cluster } = service.simulator;
        // The wait has seen the tag; the deletion looks again.
        await waitFor('the wait', () => cluster.calls.log().some((c) => c.method === 'ListISCSISessions'));
        cluster.act('ModifyVolume', { volumeID: clone.volumeID, attributes: {} });
        expect(await leaseOf(service, clone).result()).toMatchObject({ outcome: 'notOurs' });
        expect(volumeOf(service, clone.volumeID)).toMatchObject({ status: 'active' });
        expect(cluster.calls.counts().byMethod['DeleteVolume']).toBeUndefined();
      },
    ));

  test('that is cancelled leaves the volume', () =>
    withService({}, async (service) => {
      const clone = await service.clone({ ...request, lease: '1h' });
      const { handle } = leaseOf(service, clone);
      await handle.cancel();
      expect(await ending(handle)).toEqual({ ended: 'cancelled' });
      expect(volumeOf(service, clone.volumeID)).toMatchObject({ status: 'active' });
    }));

  test('is told of a change that comes too late', () =>
    withService(
      { simulator: { faults: [{ kind: 'slowAnswer', method: 'DeleteVolume', delayMs: 8_000, count: 1 }] } },
      async (service) => {
        const clone = await service.clone({ ...request, lease: '1s' });
        const lease = leaseOf(service, clone);
        await waitFor('DeleteVolume', () => volumeOf(service, clone.volumeID)?.status === 'deleted');
        const late = await refusal(lease.extend({ by: '1h' }));
        expect(late).toMatchObject({ type: 'LeaseOver', message: expect.stringMatching(/is being deleted/) });
        expect((await refusal(lease.release())).type).toBe('LeaseOver');
        await lease.handle.cancel();
        expect(await lease.result()).toMatchObject({ outcome: 'deleted' });
      },
    ));

  test('of each clone of a fan-out and of each member of a group is its own', () =>
    withService({}, async (service) => {
      const fanOut = await service.client.workflow.execute('cloneFanOut', {
        workflowId: `fan-out-${service.alias}-${service.taskQueue}`,
        taskQueue: service.taskQueue,
        args: [
          {
            ...{ cluster: service.alias, volumeID: 42, lease: '1h', leaseGrace: '5m' },
            clones: [{ name: 'dev-1' }, { name: 'dev-2', lease: '2s' }, { name: 'dev-3' }],
          },
        ],
      });
      const members = (fanOut as { succeeded: { name: string; lease: { workflowID: string; endsAt: string } }[] })
        .succeeded;
      expect(new Set(members.map((m) => m.lease.workflowID)).size).toBe(3);
      expect(await leaseOf(service, members[1]!).result()).toMatchObject({ outcome: 'deleted' });
      expect(await leaseOf(service, members[0]!).view()).toMatchObject({ state: 'running', name: 'dev-1' });

      const group = await (
        await service.startGroup({
          volumes: [
            { volumeID: 41, name: 'a' },
            { volumeID: 43, name: 'b', lease: '2s' },
            { volumeID: 60, name: 'c' },
          ],
          leaseMax: '2d',
        })
      ).result();
      expect(group.members.map((m) => m.lease !== undefined)).toEqual([false, true, false]);
      expect(await leaseOf(service, group.members[1]!).result()).toMatchObject({ outcome: 'deleted' });
      const left = service.simulator.cluster
        .state()
        .volumes.filter((v) => v.status === 'active' && readTag(v['attributes']));
      expect(left.map((v) => v.name).toSorted()).toEqual(['a', 'c', 'dev-1', 'dev-3']);
    }));
});

describe.concurrent('a lease started by hand', () => {
  const start = (service: Service, args: object, id = 'by-hand') =>
    service.client.workflow.start('cloneLease', {
      workflowId: `${id}-${service.alias}-${service.taskQueue}`,
      taskQueue: service.taskQueue,
      args: [args],
    });

  test('puts a lease on a clone that has none', () =>
    withService({}, async (service) => {
      const clone = await service.clone(request);
      expect(clone.lease).toBeUndefined();
      const lease = await start(service, { cluster: service.alias, volumeID: clone.volumeID, lease: '1s' });
      expect(await lease.result()).toMatchObject({ outcome: 'deleted' });
      expect((await lease.describe()).memo).toMatchObject({ lease: { name: 'db-uat', requestedBy: 'ann' } });
    }));

  test('is refused for anything else, with every fault', () =>
    withService({ leaseMaxMs: 24 * HOUR }, async (service) => {
      const faults = async (args: object, id: string) => {
        const end = await ending(await start(service, args, id));
        expect(end).toMatchObject({ ended: 'failed', type: 'InvalidRequest' });
        return (end as unknown as { details: string[] }).details;
      };
      expect(await faults({ cluster: service.alias, volumeID: 42, lease: '48h' }, 'source')).toEqual([
        expect.stringMatching(/^lease: is longer than leaseMaxDays allows, which is 1 in the worker's configuration/),
        expect.stringMatching(/^volumeID: volume 42 is no finished clone of this service/),
      ]);
      expect(await faults({ cluster: service.alias, volumeID: 9_999, lease: '1h' }, 'none')).toEqual([
        expect.stringMatching(/^volumeID: cluster lab-\d+ has no volume 9999/),
      ]);
      expect(await faults({ cluster: 'elsewhere', volumeID: 42, lease: '1h' }, 'elsewhere')).toEqual([
        expect.stringMatching(/^cluster: this worker knows no cluster "elsewhere"/),
      ]);
      expect(await faults({ cluster: service.alias, volumeID: 0, more: 1 }, 'garbage')).toEqual([
        expect.stringMatching(/^volumeID: must be/),
        expect.stringMatching(/^more: unknown field/),
        expect.stringMatching(/^lease: give either lease/),
      ]);
      const clone = await ending(await service.start({ ...request, lease: '2d' }));
      expect(clone).toMatchObject({ ended: 'failed', details: [expect.stringMatching(/^lease: is longer than/)] });
    }));
});
