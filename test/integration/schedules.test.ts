import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CloneClient, ScheduleConflictError, type ScheduleInput, type ScheduleRun } from '../../client/index.ts';
import { timesBetween } from '../../client/schedules/matching-times.ts';
import { nominalTimeOf } from '../../contracts/scheduled-run.ts';
import { liveVolumes } from '../support/invariants.ts';
import { startService, type Service } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

let service: Service;
let clones: CloneClient;
const made: string[] = [];

beforeAll(async () => {
  service = await startService({
    simulator: {
      behaviour: {
        cloneSeconds: 1,
        youngVolumeSeconds: 0,
        copyRules: [{ name: 'takes-long', cloneSeconds: 600 }],
      },
    },
  });
  clones = new CloneClient(service.client, { taskQueue: service.taskQueue });
});
afterEach(async () => {
  for (const id of made.splice(0)) await clones.schedules.delete(id).catch(() => {});
});
afterAll(() => service?.stop());

const newID = (what: string) => {
  const id = `${what}-${randomUUID().slice(0, 8)}`;
  made.push(id);
  return id;
};
/** A schedule whose time is far off, so that it runs only when it is told to. */
const yearly = (id: string, fields: Record<string, unknown> = {}) =>
  ({
    id,
    type: 'cloneVolume',
    request: { cluster: 'lab', volumeID: 42, name: id },
    calendars: { month: 1, dayOfMonth: 1, year: 2090 },
    ...fields,
  }) as ScheduleInput<'cloneVolume'>;

const last = async (id: string, is: (run: ScheduleRun) => boolean) =>
  (await clones.schedules.describe(id)).last.find(is);
const volumes = (name: string) => liveVolumes(service.simulator, name);

describe('creating and changing', () => {
  test('the same schedule twice is one; a different one is refused with what differs, and changed by update', async () => {
    const id = newID('nightly');
    const input: ScheduleInput<'cloneVolume'> = {
      id,
      type: 'cloneVolume',
      request: { cluster: 'lab', volumeID: 42, name: 'db-uat', lease: '23h', modify: { qos: { maxIOPS: 5000 } } },
      at: ['MON-FRI 02:30', 'SAT 12:00'],
      cron: '*/20 8-18 * * *',
      every: { every: '6h', offset: '30m' },
      calendars: { second: [0, 30], month: 'JAN,DEC', year: '2027-2029', dayOfMonth: 1 },
      skip: { month: 12, dayOfMonth: 24, hour: 2, minute: 30 },
      timeZone: 'Europe/Berlin',
      jitter: '2m',
      from: '2026-01-01T00:00:00Z',
      until: '2089-01-01T00:00:00Z',
      overlap: 'bufferOne',
      catchUp: '2h',
      pauseOnFailure: true,
      note: 'for the UAT team',
    };
    expect(await clones.schedules.create(input, { dryRun: true })).toMatchObject({ outcome: 'wouldCreate' });
    expect(await clones.schedules.create(input)).toMatchObject({ id, outcome: 'created' });
    expect(await clones.schedules.create(input)).toMatchObject({ id, outcome: 'unchanged' });
    const view = await clones.schedules.describe(id);
    expect(view).toMatchObject({
      paused: false,
      definition: { note: 'for the UAT team' },
      last: [],
      title: 'Clone volume 42 of lab → db-uat',
    });
    expect(view.next).toHaveLength(5);
    // What the server gives back, written anew, is the same schedule.
    expect(await clones.schedules.update(view.definition)).toMatchObject({ outcome: 'unchanged', differences: [] });

    const changed = { ...input, overlap: 'skip', at: 'MON-FRI 03:00', jitter: undefined } as const;
    const conflict = await clones.schedules.create(changed).catch((err: unknown) => err);
    expect(conflict).toBeInstanceOf(ScheduleConflictError);
    const fields = ['times', 'jitter', 'overlap'];
    expect((conflict as ScheduleConflictError).differences.map((d) => d.field)).toEqual(fields);
    expect((conflict as ScheduleConflictError).message).toContain('overlap: bufferOne → skip');
    expect(await clones.schedules.update(changed, { dryRun: true })).toMatchObject({ outcome: 'wouldUpdate' });
    expect((await clones.schedules.describe(id)).definition).toEqual(view.definition);
    await clones.schedules.pause(id, 'maintenance');
    const updated = await clones.schedules.update(changed);
    expect(updated).toMatchObject({ outcome: 'updated', differences: fields.map((field) => ({ field })) });
    const after = await clones.schedules.describe(id);
    expect(after.definition).toEqual(updated.definition);
    expect(after).toMatchObject({ paused: true, stateNote: expect.stringMatching(/^Paused .*Z: maintenance$/) });
    expect(await clones.schedules.create(changed)).toMatchObject({ outcome: 'unchanged' });
  });

  test('two at once make one', async () => {
    const input = yearly(newID('twice'));
    const outcomes = await Promise.all([clones.schedules.create(input), clones.schedules.create(input)]);
    expect(outcomes.map((o) => o.outcome).toSorted()).toEqual(['created', 'unchanged']);
  });

  test('is listed by cluster and type, and gone when it is deleted', async () => {
    const [here, there] = [newID('here'), newID('there')];
    await clones.schedules.create(yearly(here));
    await clones.schedules.create(yearly(there, { request: { cluster: 'elsewhere', volumeID: 1, name: 'x' } }));
    const ids = async (filter: Parameters<typeof clones.schedules.list>[0]) => {
      const found: string[] = [];
      for await (const s of clones.schedules.list(filter)) found.push(s.id);
      return found;
    };
    await waitFor('the index', async () => (await ids({ cluster: 'elsewhere' })).includes(there));
    expect(await ids({ cluster: 'elsewhere' })).not.toContain(here);
    await waitFor('the index', async () => (await ids({ cluster: 'lab', type: 'cloneVolume' })).includes(here));
    expect(await ids({ type: 'findOrphans' })).not.toContain(here);
    await clones.schedules.delete(here);
    await expect(clones.schedules.describe(here)).rejects.toMatchObject({ code: 'SCHEDULE_NOT_FOUND' });
    await expect(clones.schedules.delete(here)).rejects.toMatchObject({ code: 'SCHEDULE_NOT_FOUND' });
  });
});

