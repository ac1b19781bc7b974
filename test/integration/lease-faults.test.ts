import { WorkflowUpdateFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CloneVolumeResult } from '../../contracts/clone-result.ts';
import type { Fault } from '../../simulator/index.ts';
import { ending, expectNothingLeft, ours } from '../support/invariants.ts';
import { connect, finishedClone, leaseByHand, leaseOf, volumeOf } from '../support/lease.ts';
import { startFleet, type ClusterOptions, type Fleet, type Service } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

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

const request = { volumeID: 42, name: 'db-uat', volumeAccessGroups: ['uat-hosts'] };

const names = (count: number) => Array.from({ length: count }, (_, i) => ({ name: `dev-${i}` }));
/** IDs that the simulated cluster gives to the first volumes that are made. */
const FIRST_ID = 62;

const fanOut = async (service: Service, fields: object): Promise<CloneVolumeResult[]> => {
  const { succeeded } = await service.client.workflow.execute<
    (r: unknown) => Promise<{ succeeded: CloneVolumeResult[] }>
  >('cloneFanOut', {
    workflowId: `fan-out-${service.alias}-${service.taskQueue}`,
    taskQueue: service.taskQueue,
    args: [{ cluster: service.alias, volumeID: 42, ...fields }],
  });
  return succeeded;
};

/** A clone whose lease is over, kept only by a host; the faults begin while it waits, and then the host leaves. */
async function overWith(service: Service, faults: Fault[]): Promise<CloneVolumeResult> {
  const { cluster } = service.simulator;
  const handle = await service.start({ ...request, lease: '1s', leaseGrace: '1h' });
  const { volumeID } = await waitFor('the volume', () => cluster.state().volumes.find((v) => v.name === request.name));
  connect(service, volumeID, 'iqn.host');
  const clone = await handle.result();
  const lease = leaseOf(service, clone);
  await waitFor('the end', async () => (await lease.view()).state === 'ending');
  cluster.faults.append(faults);
  connect(service, volumeID);
  return clone;
}

const KINDS: ((aim: { method: string; match?: Record<string, unknown> }) => Fault)[] = [
  (aim) => ({ kind: 'actThenCut', ...aim, count: 1 }),
  (aim) => ({ kind: 'cutThenActLater', ...aim, delayMs: 1_000, count: 1 }),
  (aim) => ({ kind: 'error', ...aim, name: 'xDBVersionMismatch', count: 2 }),
  (aim) => ({ kind: 'http503', ...aim, count: 2 }),
  (aim) => ({ kind: 'html200', ...aim, count: 1 }),
  (aim) => ({ kind: 'error', ...aim, name: 'xPermissionDenied', count: 2 }),
];

describe.concurrent('a lease deletes its clone', () => {
  test.each(['ListVolumes', 'ListISCSISessions', 'ListSyncJobs'])('whatever %s answers', (method) =>
    withService({}, async (service) => {
      const clone = await overWith(
        service,
        // Once each: whichever step meets them all in a row neither believes a refusal nor pauses for minutes.
        KINDS.map((fault) => ({ ...fault({ method }), count: 1 })),
      );
      expect(await leaseOf(service, clone).result()).toMatchObject({ outcome: 'deleted' });
      expectNothingLeft(service.simulator);
      expect(service.simulator.cluster.faults.list().filter((f) => f.fired > 0)).not.toHaveLength(0);
      expect(service.simulator.cluster.calls.counts().byMethod['DeleteVolume']).toBe(1);
    }),
  );

  test('whatever DeleteVolume and RemoveVolumesFromVolumeAccessGroup answer', () => {
    const aims = ['DeleteVolume', 'RemoveVolumesFromVolumeAccessGroup'].flatMap((method) =>
      KINDS.map(
        (fault) => (id: number) =>
          fault({ method, match: method === 'DeleteVolume' ? { volumeID: id } : { volumes: [id] } }),
      ),
    );
    const faults = aims.map((aim, i) => aim(FIRST_ID + i));
    return withService({ simulator: { faults, limits: { cloneJobsPerVolumeMax: 8 } } }, async (service) => {
      const clones = await fanOut(service, {
        clones: names(aims.length),
        lease: '1s',
        volumeAccessGroups: ['uat-hosts'],
      });
      for (const clone of clones) {
        expect(await leaseOf(service, clone).result()).toMatchObject({ outcome: 'deleted' });
        expect(volumeOf(service, clone.volumeID)).toMatchObject({ status: 'deleted' });
      }
      expectNothingLeft(service.simulator);
      expect(service.simulator.cluster.faults.list().every((f) => f.fired > 0)).toBe(true);
    });
  });
});

