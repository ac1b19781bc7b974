import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { workflowIDForRequest } from '../../contracts/workflow-id.ts';
import { ending } from '../support/invariants.ts';
import { leaseOf, volumeOf } from '../support/lease.ts';
import { reset } from '../support/reset.ts';
import { startFleet, type Fleet, type Service } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet();
});
afterAll(() => fleet.stop());

/** A cluster of its own for each test, all served by one worker. */
async function withService(body: (service: Service) => Promise<void>): Promise<void> {
  const service = await fleet.add({ simulator: { behaviour: { cloneSeconds: 0.2, youngVolumeSeconds: 0 } } });
  try {
    await body(service);
  } finally {
    await service.stop();
  }
}

const request = { volumeID: 42, name: 'db-uat', volumeAccessGroups: ['uat-hosts'] };

/** Answers to workflow tasks: the points to which a workflow can be reset. */
const countPoints = async (handle: WorkflowHandle) =>
  (await handle.fetchHistory()).events!.filter((e) => e.workflowTaskCompletedEventAttributes).length;

/** The last of them before the first event of this kind. */
async function pointBefore(handle: WorkflowHandle, kind: string): Promise<number> {
  const events = (await handle.fetchHistory()).events!;
  const at = events.findIndex((e) => (e as unknown as Record<string, unknown>)[kind] != null);
  return events.slice(0, at).filter((e) => e.workflowTaskCompletedEventAttributes).length - 1;
}

/** Every run of every lease on the cluster. */
async function leasesOf({ client, alias, taskQueue }: Service) {
  const query = `WorkflowType = 'cloneLease' AND ElementCluster = '${alias}' AND TaskQueue = '${taskQueue}'`;
  const found: { workflowId: string; status: string }[] = [];
  for await (const { workflowId, status } of client.workflow.list({ query })) {
    found.push({ workflowId, status: status.name });
  }
  return found;
}

const wasGone = (service: Service, volumeID: number) => volumeOf(service, volumeID)?.status === 'deleted';

