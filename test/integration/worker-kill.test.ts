import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { expect, test, vi } from 'vitest';
import type { CloneVolumeResult } from '../../contracts/clone-result.ts';
import { workflowIDForRequest } from '../../contracts/workflow-id.ts';
import type { Fault } from '../../simulator/index.ts';
import { ending, expectNothingLeft, expectOneClone, expectReadableFailure, ours } from '../support/invariants.ts';
import { startService, type Service } from '../support/service.ts';
import { HELD_STEPS } from '../support/steps.ts';
import { waitFor } from '../support/wait.ts';
import { end, productionWorkers } from '../support/production-workers.ts';

// Seven processes start here, on a machine that may have two processors and other things to do.
vi.setConfig({ testTimeout: 240_000 });

type Handle = WorkflowHandle<() => Promise<CloneVolumeResult>>;

const GIB = 1_073_741_824;
/** Until all clones have reached their steps on a busy machine, and no longer than the client's time-out. */
const HOLD_MS = 20_000;
/** The step that fails, and the groups of the clone that is made. */
const UNDONE: Record<string, string> = {
  'undoing-the-clone': 'awaitClone',
  'undoing-the-grant': 'grantAccess',
  'having-undone-the-clone': 'awaitClone',
  'undoing-the-snapshot': 'startClone',
};

type OnEnd = (fn: () => Promise<void>) => void;

interface Fleet {
  service: Service;
  names: string[];
  handles: Map<string, Handle>;
  /** All clones that a fault holds are held. */
  held: () => Promise<void>;
  /** Each clone has ended as its name says: one volume, or none. */
  expectEach: () => Promise<void>;
}

/** A clone in each of these steps at once, each of a source of its own. No worker yet. */
async function fleet(names: string[], onEnd: OnEnd): Promise<Fleet> {
  const sources = [...names, 'keyed', 'in-line'];
  const volumes = sources.map((name, i) => ({ volumeID: 101 + i, name: `source-of-${name}`, totalSize: GIB }));
  const faults = names.map((name, i): Fault[] => HELD_STEPS[name]?.faults(101 + i, name, HOLD_MS) ?? []);
  const service = await startService({
    worker: false,
    simulator: {
      faults: faults.flat(),
      state: { volumes },
      limits: { cloneJobsPerNodeMax: 20 },
      behaviour: {
        cloneSeconds: 1,
        youngVolumeSeconds: 0,
        copyRules: [
          { name: 'copying', cloneSeconds: 30 },
          { name: 'theirs-*', cloneSeconds: 600 },
        ],
      },
    },
  });
  onEnd(() => service.stop());
  const { cluster } = service.simulator;
  const handles = new Map<string, Handle>();
  for (const [i, name] of names.entries()) {
    const request = { volumeID: 101 + i, name, volumeAccessGroups: ['prod-hosts'], ...HELD_STEPS[name]?.request };
    handles.set(name, await service.start(request));
  }
  const holds = new Set(faults.flatMap((f) => f.at(-1) ?? []));
  return {
    service,
    names,
    handles,
    held: async () => {
      await waitFor(
        'every clone to be in its step',
        () => cluster.faults.list().every(({ fault, fired }) => !holds.has(fault) || fired > 0),
        100_000,
      );
    },
    async expectEach() {
      for (const [name, handle] of handles) {
        const outcome = await ending(handle);
        const { workflowId: workflowID } = handle;
        const step = UNDONE[name];
        if (step !== undefined) {
          expectReadableFailure(outcome, { step });
          expectNothingLeft(service.simulator, workflowID);
          continue;
        }
        expect({ name, ...outcome }).toMatchObject({ name, ended: 'completed', result: { volume: { name } } });
        const [made] = ours(cluster.state(), workflowID).volumes;
        const groups = [name === 'granting' ? 'dev-hosts' : 'prod-hosts'];
        expectOneClone(service.simulator, made!.volumeID, { workflowID, groups });
      }
    },
  };
}

