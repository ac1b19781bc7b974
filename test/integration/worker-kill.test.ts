import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import type { CallEntry, Fault } from '../../simulator/index.ts';
import { ending, expectNothingLeft, expectOneClone, expectReadableFailure } from '../support/invariants.ts';
import { startService } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';
import { kill, workerProcesses } from '../support/worker-processes.ts';

const GIB = 1_073_741_824;
/** Until all clones have reached their steps on a busy machine, and no longer than the client's time-out. */
const HOLD_MS = 20_000;

/** The step in which a clone of this name is when its worker dies: the fault that holds it there. */
const STEPS: Record<string, (volumeID: number, name: string) => Fault[]> = {
  preflight: (volumeID) => [
    { kind: 'slow', method: 'ListVolumes', match: { volumeIDs: [volumeID] }, delayMs: HOLD_MS, count: 1 },
  ],
  'before-the-snapshot': (volumeID) => [
    { kind: 'slow', method: 'CreateSnapshot', match: { volumeID }, delayMs: HOLD_MS, count: 1 },
  ],
  'after-the-snapshot': (volumeID) => [
    { kind: 'slowAnswer', method: 'CreateSnapshot', match: { volumeID }, delayMs: HOLD_MS, count: 1 },
  ],
  'before-the-clone': (_v, name) => [
    { kind: 'slow', method: 'CloneVolume', match: { name }, delayMs: HOLD_MS, count: 1 },
  ],
  'after-the-clone': (_v, name) => [
    { kind: 'slowAnswer', method: 'CloneVolume', match: { name }, delayMs: HOLD_MS, count: 1 },
  ],
  copying: () => [],
  modifying: (volumeID) => [
    {
      kind: 'slow',
      method: 'ModifyVolume',
      match: { 'attributes.element-clone': `*source=${volumeID}*` },
      delayMs: HOLD_MS,
      count: 1,
    },
  ],
  // Only the clone that is called so has this group.
  granting: () => [
    {
      kind: 'slowAnswer',
      method: 'AddVolumesToVolumeAccessGroup',
      match: { volumeAccessGroupID: 4 },
      delayMs: HOLD_MS,
      count: 1,
    },
  ],
  verifying: (_v, name) => [
    { kind: 'slow', method: 'ListVolumes', match: { volumeName: name }, delayMs: HOLD_MS, count: 1 },
  ],
  // All others are held before they come so far.
  'cleaning-up': () => [{ kind: 'slowAnswer', method: 'DeleteSnapshot', delayMs: HOLD_MS, count: 1 }],
  undoing: (_v, name) => [
    { kind: 'cloneFails', match: { name }, count: 1 },
    { kind: 'slowAnswer', method: 'DeleteVolume', delayMs: HOLD_MS, count: 1 },
  ],
};

test('a worker is killed while eleven clones are each in another step: the next one ends them all, each once', async () => {
  const names = Object.keys(STEPS);
  const sources = names.map((name, i) => ({ volumeID: 101 + i, name: `source-of-${name}`, totalSize: GIB }));
  const faults = names.flatMap((name, i) => STEPS[name]!(101 + i, name));
  const service = await startService({
    worker: false,
    simulator: {
      faults,
      state: { volumes: sources },
      behaviour: { cloneSeconds: 1, youngVolumeSeconds: 0, copyRules: [{ name: 'copying', cloneSeconds: 30 }] },
    },
  });
  onTestFinished(() => service.stop());
  const { cluster } = service.simulator;
  const startWorker = await workerProcesses(service);

  const first = startWorker();
  const handles = await Promise.all(
    names.map((name, i) =>
      service.start({ volumeID: 101 + i, name, volumeAccessGroups: name === 'granting' ? [4] : ['prod-hosts'] }),
    ),
  );
  const held = (): CallEntry[] => cluster.calls.log().filter((c) => c.fault === 'slow' || c.fault === 'slowAnswer');
  const holding = faults.filter((f) => f.kind === 'slow' || f.kind === 'slowAnswer').length;
  await waitFor('every clone to be in its step', () => held().length === holding);
  await waitFor('a look at the copy', () => cluster.state().cloneJobs.some((j) => j.percentComplete > 0));
  await kill(first);
  const callsBefore = cluster.calls.counts().total;

  startWorker();
  for (const [i, handle] of handles.entries()) {
    const name = names[i]!;
    const end = await ending(handle);
    const workflowID = handle.workflowId;
    if (name === 'undoing') {
      expectReadableFailure(end, { step: 'awaitClone' });
      expectNothingLeft(service.simulator, workflowID);
    } else {
      expect({ name, ...end }).toMatchObject({ name, ended: 'completed', result: { volume: { name } } });
      const group = name === 'granting' ? 'dev-hosts' : 'prod-hosts';
      const { volumes } = cluster.state();
      const [made] = volumes.filter((v) => v.name === name && v.status !== 'deleted');
      expectOneClone(service.simulator, made!.volumeID, { workflowID, groups: [group] });
    }
  }
  expect(cluster.calls.counts().total).toBeGreaterThan(callsBefore);
  expect(cluster.state()).toMatchObject({ snapshots: [], asyncResults: [], slots: { running: 0 } });
}, 240_000);

