import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WorkflowFailedError } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { CloneClient } from '../../client/index.ts';
import { startSimulator, type RunningSimulator } from '../../simulator/index.ts';
import { examine, type Check } from '../../worker/doctor.ts';
import type { HealthReport } from '../../worker/monitoring/health.ts';
import { freePort } from '../support/free-port.ts';
import { startService, type Service } from '../support/service.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';
import { workerProcesses } from '../support/worker-processes.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

/** The centre reaches `lab` and knows of `far`; the worker at the site reaches `far` alone. */
let service: Service;
let far: RunningSimulator;
let dir: string;
let siteQueue: string;
let health: string;

const centre = () => `clusters:
  lab:
    endpoint: ${service.simulator.endpoint}
    username: admin
    password: { env: LAB_PASSWORD }
    tls: { caFile: ${join(dir, 'lab.pem')} }
    settleSeconds: 2
    pollCapSeconds: 2
  far:
    taskQueue: ${siteQueue}
`;

const site = () => `workflows: false
clusters:
  far:
    taskQueue: ${siteQueue}
    endpoint: ${far.endpoint}
    username: admin
    password: { env: FAR_PASSWORD }
    tls: { caFile: ${join(dir, 'far.pem')} }
    settleSeconds: 2
    pollCapSeconds: 2
`;

beforeAll(async () => {
  const quick = { behaviour: { cloneSeconds: 0.5, youngVolumeSeconds: 0 } };
  service = await startService({ worker: false, simulator: quick });
  far = await startSimulator({ seed: 8, ...quick, password: 'only-at-the-site' });
  siteQueue = `${service.taskQueue}/far`;
});
afterAll(async () => {
  await far?.close();
  await service?.stop();
});

const calls = ({ cluster }: RunningSimulator) => cluster.calls.counts().total;

async function doctor(configuration: string, env: NodeJS.ProcessEnv): Promise<Record<string, Omit<Check, 'check'>>> {
  const configPath = join(dir, 'doctor.yaml');
  await writeFile(configPath, configuration);
  const found: Record<string, Omit<Check, 'check'>> = {};
  const all = { TEMPORAL_ADDRESS: service.address, ELEMENT_CLONE_TASK_QUEUE: service.taskQueue, ...env };
  for await (const { check, ...finding } of examine({ configPath, env: all })) found[check] = finding;
  return found;
}

async function readyz(): Promise<HealthReport> {
  return (await (await fetch(`${health}/readyz`)).json()) as HealthReport;
}

test('a cluster of another site is served there and nowhere else, and who is missing is told', async () => {
  dir = await tempDir();
  await writeFile(join(dir, 'lab.pem'), service.simulator.caPem);
  await writeFile(join(dir, 'far.pem'), far.caPem);
  const port = await freePort();
  health = `http://127.0.0.1:${port}`;
  const startCentre = await workerProcesses(service, {
    config: centre(),
    env: { ELEMENT_CLONE_MONITORING: String(port) },
  });
  startCentre();

  // Nobody is at the site yet: the centre's clones are as ever, the site's wait, and it can be seen for whom.
  const near = await (await service.start({ volumeID: 42, name: 'near' })).result();
  expect(near.cluster).toBe('lab');
  const client = new CloneClient(service.client, { taskQueue: service.taskQueue });
  const request = { cluster: 'far', volumeID: 42, name: 'there', lease: '1h', snapshot: { retention: 'delete' } };
  const waiting = await service.start(request);
  await waitFor('the wait for the site to be told', async () =>
    (await client.handle(waiting.workflowId).describe()).progress.message.includes(siteQueue),
  );
  expect((await client.handle(waiting.workflowId).describe()).progress.message).toContain('waiting for a worker');
  const alone = await doctor(centre(), { LAB_PASSWORD: 'simulator' });
  expect(alone['cluster far: task queue']).toMatchObject({
    ok: 'fail',
    message: expect.stringContaining(`nobody serves the task queue "${siteQueue}"`) as string,
  });
  expect(alone['cluster lab: connection']).toMatchObject({ ok: 'ok' });
  const found = await waitFor('the health to have asked', async () => {
    const report = await readyz();
    const check = report.checks.find((c) => c.name === 'cluster far');
    return check?.message.startsWith('nobody') ? { ...report, check } : undefined;
  });
  expect(found).toMatchObject({ status: 'ready', check: { ok: false, required: false } });
  expect(calls(far)).toBe(0);

  // The worker at the site takes the steps, and the centre never calls the cluster: it could not.
  const atLab = calls(service.simulator);
  const startSite = await workerProcesses(service, { config: site(), env: { FAR_PASSWORD: 'only-at-the-site' } });
  const worker = startSite();
  const there = await waiting.result();
  expect(there).toMatchObject({ cluster: 'far', snapshotDeleted: true });
  expect(far.cluster.state().volumes.map((v) => v.volumeID)).toContain(there.volumeID);
  expect(calls(service.simulator)).toBe(atLab);
  // The lease of the clone, started from the site, lives where the workflows are.
  expect(await client.leases.list({ cluster: 'far' })).toMatchObject([{ volumeID: there.volumeID }]);

  // Clones of the centre do not touch the site, nor do those of the site depend on anything learnt before.
  const atFar = far.cluster.calls.counts().byMethod['CreateSnapshot'];
  await (await service.start({ volumeID: 42, name: 'near-2' })).result();
  expect(far.cluster.calls.counts().byMethod['CreateSnapshot']).toBe(atFar);
  await expect(
    service.start({ cluster: 'far', volumeID: 9_999, name: 'x' }).then((h) => h.result()),
  ).rejects.toMatchObject({ cause: { type: 'InvalidRequest', message: expect.stringContaining('9999') as string } });
  // Whoever names a cluster that nobody knows is told by the centre which there are.
  const unknown = await service
    .start({ cluster: 'nowhere', volumeID: 42, name: 'x' })
    .then((h) => h.result().catch((err: unknown) => err));
  expect(unknown).toBeInstanceOf(WorkflowFailedError);
  expect(String((unknown as WorkflowFailedError).cause)).toContain('it knows: lab, far');
  // What is asked of all clusters asks each where it is served.
  const report = await client.orphans();
  expect(report).toMatchObject({ failed: [], clusters: [{ cluster: 'far' }, { cluster: 'lab' }] });
  const both = await doctor(site(), { FAR_PASSWORD: 'only-at-the-site' });
  expect(both['cluster far: task queue']).toEqual({
    ok: 'ok',
    message: `1 worker serves the task queue "${siteQueue}"`,
  });
  expect(both['cluster far: credentials']).toMatchObject({ ok: 'ok' });

  // Only where a step is taken differs, and the history says where: it replays anywhere.
  const history = await waiting.fetchHistory();
  const queues = (history.events ?? []).flatMap(({ activityTaskScheduledEventAttributes: a }) =>
    a ? [`${a.activityType?.name} ${a.taskQueue?.name === siteQueue ? 'site' : 'centre'}`] : [],
  );
  expect(queues.slice(0, 3)).toEqual(['preflight centre', 'preflight site', 'createSnapshot site']);
  expect(queues.filter((q) => q.endsWith('centre'))).toEqual(['preflight centre']);
  await Worker.runReplayHistory({ workflowBundle: { codePath: inject('workflowBundlePath') } }, history);

  const ended = new Promise((resolve) => worker.once('exit', resolve));
  worker.kill('SIGTERM');
  expect(await ended).toBe(0);
});
