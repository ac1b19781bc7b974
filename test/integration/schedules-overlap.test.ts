import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CloneClient, type ScheduleInput } from '../../client/index.ts';
import type { OverlapPolicy } from '../../contracts/schedule.ts';
import { nominalTimeOf, scheduledRequestID } from '../../contracts/scheduled-run.ts';
import { workflowIDForRequest } from '../../contracts/workflow-id.ts';
import { liveVolumes } from '../support/invariants.ts';
import { startService, type Service } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

/** A source for each, so that none waits for the slots of another. */
const SOURCES = { bufferOne: 41, bufferAll: 42, cancelOther: 43, terminateOther: 60, allowAll: 61 } as const;
type Policy = keyof typeof SOURCES & OverlapPolicy;

let service: Service;
let clones: CloneClient;

beforeAll(async () => {
  service = await startService({
    simulator: {
      behaviour: {
        cloneSeconds: 1,
        youngVolumeSeconds: 0,
        // Nothing that runs ends by itself.
        copyRules: Object.keys(SOURCES).map((name) => ({ name, cloneSeconds: 36_000 })),
      },
    },
  });
  clones = new CloneClient(service.client, { taskQueue: service.taskQueue });
});
afterAll(() => service?.stop());

const volumes = (name: string) => liveVolumes(service.simulator, name);
const newID = (what: string) => `${what}-${randomUUID().slice(0, 8)}`;

/** A schedule with a time each second and a clone that lasts: its runs meet at once. */
async function crowd(policy: Policy) {
  const id = newID(policy);
  await clones.schedules.create({
    id,
    type: 'cloneVolume',
    request: { cluster: 'lab', volumeID: SOURCES[policy], name: policy },
    every: '1s',
    overlap: policy,
  });
  const runs = async () => (await clones.schedules.describe(id)).running;
  const first = await waitFor('the first run', async () => (await runs())[0], 90_000);
  const time = nominalTimeOf(first)!;
  return {
    first,
    runs,
    time,
    waits: async () => (await clones.schedules.describe(id)).last.some((r) => r.state === 'waiting'),
    cloneOf: (run: string) => workflowIDForRequest(scheduledRequestID(id, nominalTimeOf(run)!)),
    end: async () => {
      // With the schedule go the times that wait: paused, each would still have its turn, a second or more apiece.
      const begun = await runs();
      await clones.schedules.delete(id);
      for (const run of begun) await service.client.workflow.getHandle(run).cancel();
      await waitFor('the runs to end', async () => {
        const left = service.client.workflow.list({
          query: `TemporalScheduledById = '${id}' AND ExecutionStatus = 'Running'`,
        });
        let count = 0;
        for await (const run of left) {
          count++;
          await service.client.workflow.getHandle(run.workflowId).cancel();
        }
        return count === 0;
      });
      await waitFor('the volumes to be removed', () => volumes(policy).length === 0);
    },
  };
}

describe.concurrent('a time at which the run before still runs', () => {
  test.each(['bufferOne', 'bufferAll'] as const)('%s: waits, and begins when that one has ended', async (policy) => {
    const { first, runs, time, waits, cloneOf, end } = await crowd(policy);
    await waitFor('times that wait', waits, 90_000);
    expect(await runs()).toEqual([first]);
    await clones.handle(cloneOf(first)).cancel();
    const next = await waitFor('the next run', async () => (await runs()).find((r) => r !== first));
    // The first of those that came meanwhile, not the latest.
    expect(nominalTimeOf(next)).toBe(time + 1_000);
    expect(await service.client.workflow.getHandle(first).result()).toMatchObject({ outcome: 'cancelled' });
    await end();
  });

  test.each(['cancelOther', 'terminateOther'] as const)(
    '%s: takes the place of that one, which undoes what it made',
    async (policy) => {
      const { first, runs, cloneOf, end } = await crowd(policy);
      await waitFor('another run', async () => (await runs()).some((r) => r !== first), 90_000);
      const status = async (workflow: string) =>
        (await service.client.workflow.getHandle(workflow).describe()).status.name;
      await waitFor('the first to end', async () => (await status(first)) !== 'RUNNING');
      expect(await status(first)).toBe(policy === 'cancelOther' ? 'CANCELLED' : 'TERMINATED');
      await waitFor('its clone to end', async () => (await status(cloneOf(first))) !== 'RUNNING');
      expect(await status(cloneOf(first))).toBe('CANCELLED');
      await end();
    },
  );

  test('allowAll: runs beside it', async () => {
    const { runs, end } = await crowd('allowAll');
    await waitFor('two runs', async () => (await runs()).length >= 2, 90_000);
    await end();
  });
});

describe.concurrent('what else can be scheduled', () => {
  /** Runs once by hand; what the run made. */
  async function once(input: ScheduleInput) {
    await clones.schedules.create(input);
    await clones.schedules.trigger(input.id);
    const run = await waitFor('the run', async () =>
      (await clones.schedules.describe(input.id)).last.find((r) => r.state === 'completed'),
    );
    await clones.schedules.delete(input.id);
    return service.client.workflow.getHandle(run.cloneWorkflowId!).result();
  }
  const far = { calendars: { month: 1, dayOfMonth: 1, year: 2090 } };

  test('copyVolume: new content in the same volume', async () => {
    const id = newID('copy');
    const { volumeID: dstVolumeID } = await service.clone({ cluster: 'lab', volumeID: 7, name: id });
    const request = { cluster: 'lab', volumeID: 7, dstVolumeID };
    expect(await once({ id, type: 'copyVolume', request, ...far })).toMatchObject({
      sourceVolumeID: 7,
      dstVolumeID,
    });
  });

  test('cloneGroup', async () => {
    const id = newID('group');
    const request = { cluster: 'lab', volumes: [7, 12].map((volumeID) => ({ volumeID, name: `${id}-${volumeID}` })) };
    const result = await once({ id, type: 'cloneGroup', request, ...far });
    expect(result).toMatchObject({ members: [{ sourceVolumeID: 7 }, { sourceVolumeID: 12 }] });
  });

  test('cloneFanOut', async () => {
    const id = newID('fan-out');
    const request = { cluster: 'lab', volumeID: 12, clones: [{ name: `${id}-a` }, { name: `${id}-b` }] };
    const result = await once({ id, type: 'cloneFanOut', request, ...far });
    expect(result).toMatchObject({ succeeded: [{}, {}], failed: [] });
  });
});

test('after its end a schedule runs no more', async () => {
  const id = newID('ends');
  const until = new Date(Date.now() + 4_000).toISOString();
  await clones.schedules.create({
    id,
    type: 'findOrphans',
    request: { olderThan: '24h' },
    every: '1s',
    until,
    overlap: 'allowAll',
  });
  const over = await waitFor('the end', async () => {
    const view = await clones.schedules.describe(id);
    return view.next.length === 0 && view.running.length === 0 && Date.now() > Date.parse(until) && view;
  });
  expect(over.counts.taken).toBeGreaterThan(0);
  expect(over.last.every((r) => r.scheduledAt <= until)).toBe(true);
  await clones.schedules.delete(id);
});
