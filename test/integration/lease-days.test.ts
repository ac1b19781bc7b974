import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { expect, onTestFinished, test } from 'vitest';
import { AnswerCache } from '../../activities/index.ts';
import { leaseOf, volumeOf } from '../support/lease.ts';
import { startService, type Service } from '../support/service.ts';
import { startTimeSkipping } from '../support/time-skipping.ts';
import { waitFor } from '../support/wait.ts';

/*
 * Leases of days, on a server whose clock is moved. It moves only while no activity waits to be cancelled, so each test
 * has a server of its own, and steps over the end of a lease in real time.
 */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const SHORTLY = 2_000;

async function withDays(body: (service: Service, env: TestWorkflowEnvironment) => Promise<void>): Promise<void> {
  const env = await startTimeSkipping();
  onTestFinished(() => env.teardown());
  let question = 0;
  const service = await startService({
    address: env.address,
    times: { leaseLookMs: HOUR },
    // The clock of the cache would stand still while days pass: every look asks.
    answers: new AnswerCache(() => (question += DAY)),
    simulator: { behaviour: { cloneSeconds: 0.2, youngVolumeSeconds: 0 } },
  });
  try {
    await body(service, env);
  } finally {
    await service.stop();
  }
}

const request = { volumeID: 42, name: 'db-uat' };

/** Moves the clock to this long before the end of the lease, in milliseconds. */
async function sleepUntilBefore(env: TestWorkflowEnvironment, endsAt: string, ms: number): Promise<void> {
  await env.sleep(Date.parse(endsAt) - ms - (await env.currentTimeMs()));
}

const looksOf = (service: Service) =>
  service.simulator.cluster.calls.log().filter((c) => c.method === 'ListVolumes').length;

test('a clone lives for three days, is looked at seldom, and is gone then', () =>
  withDays(async (service, env) => {
    const clone = await service.clone({ ...request, lease: '72h' });
    const lease = leaseOf(service, clone);
    const before = looksOf(service);
    await sleepUntilBefore(env, clone.lease!.endsAt, HOUR);
    expect(await lease.view()).toMatchObject({ state: 'running' });
    expect(volumeOf(service, clone.volumeID)).toMatchObject({ status: 'active' });
    expect(looksOf(service) - before).toBeGreaterThan(50);
    expect(looksOf(service) - before).toBeLessThan(85);

    await sleepUntilBefore(env, clone.lease!.endsAt, SHORTLY);
    const result = await lease.result();
    expect(result).toMatchObject({ outcome: 'deleted', endsAt: clone.lease!.endsAt });
    expect(Date.parse(result.finishedAt) - Date.parse(result.endsAt)).toBeLessThan(HOUR);
    expect(volumeOf(service, clone.volumeID)).toMatchObject({ status: 'deleted' });
    // A warning a quarter before the end, at most a day: one activity, and nothing for the looks.
    const { events } = await lease.handle.fetchHistory();
    const activities = events!.flatMap((e) => e.activityTaskScheduledEventAttributes?.activityType?.name ?? []);
    expect(activities).toEqual(['checkLease', 'watchLease', 'warnOfLeaseEnd', 'awaitUnused', 'deleteLeased']);
    expect(events!.length).toBeLessThan(60);
  }));

test('a clone that is extended day by day lives for a month', () =>
  withDays(async (service, env) => {
    const clone = await service.clone({ ...request, lease: '24h', leaseMax: '3d' });
    const lease = leaseOf(service, clone);
    let { endsAt } = clone.lease!;
    for (let day = 1; day <= 30; day += 1) {
      await sleepUntilBefore(env, endsAt, HOUR);
      ({ endsAt } = await lease.extend({ by: '24h', requestedBy: `nightly-${day}` }));
    }
    expect(Date.parse(endsAt) - Date.parse(clone.lease!.endsAt)).toBe(30 * DAY);
    expect(volumeOf(service, clone.volumeID)).toMatchObject({ status: 'active' });
    await sleepUntilBefore(env, endsAt, SHORTLY);
    expect(await lease.result()).toMatchObject({ outcome: 'deleted', extensions: 30, endsAt });
  }));

test('a volume that somebody deletes on the second day ends its lease of a year within hours', () =>
  withDays(async (service, env) => {
    const clone = await service.clone({ ...request, lease: '365d' });
    const lease = leaseOf(service, clone);
    await env.sleep(30 * HOUR);
    service.simulator.cluster.act('DeleteVolume', { volumeID: clone.volumeID });
    // Once the lease has ended nothing moves this clock any more.
    const enough = new AbortController();
    const asleep = env.connection.withAbortSignal(enough.signal, () => env.sleep(2 * HOUR)).catch(() => {});
    const result = await lease.result();
    enough.abort();
    await asleep;
    expect(result).toMatchObject({ outcome: 'gone' });
    expect(Date.parse(result.finishedAt) - Date.parse(clone.finishedAt)).toBeLessThan(33 * HOUR);
  }));

test('a maximum counts from the moment of asking, so that a lease may go on for ever', () =>
  withDays(async (service, env) => {
    const clone = await service.clone({ ...request, lease: '10d' });
    const lease = leaseOf(service, clone);
    // Thirty days from now, when nothing is said.
    await expect(lease.extend({ by: '21d' })).rejects.toThrow(WorkflowUpdateFailedError);
    const first = await lease.extend({ by: '19d' });
    await env.sleep(28 * DAY);
    const second = await lease.extend({ by: '28d' });
    expect(Date.parse(second.endsAt) - Date.parse(first.endsAt)).toBe(28 * DAY);
    await lease.release();
    expect(volumeOf(service, clone.volumeID)).toMatchObject({ status: 'active' });
  }));

test('hosts keep a volume for the day of grace, and then it goes', () =>
  withDays(async (service, env) => {
    const { cluster } = service.simulator;
    const handle = await service.start({ ...request, lease: '48h' });
    const volume = await waitFor('the volume', () => cluster.state().volumes.find((v) => v.name === request.name));
    cluster.setSessions([{ volumeID: volume.volumeID, initiatorName: 'iqn.host' }]);
    const clone = await handle.result();
    const lease = leaseOf(service, clone);
    await sleepUntilBefore(env, clone.lease!.endsAt, SHORTLY);
    const view = await waitFor('the end', async () => {
      const now = await lease.view();
      return now.state === 'ending' && now;
    });
    expect(Date.parse(view.graceEndsAt!) - Date.parse(view.endsAt)).toBe(DAY);
    await lease.release();
    expect(volumeOf(service, clone.volumeID)).toMatchObject({ status: 'active' });
  }));
