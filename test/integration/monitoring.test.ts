import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { METRICS, type Metric } from '../../contracts/metrics.ts';
import { startSimulator, type RunningSimulator } from '../../simulator/index.ts';
import type { HealthReport } from '../../worker/monitoring/health.ts';
import { blackHole } from '../support/black-hole.ts';
import { freePort } from '../support/free-port.ts';
import { ending } from '../support/invariants.ts';
import { startService, type Service } from '../support/service.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';
import { workerProcesses } from '../support/worker-processes.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

/** More than twice the slots of a worker. */
const MANY = 120;
/** Temporal's PENDING_ACTIVITY_STATE_STARTED. */
const STARTED = 2;

let service: Service;
let hole: Awaited<ReturnType<typeof blackHole>>;
let silent: RunningSimulator;
let url: string;

beforeAll(async () => {
  service = await startService({ worker: false, simulator: { behaviour: { cloneSeconds: 0.5 } } });
  hole = await blackHole();
  silent = await startSimulator({ faults: [{ kind: 'slow', delayMs: 3_600_000 }] });
});
afterAll(async () => {
  await hole?.close();
  await silent?.close();
  await service?.stop();
});

async function production(more: string, port?: number) {
  const at = port ?? (await freePort());
  url = `http://127.0.0.1:${at}`;
  const start = await workerProcesses(service, {
    more,
    env: { ELEMENT_CLONE_MONITORING: String(at), LATER: 'simulator' },
  });
  return { worker: start(), file: start.file };
}

/** One that takes connections, one that also takes calls, neither of which says a word, and one that refuses connections. */
const dead = async () => {
  const caFile = join(await tempDir(), 'silent.pem');
  await writeFile(caFile, silent.caPem);
  const refusing = `https://127.0.0.1:${await freePort()}`;
  return Object.entries({ dead: hole.endpoint, mute: silent.endpoint, gone: refusing })
    .flatMap(([alias, endpoint]) => [
      `  ${alias}:`,
      `    endpoint: ${endpoint}`,
      '    username: admin',
      '    password: { env: LAB_PASSWORD }',
      `    tls: { caFile: ${caFile} }`,
      // Longer than the good clones of the test take together.
      '    timeoutSeconds: 55',
      '',
    ])
    .join('\n');
};
const DEAD = ['dead', 'mute', 'gone'] as const;

async function readyz(): Promise<HealthReport & { code: number }> {
  const res = await fetch(`${url}/readyz`);
  return { code: res.status, ...((await res.json()) as HealthReport) };
}

const metrics = async () => (await fetch(`${url}/metrics`)).text();

/** Series of ours, without their values. */
const seriesOf = (page: string) =>
  page
    .split('\n')
    .filter((line) => line.startsWith('element_clone_'))
    .map((line) => line.slice(0, line.lastIndexOf(' ')))
    .sort();

/** Names as Prometheus has them. */
const exported = ({ name, kind, unit }: Metric) =>
  `${name}${unit === undefined ? '' : `_${unit}`}${kind === 'counter' ? '_total' : ''}`;

/** Added by the SDK to what a workflow or an activity measures, and the bound of a bucket. */
const BUILT_IN = new Set(['namespace', 'taskQueue', 'workflowType', 'activityType', 'le']);

const stopped = async (worker: ChildProcess) => {
  worker.kill('SIGTERM');
  if (worker.exitCode === null) await once(worker, 'exit');
};