describe('running', () => {
  test('each time is a clone under a key of its own; backfilled, a time that has run is the same run', async () => {
    const id = newID('often');
    await clones.schedules.create({
      id,
      type: 'cloneVolume',
      request: { cluster: 'lab', volumeID: 42, name: id },
      every: '2s',
      jitter: '1s',
    });
    const done = await waitFor('a run', () => last(id, (r) => r.state === 'completed'), 90_000);
    await clones.schedules.pause(id);
    await waitFor('the runs to end', async () => (await clones.schedules.describe(id)).running.length === 0);
    const nominal = nominalTimeOf(done.workflowId!)!;
    expect(done.cloneWorkflowId).toBe(`clone-for-request-${id}@${new Date(nominal).toISOString().slice(0, 19)}Z`);
    expect(done.message).toMatch(/^volume \d+$/);
    expect(done.byHand).toBeUndefined();
    // Findable as a clone of the schedule, and as one in the list of clones.
    const clone = await clones.handle(done.cloneWorkflowId!).describe();
    expect(clone).toMatchObject({ type: 'cloneVolume', phase: 'done', series: id, cluster: 'lab' });

    const before = { volumes: volumes(id).length, taken: (await clones.schedules.describe(id)).counts.taken };
    const filled = await clones.schedules.backfill(id, {
      from: new Date(nominal),
      to: new Date(nominal + 1_500),
    });
    expect(filled.times).toHaveLength(1);
    const again = await waitFor('the run to be repeated', async () => {
      const view = await clones.schedules.describe(id);
      const repeated = view.last.filter((r) => r.workflowId === done.workflowId && r.state === 'completed');
      return view.counts.taken > before.taken && repeated.length === 2 && repeated;
    });
    expect(again.map((r) => r.message)).toEqual([done.message, done.message]);
    expect(new Set(again.map((r) => r.runId)).size).toBe(2);
    expect(volumes(id)).toHaveLength(before.volumes);
  });

  test('a time at which the run before still runs is skipped, and that is said; cancelling the run is no failure', async () => {
    const id = newID('overlaps');
    await clones.schedules.create({
      id,
      type: 'cloneVolume',
      request: { cluster: 'lab', volumeID: 41, name: 'takes-long' },
      every: '1s',
      pauseOnFailure: true,
    });
    const skipped = await waitFor('a skipped time', () => last(id, (r) => r.state === 'skipped'), 90_000);
    expect(skipped.message).toMatch(/^the run of 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ was still running$/);
    const view = await clones.schedules.describe(id);
    expect(view.counts.skipped).toBeGreaterThan(0);
    expect(view.running).toHaveLength(1);
    const busy = await clones.schedules.trigger(id).catch((err: unknown) => err);
    expect(busy).toMatchObject({ code: 'SCHEDULE_BUSY', workflowId: view.running[0] });
    const workflowId = view.running[0]!;
    const child = `clone-for-request-${id}@${workflowId.slice(-20)}`;
    await waitFor('the copy', () => volumes('takes-long').length > 0);
    // Nothing more begins by itself.
    await clones.schedules.pause(id, 'enough');
    await clones.handle(child).cancel();
    await waitFor('the run to end', async () => (await clones.schedules.describe(id)).running.length === 0);
    expect(await service.client.workflow.getHandle(workflowId).result()).toMatchObject({ outcome: 'cancelled' });
    expect((await clones.schedules.describe(id)).stateNote).toMatch(/: enough$/);
    expect(volumes('takes-long')).toEqual([]);
  });

  test('it pauses when a run fails and says why; what has failed is done by a backfill once it is put right', async () => {
    const id = newID('fails');
    const input = {
      id,
      type: 'cloneVolume',
      request: { cluster: 'lab', volumeID: 999_999, name: id },
      every: '2s',
      pauseOnFailure: true,
    } as const;
    await clones.schedules.create(input);
    const paused = await waitFor('the pause', async () => {
      const view = await clones.schedules.describe(id);
      return view.paused && view;
    });
    const failed = paused.last.find((r) => r.state === 'failed')!;
    expect(failed.message).toContain('volumeID');
    expect(paused.stateNote).toContain(`paused due to workflow failure: ${failed.workflowId}`);
    const gap = await waitFor('a time without a run', () => last(id, (r) => r.state === 'paused'));
    expect(gap).toMatchObject({ message: 'the schedule paused itself, since a run had failed' });

    await clones.schedules.update({ ...input, request: { ...input.request, volumeID: 42 } });
    const at = new Date(failed.scheduledAt);
    await clones.schedules.backfill(id, { from: at, to: at });
    await waitFor('the run to succeed', () =>
      last(id, (r) => r.workflowId === failed.workflowId && r.state === 'completed'),
    );
    expect(volumes(id)).toHaveLength(1);
    await clones.schedules.resume(id);
    expect(await clones.schedules.describe(id)).toMatchObject({ paused: false });
  });

  test('begins by hand, also while it is paused', async () => {
    const id = newID('by-hand');
    await clones.schedules.create(yearly(id));
    await clones.schedules.pause(id);
    const { workflowId } = await clones.schedules.trigger(id);
    expect(workflowId).toMatch(new RegExp(`^schedule-${id}-20.*Z$`));
    const run = await waitFor('the run', () => last(id, (r) => r.state === 'completed'));
    expect(run).toMatchObject({ workflowId, byHand: true });
    expect(volumes(id)).toHaveLength(1);
  });

  test('refreshes a series, each generation for the nominal time of its run; the same time twice is one generation', async () => {
    const id = newID('refresh');
    await clones.schedules.create({
      id,
      type: 'refreshClone',
      request: { series: id, keep: 3, clone: { cluster: 'lab', volumeID: 42 }, nameTemplate: `${id}-{HH}{mm}{ss}` },
      every: '1h',
    });
    // The time of yesterday, on the hour.
    const hour = Math.floor(Date.now() / 3_600_000) * 3_600_000;
    const time = new Date(hour - 86_400_000);
    const [name, nominalTime] = [`${id}-${time.toISOString().slice(11, 19).replaceAll(':', '')}`, time.toISOString()];
    for (const runs of [1, 2]) {
      expect(await clones.schedules.backfill(id, { from: time, to: time })).toEqual({ id, times: [nominalTime] });
      await waitFor(`run ${runs}`, async () => {
        const { last: all } = await clones.schedules.describe(id);
        return all.filter((r) => r.state === 'completed' && r.scheduledAt === nominalTime).length === runs;
      });
    }
    expect(volumes(name)).toHaveLength(1);
    const run = await last(id, (r) => r.scheduledAt === nominalTime);
    expect(await clones.handle<'refreshClone'>(run!.cloneWorkflowId!).result()).toMatchObject({
      nominalTime,
      series: id,
      generation: 1,
      volumes: [{ name }],
    });
  });

  test('reports orphans, and how many in the outcome', async () => {
    const id = newID('orphans');
    await clones.schedules.create({ id, type: 'findOrphans', request: { olderThan: '24h' }, every: '1d' });
    await clones.schedules.trigger(id);
    const run = await waitFor('the report', () => last(id, (r) => r.state === 'completed'));
    expect(run.message).toMatch(/^\d+ orphans?$/);
    expect(run.cloneWorkflowId).toBeUndefined();
  });
});

