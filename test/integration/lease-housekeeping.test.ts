import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { run } from '../../client/cli/program.ts';
import { CloneClient } from '../../client/index.ts';
import { reset } from '../support/reset.ts';
import { fakeIo } from '../support/fake-io.ts';
import { leaseByHand, leaseOf, volumeOf } from '../support/lease.ts';
import { startService, type Service } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

let service: Service;
let client: CloneClient;

beforeAll(async () => {
  service = await startService({ simulator: { behaviour: { cloneSeconds: 0.2, youngVolumeSeconds: 0 } } });
  client = new CloneClient(service.client, { taskQueue: service.taskQueue });
  vi.stubEnv('TEMPORAL_ADDRESS', service.address);
  vi.stubEnv('ELEMENT_CLONE_TASK_QUEUE', service.taskQueue);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await service?.stop();
});

/** A clone that is there, finished, while Temporal says of its workflow that it was terminated. */
async function finishedAndTerminated(name: string, fields: object = {}) {
  const handle = await service.start({ volumeID: 42, name, ...fields });
  const clone = await handle.result();
  const again = await reset(service.client, handle, 0);
  await again.terminate('test');
  return clone;
}

const orphanVolumes = async () => {
  const { orphans } = await client.orphans({ cluster: 'lab' });
  return orphans.filter((o) => o.kind === 'volume').map((o) => o.id);
};

test('orphans does not list a clone whose lease runs or was released, and does not delete it', async () => {
  const leased = await finishedAndTerminated('leased', { lease: '1h' });
  const released = await finishedAndTerminated('released', { lease: '1h' });
  await leaseOf(service, released).release();
  await leaseOf(service, released).result();
  const byHand = await finishedAndTerminated('by-hand');
  const { lease: handLease } = await leaseByHand(service, byHand.volumeID, '1h');
  const without = await finishedAndTerminated('without');
  const cancelled = await finishedAndTerminated('cancelled', { lease: '1h' });
  await leaseOf(service, cancelled).handle.cancel();
  await leaseOf(service, cancelled)
    .result()
    .catch(() => {});

  await waitFor('the index to know the lease by hand', async () =>
    (await client.leases.list({ volumeID: byHand.volumeID })).some((l) => l.request !== undefined),
  );
  expect(new Set(await orphanVolumes())).toEqual(new Set([without.volumeID, cancelled.volumeID]));
  await client.removeOrphans({ cluster: 'lab' });
  for (const { volumeID } of [leased, released, byHand]) {
    expect(volumeOf(service, volumeID)).toMatchObject({ status: 'active' });
  }
  for (const { volumeID } of [without, cancelled]) {
    expect(volumeOf(service, volumeID)).toMatchObject({ status: 'deleted' });
  }
  await handLease.release();
  await handLease.result();
  await waitFor('the index to know that it was released', async () =>
    (await client.leases.list({ volumeID: byHand.volumeID, ended: true })).some((l) => l.outcome === 'released'),
  );
  expect(await orphanVolumes()).toEqual([]);
});

test('inventory shows when a lease ends, as long as it runs', async () => {
  const clone = await service.clone({ volumeID: 42, name: 'in-stock', lease: '3h' });
  const lease = leaseOf(service, clone);
  const { endsAt } = await lease.extend({ by: '1h' });
  const ofClone = async () => (await client.inventory()).clones.find((c) => c.volumeID === clone.volumeID);
  const item = await waitFor('the index to know it', async () => {
    const found = await ofClone();
    return found?.leaseEndsAt === endsAt && found;
  });
  expect(item.lease).toBe(clone.lease!.workflowID);
  const io = fakeIo();
  await run(['inventory', '--cluster', 'lab'], io);
  const [head, ...rows] = io.stdout().split('\n');
  expect(head).toMatch(/ FOR +LEASE ENDS +SERIES /);
  expect(rows.find((r) => r.includes('in-stock'))).toContain(endsAt);
  await lease.release();
  await waitFor('the index to know that it is over', async () => (await ofClone())?.leaseEndsAt === null);
  expect((await ofClone())?.lease).toBe(clone.lease!.workflowID);
});