test('clusters that never answer, all at once, are told of, make the worker no less ready, and do not keep another from its slots', async () => {
  const { worker } = await production(await dead());
  await waitFor('the worker', async () => (await readyz()).code === 200);

  const lost = await Promise.all(
    Array.from({ length: MANY }, (_, i) => service.start({ cluster: DEAD[i % 3]!, volumeID: 42, name: `lost-${i}` })),
  );
  // Two of them hold what they can get of the worker's slots, by calls that hang until their time-out.
  const holders = async () =>
    (await Promise.all(lost.map((h) => h.describe()))).flatMap(({ workflowId, raw: { pendingActivities } }, i) =>
      Number(pendingActivities?.[0]?.state) === STARTED
        ? [{ cluster: DEAD[i % 3], attempt: `${workflowId} ${pendingActivities![0]!.attempt}` }]
        : [],
    );
  const before = await waitFor('the dead clusters to hold the slots', async () => {
    const found = await holders();
    return found.length >= 40 ? found : undefined;
  });
  const hanging = before.flatMap(({ cluster, attempt }) => (cluster === 'mute' ? [attempt] : []));
  expect(hanging.length).toBeGreaterThan(5);
  // While all of them are retried.
  const good = await Promise.all([1, 2, 3, 4, 5].map((i) => service.clone({ volumeID: 42, name: `good-${i}` })));
  expect(good.map(({ volume }) => volume.name)).toEqual(['good-1', 'good-2', 'good-3', 'good-4', 'good-5']);
  // None of which had to wait until a call that hangs was given up: they are the same ones still.
  const after = new Set((await holders()).map(({ attempt }) => attempt));
  expect(hanging.filter((attempt) => after.has(attempt)).length).toBeGreaterThan(5);
  const running = await Promise.all(lost.map(async (h) => (await h.describe()).status.name));
  expect(running.filter((status) => status === 'RUNNING')).toHaveLength(MANY);
  await waitFor('those that were sent away to say why', async () => {
    const seen = await Promise.all(
      lost.map(async (h) => (await h.describe()).raw.pendingActivities?.[0]?.lastFailure?.message),
    );
    return seen.some((text) => /^cluster (dead|mute) has not answered for .* ask again first/.test(text ?? ''));
  });

  const ready = await readyz();
  expect(ready).toMatchObject({ code: 200, status: 'ready' });
  expect(ready.checks).toEqual([
    { name: 'temporal', ok: true, message: 'answers', required: true },
    { name: 'pollers', ok: true, message: 'worker running, workflows polling, activities polling', required: true },
    { name: 'cluster lab', ok: true, message: 'answers', required: false },
    ...DEAD.map((alias) => ({
      name: `cluster ${alias}`,
      ok: false,
      message: expect.stringMatching(/^(does not answer|has not answered yet)/) as string,
      required: false,
    })),
  ]);
  const page = await metrics();
  expect(page).toContain('element_clone_cluster_up{cluster="lab"} 1');
  for (const alias of DEAD) expect(page).toContain(`element_clone_cluster_up{cluster="${alias}"} 0`);
  await Promise.all(lost.map((h) => h.terminate()));
  await stopped(worker);
});

