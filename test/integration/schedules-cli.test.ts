import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { run } from '../../client/cli/program.ts';
import type { ScheduleView } from '../../client/index.ts';
import { fakeIo, type FakeIo } from '../support/fake-io.ts';
import { startService, type Service } from '../support/service.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

let service: Service;
const made: string[] = [];

beforeAll(async () => {
  service = await startService({ simulator: { behaviour: { cloneSeconds: 1, youngVolumeSeconds: 0 } } });
  vi.stubEnv('TEMPORAL_ADDRESS', service.address);
  vi.stubEnv('ELEMENT_CLONE_TASK_QUEUE', service.taskQueue);
});
afterEach(async () => {
  for (const id of made.splice(0)) await ran('delete', id);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await service?.stop();
});

const ranWith = async (io: FakeIo, ...args: string[]) => {
  const code = await run(['schedule', ...args], io);
  return { code, stdout: io.stdout(), stderr: io.stderr() };
};
const ran = (...args: string[]) => ranWith(fakeIo(), ...args);
const newID = () => {
  const id = `cli-${randomUUID().slice(0, 8)}`;
  made.push(id);
  return id;
};
const clone = ['--type', 'cloneVolume', '--set', 'cluster=lab', '--set', 'volumeID=42', '--set', 'name=db-uat'];
const berlin = ['--at', 'MON-FRI 02:30', '--time-zone', 'Europe/Berlin'];
const json = async <T>(...args: string[]): Promise<T> =>
  JSON.parse((await ran(...args, '--output', 'json')).stdout) as T;

test('create says what will happen, twice is once, and another one is refused with what differs', async () => {
  const id = newID();
  const dry = await ran('create', id, ...clone, ...berlin, '--dry-run');
  expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing was changed. This would create') });
  expect((await ran('show', id)).code).toBe(1);
  const { code, stdout } = await ran('create', id, ...clone, ...berlin);
  expect(code).toBe(0);
  expect(stdout).toContain(`Created schedule ${id}: MON to FRI at 02:30, Europe/Berlin.`);
  expect(stdout).toContain('A time at which the run before is still running is skipped.');
  expect((await ran('create', id, ...clone, ...berlin)).stdout).toContain('there already, and the same');
  const other = await ran('create', id, ...clone, '--at', '03:00');
  expect(other.code).toBe(2);
  expect(other.stderr).toContain('times: MON to FRI at 02:30 → every day at 03:00');
  expect(other.stderr).toContain('timeZone: Europe/Berlin → UTC');
  expect(await json('create', id, ...clone, '--at', '03:00')).toMatchObject({
    error: { code: 'SCHEDULE_CONFLICT', scheduleId: id, differences: expect.any(Array) },
  });
});

test('faults name the field and the flag, and nothing is created', async () => {
  const id = newID();
  const { code, stderr } = await ran(
    'create',
    id,
    ...clone,
    '--cron',
    '61 * * * *',
    '--jitter',
    'x',
    '--set',
    'requestId=a',
  );
  expect(code).toBe(2);
  expect(stderr).toContain('cron.0 (--cron): minute "61" must be 0 to 59');
  expect(stderr).toContain('jitter (--jitter): must be a duration');
  expect(stderr).toContain('request.requestId: would make every run the first one over again');
  const none = await ran('create', id, ...clone);
  expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('says no time') });
  expect((await ran('show', id)).stderr).toContain(`There is no schedule "${id}"`);
});

