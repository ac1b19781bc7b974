import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ending, expectNothingLeft, expectOneClone, ours } from '../support/invariants.ts';
import { bundleNextVersion } from '../support/next-version.ts';
import { startService } from '../support/service.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';
import { end, productionWorkers } from '../support/production-workers.ts';

// Five workers start one after the other.
vi.setConfig({ testTimeout: 240_000 });

const GIB = 1_073_741_824;

test('clones go on when their worker is replaced by a newer version, and by the old one again', async () => {
  const newer = join(await tempDir(), 'newer.js');
  await bundleNextVersion(newer);
  const names = ['copied', 'cancelled', 'begun-by-the-newer', 'changed-code-reached'];
  const service = await startService({
    worker: false,
    simulator: {
      state: { volumes: names.map((name, i) => ({ volumeID: 101 + i, name: `source-${name}`, totalSize: GIB })) },
      behaviour: { cloneSeconds: 600, youngVolumeSeconds: 0, copyRules: [{ name: 'changed-*', cloneSeconds: 1 }] },
      faults: [
        {
          kind: 'slow',
          method: 'ListVolumes',
          match: { volumeName: 'changed-code-reached' },
          delayMs: 12_000,
          count: 1,
        },
      ],
    },
  });
  onTestFinished(() => service.stop());
  const { cluster } = service.simulator;
  const workers = await productionWorkers(service);
  onTestFinished(workers.stop);
  const start = async (name: string) => {
    const handle = await service.start({
      volumeID: 101 + names.indexOf(name),
      name,
      volumeAccessGroups: ['uat-hosts'],
    });
    return handle;
  };
  const copies = (handle: WorkflowHandle) =>
    waitFor('the look at the copy', async () =>
      (await handle.describe()).raw.pendingActivities?.some((a) => a.activityType?.name === 'awaitClone'),
    );
  const events = async (handle: WorkflowHandle) => (await handle.fetchHistory()).events ?? [];
  const marked = async (handle: WorkflowHandle) =>
    (await events(handle)).some((e) => e.markerRecordedEventAttributes?.markerName === 'core_patch');

  const old = workers.start();
  const copied = await start('copied');
  const cancelled = await start('cancelled');
  await copies(copied);
  await copies(cancelled);
  await end(old, 'SIGTERM');

  // Forward: what the old version began goes on, and new clones begin, one of them as far as the changed code.
  const next = workers.start('all', newer);
  const begun = await start('begun-by-the-newer');
  const reached = await start('changed-code-reached');
  await copies(begun);
  await waitFor('the step behind the changed code', () => cluster.calls.log().some((c) => c.fault === 'slow'));
  expect(await marked(reached)).toBe(true);
  await end(next, 'SIGKILL');

  // Back: the old version carries on every clone that has not come to the changed code yet.
  const back = workers.start();
  await cancelled.cancel();
  expect(await ending(cancelled)).toEqual({ ended: 'cancelled' });
  expectNothingLeft(service.simulator, cancelled.workflowId);
  // The one that has is kept as it is, and can be seen to be.
  await waitFor('the old version to see what it does not know', async () => {
    const { pendingWorkflowTask } = (await reached.describe()).raw;
    return (pendingWorkflowTask?.attempt ?? 0) > 1;
  });
  await end(back, 'SIGTERM');

  // Forward again: all end, those of the old version through the changed code.
  workers.start('all', newer);
  cluster.clock.set({ advanceSeconds: 600 });
  for (const handle of [copied, begun, reached]) {
    expect(await ending(handle)).toMatchObject({ ended: 'completed' });
    expect(await marked(handle)).toBe(true);
    const [made] = ours(cluster.state(), handle.workflowId).volumes;
    expectOneClone(service.simulator, made!.volumeID, { workflowID: handle.workflowId, groups: ['uat-hosts'] });
  }
  expect(cluster.state()).toMatchObject({ snapshots: [], asyncResults: [], slots: { running: 0 } });
});