test('metrics are those of the catalogue, by labels of few values: more clones make no more series', async () => {
  const { worker } = await production('');
  await waitFor('the worker', async () => (await readyz()).code === 200);
  const round = async (from: number, to: number) => {
    const names = Array.from({ length: to - from }, (_, i) => `copy-${from + i}`);
    await Promise.all(names.map((name, i) => service.clone({ volumeID: i % 2 === 0 ? 42 : 43, name })));
  };
  const fails = async (name: string) => {
    service.simulator.cluster.faults.append([{ kind: 'cloneFails', count: 1 }]);
    expect(await ending(await service.start({ volumeID: 42, name }))).toMatchObject({ ended: 'failed' });
  };
  await round(0, 8);
  await fails('broken-1');
  await ending(await service.start({ cluster: 'nowhere-at-all', volumeID: 42, name: 'refused' }));
  const first = await metrics();
  await round(8, 32);
  await fails('broken-2');
  await ending(await service.start({ cluster: 'nowhere-either', volumeID: 42, name: 'refused' }));
  const second = await metrics();

  const names = new Map(Object.values<Metric>(METRICS).map((m) => [exported(m), m]));
  for (const series of seriesOf(second)) {
    const [, name = '', text = ''] = /^([a-z_]+)\{(.*)\}$/.exec(series) ?? [];
    const metric = names.get(name) ?? names.get(name.replace(/_(bucket|sum|count)$/, ''));
    if (metric === undefined) throw new Error(`not in the catalogue: ${series}`);
    const labels = [...text.matchAll(/(\w+)="/g)].map(([, label]) => label!).filter((label) => !BUILT_IN.has(label));
    expect([name, ...labels.sort()]).toEqual([name, ...[...metric.labels].sort()]);
  }
  expect(second).not.toMatch(/element_clone_.*(nowhere|copy-|broken|workflow_id|run_id)/);
  // What has come to be measured since is no clone's own.
  const more = seriesOf(second).filter((s) => !seriesOf(first).includes(s) && !s.includes('method="'));
  expect(more.filter((s) => !/estimate_error|phase="(await|clone)"/.test(s))).toEqual([]);
  expect(second).toMatch(/^element_clone_request_duration_seconds_count\{.*outcome="done".*\} 32$/m);
  expect(second).toMatch(/^element_clone_request_duration_seconds_count\{.*outcome="failed".*\} 2$/m);
  expect(second).toMatch(
    /^element_clone_request_duration_seconds_count\{cluster="unchecked",.*outcome="refused".*\} 2$/m,
  );
  expect(second).toMatch(/^element_clone_compensations_total\{.*outcome="clean".*\} 2$/m);
  expect(second).toMatch(/^element_clone_phase_duration_seconds_count\{.*outcome="done",phase="await".*\} 32$/m);
  expect(second).toMatch(/^element_clone_cloned_bytes_total\{.*cluster="lab".*\} [1-9]\d+$/m);
  expect(second).toMatch(
    /^element_clone_call_duration_seconds_count\{cluster="lab",method="CloneVolume",outcome="ok"\} 34$/m,
  );
  expect(second).toMatch(/^element_clone_slots_limit\{cluster="lab"\} [1-9]\d*$/m);
  expect(second).toMatch(/^temporal_workflow_completed_total\{/m);
  await stopped(worker);
});

test('a worker that is told to stop says so before it is gone, and one that starts is alive and not ready', async () => {
  const { worker } = await production('');
  await waitFor('life', async () => (await fetch(`${url}/livez`)).status === 200);
  await waitFor('the worker', async () => (await readyz()).code === 200);
  expect((await fetch(`${url}/else`)).status).toBe(404);
  expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(405);
  const snapshots = () => service.simulator.cluster.calls.counts().byMethod['CreateSnapshot'] ?? 0;
  const before = snapshots();
  service.simulator.cluster.faults.append([{ kind: 'slow', method: 'CreateSnapshot', delayMs: 4_000, count: 1 }]);
  const handle = await service.start({ volumeID: 42, name: 'during-the-stop' });
  await waitFor('the call', () => snapshots() > before);
  worker.kill('SIGTERM');
  const seen = await waitFor('another answer', async () => {
    const report = await readyz();
    return report.code === 200 ? undefined : report;
  });
  expect(seen).toMatchObject({ code: 503, status: 'stopping' });
  if (worker.exitCode === null) await once(worker, 'exit');
  expect(worker.exitCode).toBe(0);
  await handle.terminate();
});

test('clusters that are added to the configuration are served after SIGHUP or a look at the file, without a restart', async () => {
  const { worker, file } = await production('');
  await waitFor('the worker', async () => (await readyz()).code === 200);
  const text = await readFile(file, 'utf8');
  const second = text.slice(text.indexOf('  lab:')).replace('  lab:', '  later:');
  await writeFile(file, `${text}${second}`);
  worker.kill('SIGHUP');
  await waitFor('the new cluster', async () => (await readyz()).checks.some((c) => c.name === 'cluster later' && c.ok));
  expect(await service.clone({ cluster: 'later', volumeID: 42, name: 'on-later' })).toMatchObject({ cluster: 'later' });

  // One that cannot be used changes nothing; the file is looked at also without a signal.
  await writeFile(file, `${text}${second.replace('https://', 'http://')}`);
  worker.kill('SIGHUP');
  await writeFile(file, `${text}${second.replace('  later:', '  looked-at:')}`);
  await waitFor('the look', async () => (await readyz()).checks.some((c) => c.name === 'cluster looked-at' && c.ok));
  expect((await readyz()).checks.map((c) => c.name)).not.toContain('cluster later');
  await stopped(worker);
});
