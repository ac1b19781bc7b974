import { expect, onTestFinished, test } from 'vitest';
import type { Fault } from '../../simulator/index.ts';
import { startHookServer } from '../support/hook-server.ts';
import { ours } from '../support/invariants.ts';
import { standing, startRunbook } from '../support/runbook.ts';
import { startService } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';
import { kill, workerProcesses } from '../support/worker-processes.ts';

const GIB = 1_073_741_824;
const HOUR_S = 3_600;
const SOURCES = [101, 102, 103, 104, 105, 106];
/** Until all steps are under way on a busy machine, and no longer than the time-outs of client and hook. */
const HOLD_MS = 20_000;
const held = (kind: 'slow' | 'slowAnswer', method: string, match: Record<string, unknown>): Fault => ({
  ...{ kind, method, match, delayMs: HOLD_MS, count: 1 },
});

test('a worker is killed while steps run in parallel: the next one ends the run, and each step has acted once', async () => {
  const server = await startHookServer(['app']);
  onTestFinished(() => server.close());
  const faults = [
    held('slow', 'CloneVolume', { name: 'before' }),
    held('slowAnswer', 'CloneVolume', { name: 'after' }),
    held('slowAnswer', 'CreateSnapshot', { volumeID: 106 }),
  ];
  const service = await startService({
    worker: false,
    simulator: {
      faults,
      state: { volumes: SOURCES.map((volumeID) => ({ volumeID, name: `source-${volumeID}`, totalSize: GIB })) },
      behaviour: { cloneSeconds: 1, youngVolumeSeconds: 0, copyRules: [{ name: 'copying*', cloneSeconds: HOUR_S }] },
    },
  });
  onTestFinished(() => service.stop());
  const { cluster } = service.simulator;
  const startWorker = await workerProcesses(service, { more: `hooks:\n  app:\n    url: ${server.url('app')}\n` });
  const first = startWorker();
  server.answer('app/quiesce', { status: 200, delayMs: HOLD_MS, body: '{"mode": "first"}' });
  server.answer('app/quiesce', { status: 200, body: '{"mode": "quiet"}' });

  const parallel = ['copying', 'loop', 'before', 'after', 'snap', 'hook', 'inner'];
  const run = await startRunbook(
    service,
    [
      { id: 'copying', clone: { volumeID: 101, name: 'copying' } },
      { id: 'loop', forEach: '["a", "b"]', clone: { volumeID: 102, name: 'copying-${item}' } },
      { id: 'before', clone: { volumeID: 103, name: 'before' } },
      { id: 'after', clone: { volumeID: 104, name: 'after' } },
      { id: 'snap', snapshot: { volumeID: 106, name: 'moment' } },
      { id: 'hook', http: { hook: 'app', path: '/quiesce', outputs: { mode: 'mode' } } },
      {
        id: 'inner',
        runbook: {
          document: {
            name: 'inner',
            steps: [{ id: 'c', clone: { cluster: service.alias, volumeID: 105, name: 'copying-inner' } }],
            outputs: { volumeID: '${steps.c.volumeID}' },
          },
        },
      },
      { id: 'end', needs: parallel, http: { hook: 'app', path: '/end/${steps.hook.mode}/${steps.inner.volumeID}' } },
    ],
    {
      outputs: {
        clones:
          '${[steps.copying.volumeID, steps.before.volumeID, steps.after.volumeID, steps.inner.volumeID] + steps.loop.items.map(i, i.volumeID)}',
        snapshotID: '${steps.snap.snapshotID}',
      },
    },
  );
  // Those that copy for an hour: the two that were held may copy for a second, too, and must not be taken for one of them.
  const long = new Set([101, 102, 105]);
  const copying = () =>
    cluster.state().cloneJobs.filter((j) => j.status === 'running' && long.has(j.srcVolumeID)).length;
  await waitFor('every step to be under way', () => {
    const all = cluster.faults.list().every(({ fault, fired }) => !faults.includes(fault) || fired > 0);
    return all && copying() >= 4 && server.seen.some((s) => s.hook === 'app/quiesce');
  });
  expect(server.seen.map((s) => s.hook)).toEqual(['app/quiesce']);
  await kill(first);
  cluster.clock.set({ advanceSeconds: HOUR_S });

  startWorker();
  const { outputs, steps } = await run.result();
  expect(new Set(Object.values(standing(steps)))).toEqual(new Set(['succeeded']));
  const left = ours(cluster.state());
  expect(left.volumes.map((v) => v.name).toSorted()).toEqual([
    ...['after', 'before', 'copying', 'copying-a', 'copying-b', 'copying-inner'],
  ]);
  expect(new Set(outputs['clones'] as number[])).toEqual(new Set(left.volumes.map((v) => v.volumeID)));
  expect(left.snapshots.map((s) => s.snapshotID)).toEqual([outputs['snapshotID']]);
  expect({ ...left, volumes: [], snapshots: [] }).toMatchObject({ jobs: [], asyncResults: [], memberships: [] });
  const quiesced = server.seen.filter((s) => s.hook === 'app/quiesce');
  const [end] = server.seen.filter((s) => s.hook.startsWith('app/end/'));
  expect(end!.hook).toMatch(/^app\/end\/quiet\/\d+$/);
  expect(server.seen).toHaveLength(3);
  const keys = quiesced.map((s) => s.headers['idempotency-key']);
  expect(keys).toEqual([keys[0], keys[0]]);
  expect(keys[0]).toMatch(/:hook$/);
});
