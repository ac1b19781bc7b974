import { expect, onTestFinished, test } from 'vitest';
import { expectNothingLeft } from '../support/invariants.ts';
import { finishedClone, leaseByHand, leaseOf, volumeOf } from '../support/lease.ts';
import { ownTemporal } from '../support/own-temporal.ts';
import { startService } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';
import { kill, workerProcesses } from '../support/worker-processes.ts';

const HOUR = 3_600_000;
const behaviour = { cloneSeconds: 0.2, metadataSeconds: 0, youngVolumeSeconds: 0 };

test('a lease that is extended again and again goes on in new runs, and forgets nothing', async () => {
  const server = await ownTemporal({ 'limit.historyCount.suggestContinueAsNew': 60 });
  const service = await startService({ address: server.address, simulator: { behaviour } });
  onTestFinished(() => service.stop());
  const clone = await service.clone({ volumeID: 42, name: 'db-uat', lease: '1h', requestedBy: 'ann' });
  const lease = leaseOf(service, clone);
  for (let i = 1; i <= 40; i += 1) await lease.extend({ by: '1h', requestedBy: `caller-${i}` });
  const end = new Date(Date.parse(clone.lease!.endsAt) + 40 * HOUR).toISOString();
  expect(await lease.view()).toMatchObject({
    endsAt: end,
    extensions: 40,
    extendedBy: 'caller-40',
    requestedBy: 'ann',
  });
  const { raw, historyLength, memo } = await lease.handle.describe();
  expect(raw.workflowExecutionInfo?.firstRunId).not.toBe(raw.workflowExecutionInfo?.execution?.runId);
  expect(historyLength).toBeLessThan(150);
  expect(memo).toMatchObject({ lease: { endsAt: end, extensions: 40 } });

  service.simulator.cluster.act('DeleteVolume', { volumeID: clone.volumeID });
  expect(await lease.result()).toMatchObject({ outcome: 'gone', extensions: 40 });
});

test('Temporal and the worker are down over the end of leases: each volume goes afterwards, once', async () => {
  const server = await ownTemporal();
  const service = await startService({
    address: server.address,
    worker: false,
    simulator: { behaviour, faults: [{ kind: 'slowAnswer', method: 'DeleteVolume', delayMs: 20_000, count: 1 }] },
  });
  onTestFinished(() => service.stop());
  const { cluster } = service.simulator;
  const startWorker = await workerProcesses(service);
  const worker = startWorker();
  const clones = await Promise.all(
    ['a', 'b', 'c'].map((name) =>
      service.clone({ volumeID: 42, name, lease: '1s', volumeAccessGroups: ['uat-hosts'] }),
    ),
  );
  // One of them is being deleted, and nobody has heard that it is.
  await waitFor('a deletion', () => cluster.calls.log().some((c) => c.method === 'DeleteVolume'));
  await kill(worker);
  await server.restart({ signal: 'SIGKILL', downFor: 2_000 });
  startWorker();
  for (const clone of clones) {
    const lease = leaseOf(service, clone);
    const result = await waitFor(
      'the result',
      async () => (await lease.handle.describe()).status.name !== 'RUNNING',
    ).then(() => lease.result());
    expect(result).toMatchObject({ outcome: 'deleted' });
    expect(volumeOf(service, clone.volumeID)).toMatchObject({ status: 'deleted' });
  }
  expectNothingLeft(service.simulator);
  expect(cluster.calls.counts().byMethod['DeleteVolume']).toBe(3);
});

test('a hundred leases ask the cluster as often as one does, and each has a short history', async () => {
  const volumeIDs = Array.from({ length: 100 }, (_, i) => 1_001 + i);
  const service = await startService({
    times: { leaseLookMs: 3_000 },
    simulator: { state: { volumes: volumeIDs.map(finishedClone) } },
  });
  onTestFinished(() => service.stop());
  const leases = await Promise.all(
    volumeIDs.map(async (volumeID) => (await leaseByHand(service, volumeID, '1h')).lease.handle),
  );
  const { calls } = service.simulator.cluster;
  const looks = async () => {
    const counts = await Promise.all(
      leases.map(async (lease) => {
        const { raw } = await lease.describe();
        return raw.pendingActivities?.find((a) => a.activityType?.name === 'watchLease')?.attempt ?? 0;
      }),
    );
    return counts.every((n) => n > 1) ? counts.reduce((sum, n) => sum + n, 0) : undefined;
  };
  const before = await waitFor('every lease to have looked', looks);
  const [asked, since] = [calls.counts().total, Date.now()];
  const after = await waitFor('two hundred more looks', async () => {
    const now = (await looks()) ?? 0;
    return now - before >= 200 && now;
  });
  // Two ListVolumes in each pause, however many look.
  const more = calls.counts().total - asked;
  expect(more).toBeLessThanOrEqual(Math.ceil((Date.now() - since) / 1_500) + 1);
  expect(after - before).toBeGreaterThan(5 * more);
  const lengths = await Promise.all(leases.map(async (lease) => (await lease.describe()).historyLength));
  expect(Math.max(...lengths)).toBeLessThanOrEqual(20);
  await Promise.all(leases.map((lease) => lease.terminate()));
});
