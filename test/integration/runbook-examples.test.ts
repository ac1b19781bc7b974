import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { run as runCLI } from '../../client/cli/program.ts';
import { CloneClient, DecisionRefusedError, RunbookFailedError } from '../../client/index.ts';
import type { Json, RunbookDocument } from '../../contracts/runbook/types.ts';
import { fakeIo, type FakeIo } from '../support/fake-io.ts';
import { startHookServer, type HookServer } from '../support/hook-server.ts';
import { expectNothingLeft, ours } from '../support/invariants.ts';
import { inGroup, quick } from '../support/refresh.ts';
import { startFleet, type Fleet, type Service } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

let server: HookServer;
let fleet: Fleet;
let client: CloneClient;
beforeAll(async () => {
  server = await startHookServer(['uat-db', 'app', 'migration']);
  fleet = await startFleet({ hooks: server.hooks });
  const service = await fleet.add();
  const { client: temporal, taskQueue, address } = service;
  await service.stop();
  client = new CloneClient(temporal, { taskQueue });
  vi.stubEnv('TEMPORAL_ADDRESS', address);
  vi.stubEnv('ELEMENT_CLONE_TASK_QUEUE', taskQueue);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await fleet?.stop();
  await server?.close();
});

const ascending = (a: number, b: number) => a - b;
const fileOf = (name: string) => fileURLToPath(new URL(`../../examples/runbooks/${name}.yaml`, import.meta.url));
const documentOf = async (name: string) => parse(await readFile(fileOf(name), 'utf8')) as RunbookDocument;

const onCluster = async (body: (service: Service) => Promise<void>) => {
  // Called as no other: leases are listed by cluster.
  const service = await fleet.add({ simulator: quick, alias: `lab-${randomUUID().slice(0, 8)}` });
  try {
    await body(service);
  } finally {
    await service.stop();
  }
};

const start = async (service: Service, name: string, inputs: Record<string, Json>) =>
  client.runbooks.start({ runbook: await documentOf(name), inputs: { cluster: service.alias, ...inputs } });

const cli = async (args: string[], io: FakeIo = fakeIo()) => {
  const code = await runCLI(['runbook', ...args], io);
  return { code, stdout: io.stdout(), stderr: io.stderr() };
};

const callsOf = (hook: string) => server.seen.map((s) => s.hook).filter((h) => h.startsWith(`${hook}/`));