describe('backfill', () => {
  test('shows the times, and refuses a range that cannot be meant', async () => {
    const id = newID('hourly');
    await clones.schedules.create(yearly(id, { calendars: undefined, cron: '0 * * * *' }));
    const range = { from: '2026-01-01T00:00:00Z', to: '2026-01-01T03:00:00Z' };
    expect(await clones.schedules.backfill(id, range, { dryRun: true })).toEqual({
      id,
      times: [0, 1, 2, 3].map((h) => `2026-01-01T0${h}:00:00.000Z`),
    });
    for (const [bad, fault] of [
      [{ ...range, to: '2025-01-01T00:00:00Z' }, 'to: must not be before from'],
      [{ ...range, to: '2099-01-01T00:00:00Z' }, 'to: must not be in the future'],
      [{ ...range, from: 'yesterday' }, 'from: must be a moment'],
      [{ ...range, from: '2025-01-01T00:00:00Z' }, 'backfill at most 100 at once'],
    ] as const) {
      await expect(clones.schedules.backfill(id, bad)).rejects.toThrow(fault);
    }
    expect((await clones.schedules.describe(id)).counts.taken).toBe(0);
  });
});

describe('the hour that there is not, and the one that there is twice', () => {
  // Europe/Berlin: on 2026-03-29 2:00 is 3:00 at once, on 2026-10-25 3:00 is 2:00 once more.
  const times = async (fields: Record<string, unknown>, from: string, to: string) => {
    const id = newID('berlin');
    await clones.schedules.create(yearly(id, { calendars: undefined, timeZone: 'Europe/Berlin', ...fields }));
    const found = await timesBetween(service.client, id, Date.parse(from), Date.parse(to));
    return found.map((t) => new Date(t).toISOString().slice(5, 16));
  };

  test('a time of day that falls into the missing hour does not run on that day', async () => {
    const daily = await times({ at: '02:30' }, '2026-03-28T00:00:00Z', '2026-03-31T00:00:00Z');
    expect(daily).toEqual(['03-28T01:30', '03-30T00:30']);
  });

  test('one that falls into the doubled hour runs once, the second time', async () => {
    const daily = await times({ at: '02:30' }, '2026-10-24T00:00:00Z', '2026-10-27T00:00:00Z');
    expect(daily).toEqual(['10-24T00:30', '10-25T01:30', '10-26T01:30']);
  });

  test('every hour by the clock: none is missing in spring', async () => {
    const spring = await times({ cron: '30 * * * *' }, '2026-03-29T00:00:00Z', '2026-03-29T03:00:00Z');
    expect(spring).toEqual(['03-29T00:30', '03-29T01:30', '03-29T02:30']);
  });

  test('every hour by the clock: the doubled hour has one run, the first time', async () => {
    const autumn = await times({ cron: '30 * * * *' }, '2026-10-24T23:00:00Z', '2026-10-25T03:00:00Z');
    expect(autumn).toEqual(['10-24T23:30', '10-25T00:30', '10-25T02:30']);
  });

  test('in UTC, and as intervals, every day has its time', async () => {
    const range = ['2026-10-24T00:00:00Z', '2026-10-26T12:00:00Z'] as const;
    expect(await times({ at: '02:30', timeZone: 'UTC' }, ...range)).toEqual([
      '10-24T02:30',
      '10-25T02:30',
      '10-26T02:30',
    ]);
    expect(await times({ every: { every: '1d', offset: '150m' } }, ...range)).toEqual([
      '10-24T02:30',
      '10-25T02:30',
      '10-26T02:30',
    ]);
  });
});
