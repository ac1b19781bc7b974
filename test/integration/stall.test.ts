import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { run } from '../../client/cli/program.ts';
import { CloneClient } from '../../client/index.ts';
import { fakeIo } from '../support/fake-io.ts';
import { freePort } from '../support/free-port.ts';
import { ending, expectOneClone } from '../support/invariants.ts';
import { startService, type Service } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

let service: Service;
let metricsAddress: string;

beforeAll(async () => {
  metricsAddress = `127.0.0.1:${await freePort()}`;
  service = await startService({
    times: { stallMs: 3_000, pollCapMs: 1_000 },
    simulator: {
      behaviour: { cloneSeconds: 4 },
      faults: [{ kind: 'cloneStalls', atPercent: 40, forSeconds: 10 }],
    },
    telemetry: { metrics: { prometheus: { bindAddress: metricsAddress, countersTotalSuffix: true } } },
  });
  vi.stubEnv('TEMPORAL_ADDRESS', service.address);
  vi.stubEnv('ELEMENT_CLONE_TASK_QUEUE', service.taskQueue);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await service?.stop();
});

/** What the SDK's own exporter serves. */
async function stallsCounted(): Promise<{ value: number; labels: string } | undefined> {
  const text = await (await fetch(`http://${metricsAddress}/metrics`)).text();
  const found = /^element_clone_stalls_total\{(.*)\} (\d+)$/m.exec(text);
  return found === null ? undefined : { labels: found[1]!, value: Number(found[2]) };
}

const printed = async (...args: string[]) => {
  const io = fakeIo();
  await run(args, io);
  return io.stdout() + io.stderr();
};

test('a copy that stalls at 40 % is called so wherever it is looked at, is counted once, and goes on when the cluster does', async () => {
  const handle = await service.start({ volumeID: 42, name: 'recovers' });
  const clone = new CloneClient(service.client, { taskQueue: service.taskQueue }).handle(handle.workflowId);
  const watching = printed('watch', handle.workflowId);
  const stalled = await waitFor('the stall', async () => {
    const d = await clone.describe();
    return d.progress.message.startsWith('stalled') && d.pendingStep?.lastFailure?.includes('stalled') && d;
  });
  expect(stalled.progress).toMatchObject({ percent: 40, extrapolated: false, stalledSince: expect.any(String) });
  expect(stalled.pendingStep?.lastFailure).toMatch(/^40 % · .* · stalled: no byte moved for \d+s$/);
  const page = await printed('show', handle.workflowId);
  expect(page).toContain('stalled: no byte has moved since');
  expect(page).toContain('40.0 %');
  // Looked at again and again, counted once.
  const looks = service.simulator.cluster.calls.counts().byMethod['ListSyncJobs']!;
  await waitFor('more looks', () => service.simulator.cluster.calls.counts().byMethod['ListSyncJobs']! >= looks + 3);
  const counted = await stallsCounted();
  expect(counted).toMatchObject({ value: 1, labels: expect.stringContaining('cluster="lab"') });
  expect(counted?.labels).not.toMatch(/recovers|workflow_?id|volume/i);

  await waitFor('the copy to move', async () => {
    const { progress } = await clone.describe();
    return progress.phase === 'done' || (progress.percent > 45 && progress.stalledSince === undefined);
  });
  const end = await ending(handle);
  expect(end).toMatchObject({ ended: 'completed' });
  const made = service.simulator.cluster.state().volumes.find((v) => v.name === 'recovers')!;
  expectOneClone(service.simulator, made.volumeID, { workflowID: handle.workflowId });
  expect(await stallsCounted()).toMatchObject({ value: 1 });

  const watched = await watching;
  expect(watched).toMatch(/cloning · 40\.0 % · .* · stalled: no byte has moved since/);
  expect(watched).toMatch(/done · 100 %/);
});