test('a file holds the whole schedule; update shows what differs, asks, and changes it', async () => {
  const id = newID();
  const path = join(await tempDir(), 'schedule.yaml');
  await writeFile(
    path,
    `id: ${id}\ntype: cloneFanOut\nrequest:\n  cluster: lab\n  volumeID: 42\n  clones: [{ name: a }, { name: b }]\ncron: 0 5 * * SUN\n`,
  );
  expect((await ran('create', '--file', path)).code).toBe(0);
  expect(await json('show', id)).toMatchObject({
    definition: { type: 'cloneFanOut', calendars: [{ hour: '5', dayOfWeek: 'SUN' }] },
  });
  const change = ['update', id, '--overlap', 'bufferOne', '--set', 'priority=1'];
  const dry = await ran(...change, '--dry-run');
  expect(dry.stdout).toContain('request.priority: nothing → 1');
  expect(dry.stdout).toContain('overlap: skip → bufferOne');
  const declined = await ranWith(fakeIo({ terminal: true, answers: ['n'] }), ...change);
  expect(declined.stderr).toContain('Nothing was changed.');
  const changed = await ranWith(fakeIo({ terminal: true, answers: ['y'] }), ...change);
  expect(changed).toMatchObject({ code: 0, stdout: `Changed schedule ${id}.\n` });
  expect((await ran(...change)).stdout).toContain('the same already');
  expect(await json('show', id)).toMatchObject({
    definition: { overlap: 'bufferOne', request: { priority: 1, clones: [{ name: 'a' }, { name: 'b' }] } },
  });
});

test('show has the next five and the last ones, with outcome, in the zone and in UTC; list has the gist', async () => {
  const id = newID();
  await ran('create', id, ...clone, ...berlin);
  const trigger = await ran('trigger', id);
  expect(trigger.stdout).toMatch(new RegExp(`^Began schedule-${id}-20.*Z\\.`));
  await waitFor('the run', async () => (await json<ScheduleView>('show', id)).last[0]?.state === 'completed');
  await ran('pause', id, '--reason', 'storage maintenance');
  const { stdout } = await ran('show', id);
  expect(stdout).toMatch(/Clone volume 42 of lab → db-uat\n/);
  expect(stdout).toMatch(/State +paused\n/);
  expect(stdout).toMatch(/Last change +Paused 20.*Z: storage maintenance\n/);
  expect(stdout).toMatch(/When +MON to FRI at 02:30, Europe\/Berlin\n/);
  expect(stdout).toMatch(/On overlap +skip: skipped\n/);
  expect(stdout).toMatch(/So far +1 begun, 0 skipped for overlap, 0 missed\n/);
  const next = stdout.split('Next runs (not while it is paused)\n')[1]!.split('\n\n')[0]!.split('\n');
  expect(next).toHaveLength(6);
  expect(next[0]).toMatch(/^ +EUROPE\/BERLIN +UTC/);
  for (const line of next.slice(1)) {
    expect(line).toMatch(
      /^ +(Mon|Tue|Wed|Thu|Fri) 20\d\d-\d\d-\d\d 02:30:00 GMT\+[12] +20\d\d-\d\d-\d\dT0[01]:30:00Z +in \d+/,
    );
  }
  const runs = stdout.split('Last runs\n')[1]!.split('\n\n')[0]!.split('\n');
  expect(runs[1]).toMatch(new RegExp(`Z +done +clone-for-request-${id}@20.*Z +(triggered; )?volume \\d+$`));
  const listed = await waitFor('the index', async () => {
    const text = (await ran('list', '--cluster', 'lab')).stdout;
    return text.split('\n').find((l) => l.startsWith(id));
  });
  expect(listed).toMatch(
    /Clone volume 42 of lab → db-uat +MON to FRI at 02:30, Europe\/Berlin +paused +done \d+m?s ago/,
  );
  await ran('resume', id);
  expect((await ran('show', id)).stdout).toMatch(/State +active\n/);
});

test('backfill shows the times; every command has its document', async () => {
  const id = newID();
  await ran('create', id, ...clone, ...berlin);
  const range = ['--from', '2026-10-24T00:00:00Z', '--to', '2026-10-27T00:00:00Z'];
  const { stdout } = await ran('backfill', id, ...range, '--dry-run');
  expect(stdout).toMatch(/Mon 2026-10-26 02:30:00 GMT\+1 +2026-10-26T01:30:00Z\n/);
  expect(await json('backfill', id, ...range, '--dry-run')).toEqual({
    id,
    times: ['2026-10-26T01:30:00.000Z'],
    outcome: 'wouldBackfill',
  });
  expect(await json('pause', id)).toEqual({ id, paused: true });
  expect(await json('resume', id)).toEqual({ id, paused: false });
  expect(await json('trigger', id)).toMatchObject({ id, workflowId: expect.stringMatching(`^schedule-${id}-`) });
  expect(await json('delete', id)).toEqual({ id, deleted: true });
  expect(await json('delete', id)).toMatchObject({ error: { code: 'SCHEDULE_NOT_FOUND', scheduleId: id } });
  expect((await ran('delete', id)).code).toBe(1);
});