describe.concurrent('a lease whose clone the cluster refuses to delete', () => {
  const refusing: Fault = { kind: 'error', method: 'DeleteVolume', name: 'xVolumeHasProtection', message: 'protected' };

  test('says so, gives the access back, tries again, and can be extended meanwhile', () =>
    withService({}, async (service) => {
      const clone = await overWith(service, [refusing]);
      const lease = leaseOf(service, clone);
      const view = await waitFor('a refusal', async () => {
        const now = await lease.view();
        return now.problem !== undefined && now;
      });
      expect(view).toMatchObject({ state: 'ending', problem: expect.stringMatching(/DeleteVolume.*protected/) });
      expect((await lease.handle.describe()).memo).toMatchObject({ lease: { problem: view.problem } });
      expect(volumeOf(service, clone.volumeID)).toMatchObject({ status: 'active' });
      expect(ours(service.simulator.cluster.state()).memberships).toEqual(['uat-hosts']);
      expect(await lease.extend({ by: '1h' })).not.toHaveProperty('problem');
      await lease.release();
      expect(volumeOf(service, clone.volumeID)).toMatchObject({ status: 'active' });
    }));

  test('lets nobody change anything while a call without an answer may still delete it', () =>
    withService({ times: { settleMs: 20_000 } }, async (service) => {
      const clone = await overWith(service, [
        { kind: 'cutThenActLater', method: 'DeleteVolume', delayMs: 6_000, count: 1 },
        refusing,
      ]);
      const lease = leaseOf(service, clone);
      const { calls } = service.simulator.cluster;
      await waitFor(
        'a refusal after the lost call',
        () => calls.log().filter((c) => c.method === 'DeleteVolume').length > 1,
      );
      await expect(lease.extend({ by: '1h' })).rejects.toBeInstanceOf(WorkflowUpdateFailedError);
      expect(await lease.result()).toMatchObject({ outcome: 'deleted' });
      expect(volumeOf(service, clone.volumeID)).toMatchObject({ status: 'deleted' });
    }));
});