test('a worker is told to stop while CloneVolume is under way: the call ends, and the next worker does not repeat it', async () => {
  const service = await startService({
    worker: false,
    simulator: {
      faults: [{ kind: 'slowAnswer', method: 'CloneVolume', delayMs: 4_000, count: 1 }],
      behaviour: { cloneSeconds: 1, youngVolumeSeconds: 0 },
    },
  });
  onTestFinished(() => service.stop());
  const { cluster } = service.simulator;
  const startWorker = await workerProcesses(service);
  const first = startWorker();
  const handle = await service.start({ volumeID: 42, name: 'db-uat' });
  await waitFor('CloneVolume to be under way', () => cluster.state().cloneJobs.length === 1);

  const ended = once(first, 'exit');
  first.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);

  startWorker();
  const { volumeID } = await handle.result();
  expectOneClone(service.simulator, volumeID, { workflowID: handle.workflowId, groups: [] });
  expect(cluster.calls.counts().byMethod).toMatchObject({ CloneVolume: 1, CreateSnapshot: 1 });
  // Nothing had to be looked for: the answer had been recorded before the worker went.
  expect(cluster.calls.counts().byMethod['ListAsyncResults'] ?? 0).toBe(0);
});

test('a worker stands still before CreateSnapshot, and goes on when another has ended the clone: it makes none any more', async () => {
  const service = await startService({
    worker: false,
    simulator: {
      faults: [
        { kind: 'error', method: 'CreateSnapshot', name: 'xNotPrimary', count: 1 },
        // The look before the second try, held for long enough to be met.
        { kind: 'slowAnswer', method: 'ListSnapshots', delayMs: 3_000, count: 1 },
      ],
      behaviour: { cloneSeconds: 1, youngVolumeSeconds: 0 },
    },
  });
  onTestFinished(() => service.stop());
  const { cluster } = service.simulator;
  // The answer of the look is still good when the worker wakes up.
  const startWorker = await workerProcesses(service, { timeoutSeconds: 55, settleSeconds: 1 });
  const first = startWorker();
  const handle = await service.start({ volumeID: 42, name: 'db-uat' });
  await waitFor('the look before CreateSnapshot', () => cluster.calls.counts().byMethod['ListSnapshots']);
  first.kill('SIGSTOP');
  startWorker();
  const { volumeID } = await handle.result();
  expect(cluster.calls.counts().byMethod).toMatchObject({ CreateSnapshot: 2 });

  // It ends in order only when it is through with what it had in mind.
  const ended = once(first, 'exit');
  first.kill('SIGCONT');
  first.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  expect(cluster.calls.counts().byMethod).toMatchObject({ CreateSnapshot: 2 });
  expectOneClone(service.simulator, volumeID, { workflowID: handle.workflowId, groups: [] });
}, 240_000);