test.concurrent.for(['SIGKILL', 'SIGTERM'] as const)(
  'a worker gets %s while a clone is in every step there is: the next one ends them all, each once',
  async (signal, { onTestFinished }) => {
    const names = [...Object.keys(HELD_STEPS), 'copying'];
    const { service, handles, held, expectEach } = await fleet(names, onTestFinished);
    const { cluster } = service.simulator;
    const { start, stop } = await productionWorkers(service);
    onTestFinished(stop);
    const first = start();
    // One that waits for another's clone, and one that waits for a slot: two of somebody else's copies have them.
    const keyed = { volumeID: 101 + names.length, name: 'keyed', requestId: randomUUID() };
    const holder = await service.start(keyed, { workflowId: workflowIDForRequest(keyed.requestId) });
    const joiner = await service.start(keyed);
    const theirs = ['theirs-1', 'theirs-2'].map((name) =>
      Number(cluster.act('CloneVolume', { volumeID: 102 + names.length, name, attributes: {} })['cloneID']),
    );
    const inLine = await service.start({ volumeID: 102 + names.length, name: 'in-line' });
    await held();
    await waitFor('a look at the copy', () => cluster.state().cloneJobs.some((j) => j.percentComplete > 0));
    const callsBefore = cluster.calls.counts().total;
    expect(await end(first, signal)).toEqual(signal === 'SIGTERM' ? [0, null] : [null, 'SIGKILL']);

    for (const cloneID of theirs) cluster.act('CancelClone', { cloneID });
    start();
    await expectEach();
    const [a, b] = await Promise.all([holder.result(), joiner.result()]);
    expect(b).toEqual(a);
    expectOneClone(service.simulator, a.volumeID, { workflowID: holder.workflowId });
    expectOneClone(service.simulator, (await inLine.result()).volumeID, { workflowID: inLine.workflowId });
    expect(cluster.calls.counts().total).toBeGreaterThan(callsBefore);
    expect(cluster.state()).toMatchObject({ snapshots: [], asyncResults: [], slots: { running: 0 } });
    expect(handles.size).toBeGreaterThan(13);
  },
);

/** Steps whose held call is the last of its activity, so that the activity ends when it is answered. */
const LAST_CALLS = [
  'checking',
  'after-the-snapshot',
  'after-the-clone',
  'modifying',
  'granting',
  'verifying',
  'cleaning-up',
  'undoing-the-clone',
  'undoing-the-snapshot',
];

test.concurrent(
  'workers die between two steps, when what was done is recorded and nothing is decided: no step is repeated',
  async ({ onTestFinished }) => {
    const { service, names, handles, held, expectEach } = await fleet(LAST_CALLS, onTestFinished);
    const { calls } = service.simulator.cluster;
    const { start, stop } = await productionWorkers(service);
    onTestFinished(stop);
    const [decides, does] = [start('workflows'), start('activities')];
    await held();
    await end(decides, 'SIGKILL');
    for (const [name, handle] of handles) {
      await waitFor(`the end of the activity of ${name}`, async () => {
        const { pendingActivities = [], pendingWorkflowTask } = (await handle.describe()).raw;
        return pendingActivities?.length === 0 && pendingWorkflowTask != null;
      });
    }
    await end(does, 'SIGKILL');

    start();
    await expectEach();
    const timesCalled = (method: string, params: Record<string, unknown>) =>
      calls.log().filter((c) => c.method === method && Object.entries(params).every(([k, v]) => c.params[k] === v))
        .length;
    for (const [i, name] of names.entries()) {
      const once = {
        CloneVolume: timesCalled('CloneVolume', { name }),
        CreateSnapshot: timesCalled('CreateSnapshot', { volumeID: 101 + i }),
      };
      expect({ name, ...once }).toEqual({ name, CloneVolume: 1, CreateSnapshot: 1 });
    }
  },
);

test.concurrent(
  'a worker is told to stop while CloneVolume is under way: the call ends, and the next worker does not repeat it',
  async ({ onTestFinished }) => {
    const service = await startService({
      worker: false,
      simulator: {
        faults: [{ kind: 'slowAnswer', method: 'CloneVolume', delayMs: 4_000, count: 1 }],
        behaviour: { cloneSeconds: 1, youngVolumeSeconds: 0 },
      },
    });
    onTestFinished(() => service.stop());
    const { cluster } = service.simulator;
    const { start, stop } = await productionWorkers(service);
    onTestFinished(stop);
    const first = start();
    const handle = await service.start({ volumeID: 42, name: 'db-uat' });
    await waitFor('CloneVolume to be under way', () => cluster.state().cloneJobs.length === 1);

    expect(await end(first, 'SIGTERM')).toEqual([0, null]);

    start();
    const { volumeID } = await handle.result();
    expectOneClone(service.simulator, volumeID, { workflowID: handle.workflowId, groups: [] });
    expect(cluster.calls.counts().byMethod).toMatchObject({ CloneVolume: 1, CreateSnapshot: 1 });
    // Nothing had to be looked for: the answer had been recorded before the worker went.
    expect(cluster.calls.counts().byMethod['ListAsyncResults'] ?? 0).toBe(0);
  },
);