describe.concurrent('a clone that is reset', () => {
  test('to whatever point keeps its one lease, with the end that was agreed on', () =>
    withService(async (service) => {
      const handle = await service.start({ ...request, lease: '1h' });
      const clone = await handle.result();
      const { endsAt } = await leaseOf(service, clone).extend({ by: '2h' });
      let run: WorkflowHandle = handle;
      for (let nth = (await countPoints(handle)) - 1; nth >= 0; nth -= 1) {
        run = await reset(service.client, handle, nth);
        // To after the start of the lease, the result is the one that was computed then.
        const { lease, volumeID } = (await run.result()) as typeof clone;
        expect({ nth, volumeID, workflowID: lease!.workflowID }).toEqual({
          ...{ nth, volumeID: clone.volumeID, workflowID: clone.lease!.workflowID },
        });
        expect([endsAt, clone.lease!.endsAt]).toContain(lease!.endsAt);
      }
      expect((await run.result()) as typeof clone).toMatchObject({ lease: { endsAt } });
      const running = [{ workflowId: clone.lease!.workflowID, status: 'RUNNING' }];
      expect(await waitFor('the index', async () => (await leasesOf(service)).length > 0 && leasesOf(service))).toEqual(
        running,
      );
      expect(await leaseOf(service, clone).view()).toMatchObject({ state: 'running', endsAt, extensions: 1 });
    }));

  test('stays released', () =>
    withService(async (service) => {
      const handle = await service.start({ ...request, lease: '1h' });
      const clone = await handle.result();
      await leaseOf(service, clone).release();
      const point = await pointBefore(handle, 'startChildWorkflowExecutionInitiatedEventAttributes');
      for (const nth of [point, 0]) {
        const again = await reset(service.client, handle, nth);
        expect(await again.result()).toMatchObject({ volumeID: clone.volumeID, lease: { ended: 'released' } });
      }
      expect(volumeOf(service, clone.volumeID)).toMatchObject({ status: 'active' });
      expect((await leasesOf(service)).filter((l) => l.status === 'RUNNING')).toEqual([]);
    }));

  test('after its lease has deleted it is made anew, with a lease of its own', () =>
    withService(async (service) => {
      const handle = await service.start({ ...request, lease: '1s' });
      const clone = await handle.result();
      expect(await leaseOf(service, clone).result()).toMatchObject({ outcome: 'deleted' });
      const again = (await (await reset(service.client, handle, 0)).result()) as typeof clone;
      expect(again.volumeID).not.toBe(clone.volumeID);
      expect(again.lease).not.toHaveProperty('ended');
      expect(await leaseOf(service, again).result()).toMatchObject({ outcome: 'deleted', volumeID: again.volumeID });
      expect(service.simulator.cluster.calls.counts().byMethod['DeleteVolume']).toBe(2);
    }));

  test.each([0, 3, 6])('to point %i and cancelled: the lease lives as long as the volume does', (nth) =>
    withService(async (service) => {
      const handle = await service.start({ ...request, lease: '1h' });
      const clone = await handle.result();
      const again = await reset(service.client, handle, nth);
      await again.cancel();
      await ending(again);
      const lease = leaseOf(service, clone);
      if (!wasGone(service, clone.volumeID)) {
        expect(await lease.view()).toMatchObject({ state: 'running' });
        expect((await lease.handle.describe()).status.name).toBe('RUNNING');
      } else await ending(lease);
      const live = service.simulator.cluster
        .state()
        .volumes.filter((v) => v.name === request.name && v.status === 'active');
      expect(live.length).toBeLessThanOrEqual(1);
    }),
  );

  test('of a group: each member keeps its own', () =>
    withService(async (service) => {
      const handle = await service.startGroup({
        volumes: [
          { volumeID: 41, name: 'a' },
          { volumeID: 43, name: 'b', lease: '2h' },
        ],
        lease: '1h',
      });
      const group = await handle.result();
      const ends = await Promise.all(
        group.members.map(async (m) => (await leaseOf(service, m).extend({ by: '1h' })).endsAt),
      );
      const point = await pointBefore(handle, 'startChildWorkflowExecutionInitiatedEventAttributes');
      for (const nth of [point, 0]) {
        const again = (await (await reset(service.client, handle, nth)).result()) as typeof group;
        expect(again.members.map((m) => m.lease)).toEqual(
          group.members.map((m, i) => ({ workflowID: m.lease!.workflowID, endsAt: ends[i] })),
        );
      }
      await waitFor('the index', async () => (await leasesOf(service)).length === 2);
    }));
});

test.concurrent('a requestId that is asked for again after its clone was terminated finds the lease', () =>
  withService(async (service) => {
    const requestId = `r-${service.alias}-${service.taskQueue}`;
    const options = { workflowId: workflowIDForRequest(requestId) };
    const wanted = { ...request, requestId, lease: '1h' };
    const handle = await service.start(wanted, options);
    const clone = await handle.result();
    const { endsAt } = await leaseOf(service, clone).extend({ by: '1h' });
    await (await reset(service.client, handle, 0)).terminate('test');
    const again = await (await service.start(wanted, options)).result();
    expect(again).toMatchObject({ volumeID: clone.volumeID, lease: { workflowID: clone.lease!.workflowID, endsAt } });
  }),
);

describe.concurrent('a lease that is reset', () => {
  test('deletes nothing twice', () =>
    withService(async (service) => {
      const clone = await service.clone({ ...request, lease: '1s' });
      const lease = leaseOf(service, clone);
      await lease.result();
      const again = await reset(
        service.client,
        lease.handle,
        await pointBefore(lease.handle, 'timerStartedEventAttributes'),
      );
      expect(await again.result()).toMatchObject({ outcome: 'gone' });
      expect(service.simulator.cluster.calls.counts().byMethod['DeleteVolume']).toBe(1);
    }));

  test('keeps the extensions that it had accepted', () =>
    withService(async (service) => {
      const clone = await service.clone({ ...request, lease: '1h' });
      const lease = leaseOf(service, clone);
      const { endsAt } = await lease.extend({ by: '1h' });
      await reset(service.client, lease.handle, 0);
      const view = await waitFor('the extension', async () => {
        const now = await lease.view();
        return now.extensions > 0 && now;
      });
      expect(view).toMatchObject({ state: 'running', endsAt });
    }));
});