describe.concurrent('what cannot be seen', () => {
  test('sessions: the volume is kept for the grace, and then goes', () =>
    withService({}, async (service) => {
      const { cluster } = service.simulator;
      cluster.faults.append([{ kind: 'error', method: 'ListISCSISessions', name: 'xPermissionDenied' }]);
      const clone = await service.clone({ ...request, lease: '1s', leaseGrace: '6s' });
      const lease = leaseOf(service, clone);
      const message = await waitFor('the wait', async () => {
        const { raw } = await lease.handle.describe();
        return raw.pendingActivities?.find((a) => a.activityType?.name === 'awaitUnused')?.lastFailure?.message;
      });
      expect(message).toMatch(
        /used by perhaps somebody: its iSCSI sessions cannot be seen \(ListISCSISessions.*xPermissionDenied/,
      );
      expect(await lease.result()).toMatchObject({ outcome: 'deleted', sessionsCut: 0 });
    }));

  test('the cluster, over the end of the lease: nothing is decided until it answers', () =>
    withService({}, async (service) => {
      const clone = await overWith(service, [{ kind: 'http503', method: '*' }]);
      const lease = leaseOf(service, clone);
      await waitFor('a look in vain', async () => {
        const { raw } = await lease.handle.describe();
        return raw.pendingActivities?.some((a) => a.activityType?.name === 'awaitUnused' && (a.attempt ?? 0) > 1);
      });
      // Nothing has been sent that could delete it, so there is still time.
      expect(await lease.extend({ by: '1h' })).toMatchObject({ state: 'running' });
      service.simulator.cluster.faults.clear();
      await lease.release();
      expect(volumeOf(service, clone.volumeID)).toMatchObject({ status: 'active' });
    }));

  test('the volumes, for now: the lease goes on', () =>
    withService({}, async (service) => {
      const clone = await service.clone({ ...request, lease: '1h' });
      service.simulator.cluster.faults.append([{ kind: 'error', method: 'ListVolumes', name: 'xPermissionDenied' }]);
      const lease = leaseOf(service, clone);
      const message = await waitFor('a look in vain', async () => {
        const { raw } = await lease.handle.describe();
        const failure = raw.pendingActivities?.find((a) => a.activityType?.name === 'watchLease')?.lastFailure;
        return /cannot be looked at/.test(failure?.message ?? '') && failure?.message;
      });
      expect(message).toMatch(/tried again: ListVolumes.*xPermissionDenied/);
      service.simulator.cluster.faults.clear();
      service.simulator.cluster.act('DeleteVolume', { volumeID: clone.volumeID });
      expect(await lease.result()).toMatchObject({ outcome: 'gone' });
    }));
});

test.concurrent(
  'an extension that arrives at the very end is kept, or refused: never accepted for a volume that goes',
  () => {
    const volumeIDs = Array.from({ length: 24 }, (_, i) => 1_001 + i);
    return withService({ simulator: { state: { volumes: volumeIDs.map(finishedClone) } } }, async (service) => {
      const leases = await Promise.all(
        volumeIDs.map(async (volumeID) => ({ volumeID, ...(await leaseByHand(service, volumeID, '10s')) })),
      );
      const outcomes = await Promise.all(
        leases.map(async ({ volumeID, lease, endsAt }, i) => {
          // From a little before the end to a little after it.
          const at = endsAt - 600 + (i * 1_800) / leases.length;
          await waitFor('the end', () => Date.now() >= at);
          const accepted = await lease.extend({ by: '24h' }).then(
            () => true,
            () => false,
          );
          return { volumeID, lease, accepted };
        }),
      );
      for (const { lease, accepted } of outcomes) {
        if (!accepted) expect(await lease.result()).toMatchObject({ outcome: 'deleted' });
      }
      for (const { volumeID, lease, accepted } of outcomes) {
        const status = volumeOf(service, volumeID)?.status;
        expect({ accepted, status }).toEqual({ accepted, status: accepted ? 'active' : 'deleted' });
        if (accepted) expect(await lease.view()).toMatchObject({ state: 'running', extensions: 1 });
      }
    });
  },
);

test.concurrent('a clone that can have no lease fails and says why, and leaves nothing unless it was to be kept', () =>
  withService({}, async (service) => {
    const ids = Array.from({ length: 40 }, (_, i) => i + 62);
    // Somebody holds the IDs that the lease of the next volume may have.
    const squatters = await Promise.all(
      ids.map((id) =>
        service.client.workflow.start('cloneSlots', {
          workflowId: `lease-of-volume-${id}-of-${service.alias}-on-${service.taskQueue}`,
          taskQueue: service.taskQueue,
          args: [{ cluster: service.alias }],
        }),
      ),
    );
    const end = await ending(await service.start({ ...request, lease: '1h' }));
    expect(end).toMatchObject({
      ended: 'failed',
      type: 'CloneFailed',
      message: expect.stringMatching(
        /failed in step startLease: .*runs already and is not the lease of this clone.*release/,
      ),
    });
    expectNothingLeft(service.simulator);
    const kept = await ending(await service.start({ ...request, lease: '1h', onFailure: 'keep' }));
    expect(kept).toMatchObject({
      ended: 'failed',
      message: expect.stringMatching(/failed in step startLease: .*Nothing was undone, as the request asked/),
      details: { leftBehind: expect.arrayContaining([expect.objectContaining({ kind: 'volume' })]) },
    });
    expect(ours(service.simulator.cluster.state()).volumes).toMatchObject([{ name: 'db-uat', status: 'active' }]);
    await Promise.all(squatters.map((s) => s.terminate()));
  }),
);

test.concurrent('sessions that come back in the last moment keep the volume', () =>
  withService(
    { simulator: { faults: [{ kind: 'slow', method: 'ListISCSISessions', delayMs: 2_000, skip: 1, count: 1 }] } },
    async (service) => {
      const clone = await service.clone({ ...request, lease: '1s', leaseGrace: '1h' });
      const { cluster } = service.simulator;
      // The second question is that of the deletion.
      await waitFor(
        'the deletion to ask',
        () => cluster.calls.log().filter((c) => c.method === 'ListISCSISessions').length > 1,
      );
      connect(service, clone.volumeID, 'iqn.late');
      const lease = leaseOf(service, clone);
      await waitFor('the wait', async () => {
        const { raw } = await lease.handle.describe();
        return /iqn\.late/.test(raw.pendingActivities?.[0]?.lastFailure?.message ?? '');
      });
      expect(cluster.calls.counts().byMethod['DeleteVolume']).toBeUndefined();
      connect(service, clone.volumeID);
      expect(await lease.result()).toMatchObject({ outcome: 'deleted' });
    },
  ),
);