describe.concurrent('the examples', () => {
  test('nightly-uat-refresh', () =>
    onCluster(async (service) => {
      server.answer('uat-db/health', { status: 200, body: '{"status": "good"}' });
      const run = await start(service, 'nightly-uat-refresh', { source: 42 });
      const { outputs } = await run.result();
      expect(outputs).toEqual({ generation: 1, healthy: true });
      expect(inGroup(service)).toHaveLength(1);
      expect(callsOf('uat-db')).toEqual(['uat-db/quiesce', 'uat-db/resume', 'uat-db/health']);

      // The next night the source is gone: the application runs again, with the generation that there was.
      const next = await start(service, 'nightly-uat-refresh', { source: 999 });
      await expect(next.result()).rejects.toBeInstanceOf(RunbookFailedError);
      expect(callsOf('uat-db').slice(3)).toEqual(['uat-db/quiesce', 'uat-db/resume']);
      expect(inGroup(service)).toHaveLength(1);
    }));

  test('developer-copies', () =>
    onCluster(async (service) => {
      const developers = Array.from({ length: 50 }, (_, i) => `dev${i + 1}`);
      const run = await start(service, 'developer-copies', { source: 42, developers });
      const { outputs } = await run.result();
      const { volumes, snapshots } = ours(service.simulator.cluster.state());
      expect(volumes.map((v) => v.volumeID).toSorted(ascending)).toEqual(
        (outputs['volumes'] as number[]).toSorted(ascending),
      );
      expect(new Set(volumes.map((v) => v['name'])).size).toBe(50);
      expect(snapshots).toEqual([]);
      const leases = await waitFor('fifty leases', async () => {
        const all = await client.leases.list({ cluster: service.alias });
        return all.length === 50 ? all : undefined;
      });
      expect(leases.every((l) => Date.parse(l.endsAt) > Date.now() + 71 * 3_600_000)).toBe(true);
      await Promise.all(
        leases.map((l) => client.temporal.workflow.getHandle(l.workflowId).terminate('end of the test')),
      );
    }));

  test('application-copy, from the command line', () =>
    onCluster(async (service) => {
      const inputs = [`cluster=${service.alias}`, 'volumes=[{volumeID: 41}, {volumeID: 42, name: copy-of-db}]'];
      const flags = inputs.flatMap((i) => ['--input', i]);
      const started = await cli(['run', fileOf('application-copy'), ...flags, '--detach']);
      expect(started.code).toBe(0);
      expect(started.stdout).toMatch(/^runbook-application-copy-[a-z0-9]{10}\n$/);
      const id = started.stdout.trim();
      await waitFor('it to be listed', async () => (await cli(['list', '--waiting'])).stdout.includes(id));
      expect((await cli(['list', '--waiting'])).stdout).toMatch(/waiting .*agree: dba or on-call until 20/);
      expect((await cli(['show', id])).stdout).toMatch(/\? agree .*\n.*· quiesce/);

      const refused = await cli(['approve', id, 'agree', '--as', 'intern']);
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('"intern" may not decide') as string });
      const approved = await cli(['approve', id, 'agree', '--as', 'dba', '--comment', 'go', '--output', 'json']);
      expect(approved).toMatchObject({ code: 0 });
      expect(JSON.parse(approved.stdout)).toMatchObject({ step: 'agree', decision: 'approve', who: 'dba' });
      const { outputs } = await client.runbooks.handle(id).result();
      expect(outputs['approvedBy']).toBe('dba');
      expect(inGroup(service)).toHaveLength(2);
      expect(callsOf('app')).toEqual(['app/quiesce', 'app/resume']);
      expect((await cli(['show', id])).stdout).toMatch(/✓ grant .*2 of 2 items/);

      const late = await client.runbooks
        .decide(id, { step: 'agree', decision: 'reject', who: 'dba' })
        .catch((e) => e as Error);
      expect(late).toBeInstanceOf(DecisionRefusedError);
      expect((late as Error).message).toMatch(/too late: .* has ended/);
    }));

  test('migration-rehearsal, from the command line, with its steps as they go', () =>
    onCluster(async (service) => {
      server.answer('migration/rehearse/62', { status: 200, body: '{"result": {"rows": 12, "seconds": 3}}' });
      const flags = ['--input', `cluster=${service.alias}`, '--input', 'source=42'];
      const { code, stdout, stderr } = await cli(['run', fileOf('migration-rehearsal'), ...flags]);
      expect({ code, stdout }).toEqual({
        code: 0,
        stdout: '✓ Runbook migration-rehearsal is done.\n  rows: 12\n  seconds: 3\n',
      });
      expect(stderr).toMatch(/✓ remove .*delete succeeded/);
      expectNothingLeft(service.simulator, undefined, service.before);

      server.answer('migration/rehearse/63', { status: 422, body: 'table missing' });
      const failed = await cli(['run', fileOf('migration-rehearsal'), ...flags, '--output', 'json']);
      expect(failed.code).toBe(1);
      expect(JSON.parse(failed.stdout)).toMatchObject({
        error: { code: 'RUNBOOK_FAILED', details: { step: 'migrate', leftBehind: [] } },
      });
      expectNothingLeft(service.simulator, undefined, service.before);
    }));
});

test('Ctrl-C leaves the run to go on; cancel ends and undoes it', () =>
  onCluster(async (service) => {
    const io = fakeIo({ terminal: true });
    const flags = ['--input', `cluster=${service.alias}`, '--input', 'volumes=[{volumeID: 41}]'];
    const running = cli(['run', fileOf('application-copy'), ...flags], io);
    await waitFor('the approval', () => io.stderr().includes('? agree'));
    io.interrupt();
    const { code, stderr } = await running;
    expect(code).toBe(130);
    expect(stderr).toContain('Stopped watching; the run goes on.');
    const id = /runbook show (\S+)/.exec(stderr)![1]!;
    const cancelled = await cli(['cancel', id]);
    expect(cancelled).toMatchObject({ code: 0, stdout: `Cancelled ${id}; what it had done was undone.\n` });
  }));

test('a schedule runs a runbook, and what cannot be run is refused with all its faults', () =>
  onCluster(async (service) => {
    const runbook = await documentOf('migration-rehearsal');
    const bad = { ...runbook, steps: [{ ...runbook.steps[0]!, needs: ['nope'] }, { id: 'two' }] };
    await expect(client.runbooks.start({ runbook: bad, inputs: { x: 1 } })).rejects.toMatchObject({
      faults: expect.arrayContaining([
        expect.stringContaining('there is no step "nope"') as string,
        expect.stringContaining('must do exactly one of') as string,
        expect.stringContaining('inputs.x: the runbook has no such input') as string,
        expect.stringContaining('inputs.source: is missing') as string,
      ]) as unknown,
    });
    const scheduleId = `rehearse-${service.alias}`;
    const simple = { name: 'simple', steps: [{ id: 'w', wait: { for: '1s' } }] };
    await client.schedules.create({
      id: scheduleId,
      type: 'runbook',
      request: { runbook: simple },
      every: '1d',
    } as never);
    try {
      await client.schedules.trigger(scheduleId);
      const done = await waitFor('the run', async () => {
        for await (const run of client.runbooks.list()) {
          if (run.workflowId.includes(`${scheduleId}@`) && run.status === 'COMPLETED') return run;
        }
        return undefined;
      });
      expect(done.name).toBe('simple');
    } finally {
      await client.schedules.delete(scheduleId);
    }
  }));
