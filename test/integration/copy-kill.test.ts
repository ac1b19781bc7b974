import type { WorkflowHandle } from '@temporalio/client';
import { expect, test, vi } from 'vitest';
import type { Fault } from '../../simulator/index.ts';
import { contentOf, startCopy, startUndo, waysBack } from '../support/copies.ts';
import { ending } from '../support/invariants.ts';
import { end, productionWorkers } from '../support/production-workers.ts';
import { startService } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

// Processes start here, on a machine that may have two processors and other things to do.
vi.setConfig({ testTimeout: 240_000 });

const GIB = 1_073_741_824;
/** Until all copies have reached their steps on a busy machine, and no longer than the client's time-out. */
const HOLD_MS = 20_000;

const hold = (kind: 'slow' | 'slowAnswer', method: string, match: Record<string, unknown>): Fault => ({
  kind,
  method,
  match,
  delayMs: HOLD_MS,
  count: 1,
});
const fails = (dstVolumeID: number): Fault => ({ kind: 'cloneFails', match: { dstVolumeID }, count: 1 });

/** Where a copy is held, by its last fault, and whether it ends with the copy or as before. */
const STEPS: Record<string, { faults: (source: number, dst: number) => Fault[]; ends: 'copied' | 'asBefore' }> = {
  'before-the-way-back': { faults: (_s, dst) => [hold('slow', 'CreateSnapshot', { volumeID: dst })], ends: 'copied' },
  'after-the-way-back': {
    faults: (_s, dst) => [hold('slowAnswer', 'CreateSnapshot', { volumeID: dst })],
    ends: 'copied',
  },
  'before-the-copy': { faults: (_s, dst) => [hold('slow', 'CopyVolume', { dstVolumeID: dst })], ends: 'copied' },
  'after-the-copy': { faults: (_s, dst) => [hold('slowAnswer', 'CopyVolume', { dstVolumeID: dst })], ends: 'copied' },
  'before-rolling-back': {
    faults: (_s, dst) => [fails(dst), hold('slow', 'RollbackToSnapshot', { volumeID: dst })],
    ends: 'asBefore',
  },
  'after-rolling-back': {
    faults: (_s, dst) => [fails(dst), hold('slowAnswer', 'RollbackToSnapshot', { volumeID: dst })],
    ends: 'asBefore',
  },
  copying: { faults: () => [], ends: 'copied' },
};

test('a worker is killed while a copy is in every step: the next one ends them all, whole or as before', async ({
  onTestFinished,
}) => {
  const names = Object.keys(STEPS);
  const volumes = names.flatMap((name, i) => [
    { volumeID: 101 + i, name: `source-of-${name}`, totalSize: GIB },
    { volumeID: 201 + i, name, totalSize: GIB },
  ]);
  const faults = names.map((name, i) => STEPS[name]!.faults(101 + i, 201 + i));
  const service = await startService({
    worker: false,
    simulator: {
      faults: faults.flat(),
      state: { volumes },
      limits: { cloneJobsPerNodeMax: 20 },
      behaviour: {
        cloneSeconds: 1,
        youngVolumeSeconds: 0,
        copyRules: [{ volumeID: 101 + names.indexOf('copying'), cloneSeconds: 30 }],
      },
    },
  });
  onTestFinished(() => service.stop());
  const { cluster } = service.simulator;
  const { before } = service;
  const { start, stop } = await productionWorkers(service);
  onTestFinished(stop);
  const first = start();
  const handles: WorkflowHandle[] = [];
  for (const i of names.keys()) {
    handles.push(await startCopy(service, { volumeID: 101 + i, dstVolumeID: 201 + i }));
  }
  const holds = new Set(faults.flatMap((f) => f.at(-1) ?? []));
  await waitFor(
    'every copy to be in its step',
    () => cluster.faults.list().every(({ fault, fired }) => !holds.has(fault) || fired > 0),
    100_000,
  );
  await waitFor('a look at the copy', () => cluster.state().cloneJobs.some((j) => j.percentComplete > 0));
  expect(await end(first, 'SIGKILL')).toEqual([null, 'SIGKILL']);
  start();

  const ends = await Promise.all(handles.map((h) => ending(h)));
  const state = cluster.state();
  const seen = names.map((name, i) => ({
    name,
    ended: ends[i]!.ended,
    content: contentOf(state, 201 + i),
    waysBack: waysBack(state)
      .filter((s) => s.volumeID === 201 + i)
      .map((s) => s.content),
  }));
  const wanted = names.map((name, i) => {
    const copied = STEPS[name]!.ends === 'copied';
    return {
      name,
      ended: copied ? 'completed' : 'failed',
      content: contentOf(before, copied ? 101 + i : 201 + i),
      waysBack: copied ? [contentOf(before, 201 + i)] : [],
    };
  });
  expect(seen).toEqual(wanted);
  expect(state.snapshots).toHaveLength(waysBack(state).length);
  expect(state).toMatchObject({ asyncResults: [], slots: { running: 0 } });
  const others = state.volumes.map(({ content: _content, ...v }) => v);
  expect(others).toEqual(before.volumes.map(({ content: _content, ...v }) => v));
});

test('a worker is killed while a copy is taken back: the next one waits for what the call may do, and makes it anew', async ({
  onTestFinished,
}) => {
  const service = await startService({
    worker: false,
    simulator: {
      faults: [{ kind: 'slowAnswer', method: 'RollbackToSnapshot', delayMs: HOLD_MS, count: 1 }],
      behaviour: { cloneSeconds: 1, youngVolumeSeconds: 0 },
    },
  });
  onTestFinished(() => service.stop());
  const { cluster } = service.simulator;
  const { start, stop } = await productionWorkers(service);
  onTestFinished(stop);
  const first = start();
  const copy = await startCopy(service);
  await copy.result();
  const undo = await startUndo(service, copy.workflowId);
  await waitFor('the call', () => cluster.calls.counts().byMethod['RollbackToSnapshot']);
  await end(first, 'SIGKILL');
  start();
  await undo.result();
  expect(cluster.calls.counts().byMethod['RollbackToSnapshot']).toBe(2);
  expect(cluster.state().volumes).toEqual(service.before.volumes);
});