const document = (name: string, more = '') => `name: ${name}
cluster: lab
inputs:
  source: { type: volumeID }
  keep: { type: integer, default: 3 }
steps:
  - id: copy
    clone: { volumeID: '\${inputs.source}', name: ${name} }
  - id: pause
    needs: [copy]
    wait: { for: 1s }
${more}outputs:
  made: \${steps.copy.volumeID}
`;

test('a runbook is scheduled with its inputs, shown, run, changed, and refused where it is wrong', async () => {
  const id = newID();
  const dir = await tempDir();
  const [file, later, bad] = ['uat.yaml', 'later.yaml', 'bad.yaml'].map((name) => join(dir, name)) as [
    ...[string, string, string],
  ];
  const name = `rb-${id}`;
  await writeFile(file, document(name));
  await writeFile(
    later,
    document(name)
      .replace('for: 1s', 'for: 2s')
      .replace(/^ {2}keep.*\n/m, ''),
  );
  await writeFile(bad, document(name, '  - id: late\n    needs: [nobody]\n    wait: { fro: 1s }\n'));
  const runbook = ['--runbook', file, '--input', 'source=42'];

  const refused = await ran('create', id, '--runbook', bad, '--input', 'source=42', ...berlin);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain(`${bad}:13:13: steps.2.needs.0: there is no step "nobody"`);
  expect(refused.stderr).toContain(`${bad}:14:13: steps.2.wait.fro: unknown field`);
  const missing = await ran('create', id, '--runbook', file, '--input', 'sorce=42', ...berlin);
  expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining('--input sorce: the runbook has no such') });
  const none = await ran('create', id, '--runbook', file, ...berlin);
  expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('inputs.source') });
  const wrong = await ran('create', id, '--runbook', file, '--input', 'source=x', ...berlin);
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('--input source: must be a whole number') });
  expect((await ran('show', id)).code).toBe(1);

  const dry = await ran('create', id, ...runbook, ...berlin, '--dry-run');
  expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing was changed. This would create') });
  expect(await ran('create', id, ...runbook, '--input', 'keep=2', ...berlin)).toMatchObject({ code: 0 });
  expect((await ran('create', id, ...runbook, '--input', 'keep=2', ...berlin)).stdout).toContain('the same');
  expect((await ran('show', id)).stdout).toContain(`Runbook ${name}`);
  expect(await json('show', id)).toMatchObject({
    definition: {
      type: 'runbook',
      request: { runbook: { name, steps: [{ id: 'copy' }, { id: 'pause' }] }, inputs: { source: 42, keep: 2 } },
    },
  });

  expect((await ran('trigger', id)).code).toBe(0);
  const view = await waitFor('the run', async () => {
    const shown = await json<ScheduleView>('show', id);
    return shown.last[0]?.state === 'completed' && shown;
  });
  expect(service.simulator.cluster.state().volumes.filter((v) => v.name === name)).toHaveLength(1);
  expect(view.last[0]).toMatchObject({ state: 'completed' });

  const same = await ran('update', id, '--runbook', file);
  expect(same.stdout).toContain('the same already');
  const inputs = await ran('update', id, '--input', 'source=43', '--dry-run');
  expect(inputs.stdout).toContain('request.inputs.source: 42 → 43');
  const changed = await ran('update', id, '--runbook', later, '--dry-run');
  expect(changed.stdout).toContain('request.runbook.steps[pause].wait.for: 1s → 2s');
  expect(changed.stdout).toContain('request.inputs.keep: 2 → nothing');
  expect(changed.stdout).not.toContain('copy');
  const worse = await ran('update', id, '--runbook', bad);
  expect(worse).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`${bad}:13:13: steps.2.needs.0: there is no step "nobody"`),
  });
  expect(await ran('update', id, '--runbook', later, '--input', 'source=43')).toMatchObject({ code: 0 });
  expect(await json('show', id)).toMatchObject({
    definition: { request: { runbook: { steps: [{}, { wait: { for: '2s' } }] }, inputs: { source: 43 } } },
  });
});
