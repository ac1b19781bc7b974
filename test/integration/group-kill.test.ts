import { expect, onTestFinished, test } from 'vitest';
import type { CallEntry, Fault } from '../../simulator/index.ts';
import { expectWholeGroup } from '../support/groups.ts';
import { ending, expectNothingLeft } from '../support/invariants.ts';
import { startService } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';
import { kill, workerProcesses } from '../support/worker-processes.ts';

const GIB = 1_073_741_824;
/** Until all groups have reached their steps on a busy machine, and no longer than the client's time-out. */
const HOLD_MS = 20_000;

interface Pair {
  volumes: [number, number];
  /** Of the first clone. */
  name: string;
}

const tagOf = (source: number) => ({ 'attributes.element-clone': `*source=${source}*` });
const held = (kind: 'slow' | 'slowAnswer', method: string, match: Record<string, unknown> = {}): Fault => ({
  kind,
  method,
  match,
  delayMs: HOLD_MS,
  count: 1,
});

/** The step in which a group of this name is when its worker dies: the fault that holds it there. */
const STEPS: Record<string, (pair: Pair) => Fault[]> = {
  preflight: ({ volumes }) => [held('slow', 'ListVolumes', { volumeIDs: volumes })],
  'before-the-group-snapshot': ({ volumes }) => [held('slow', 'CreateGroupSnapshot', { volumes })],
  'after-the-group-snapshot': ({ volumes }) => [held('slowAnswer', 'CreateGroupSnapshot', { volumes })],
  'before-the-clones': ({ name }) => [held('slow', 'CloneMultipleVolumes', { 'volumes.0.name': name })],
  'after-the-clones': ({ name }) => [held('slowAnswer', 'CloneMultipleVolumes', { 'volumes.0.name': name })],
  copying: () => [],
  'modifying-the-second': ({ volumes }) => [held('slow', 'ModifyVolume', tagOf(volumes[1]))],
  // Only this group has this access group.
  granting: () => [held('slowAnswer', 'AddVolumesToVolumeAccessGroup', { volumeAccessGroupID: 4 })],
  // All others are held before they come so far.
  'cleaning-up': () => [held('slowAnswer', 'DeleteGroupSnapshot')],
  undoing: ({ name }) => [
    { kind: 'cloneFails', match: { 'volumes.0.name': name }, count: 1 },
    held('slowAnswer', 'DeleteVolume'),
  ],
};

test('a worker is killed while ten groups are each in another step: the next one ends them all, each once', async () => {
  const names = Object.keys(STEPS);
  const pairs = names.map((name, i): Pair => ({ volumes: [101 + 2 * i, 102 + 2 * i], name }));
  const faults = pairs.flatMap((pair) => STEPS[pair.name]!(pair));
  const service = await startService({
    worker: false,
    simulator: {
      faults,
      state: {
        volumes: pairs.flatMap(({ volumes, name }) =>
          volumes.map((volumeID, i) => ({ volumeID, name: `source-${i}-of-${name}`, totalSize: GIB })),
        ),
      },
      behaviour: { cloneSeconds: 1, youngVolumeSeconds: 0, copyRules: [{ name: 'copying*', cloneSeconds: 30 }] },
    },
  });
  onTestFinished(() => service.stop());
  const { cluster } = service.simulator;
  const startWorker = await workerProcesses(service);

  const first = startWorker();
  const handles = await Promise.all(
    pairs.map(({ volumes: [a, b], name }) =>
      service.startGroup({
        volumes: [
          { volumeID: a, name },
          { volumeID: b, name: `${name}-log` },
        ],
        volumeAccessGroups: name === 'granting' ? [4] : ['prod-hosts'],
      }),
    ),
  );
  const holding = (): CallEntry[] => cluster.calls.log().filter((c) => c.fault === 'slow' || c.fault === 'slowAnswer');
  const toHold = faults.filter((f) => f.kind === 'slow' || f.kind === 'slowAnswer').length;
  await waitFor('every group to be in its step', () => holding().length === toHold);
  await waitFor('a look at the copies', () => cluster.state().cloneJobs.some((j) => j.percentComplete > 0));
  await kill(first);

  startWorker();
  for (const [i, handle] of handles.entries()) {
    const name = names[i]!;
    const end = await ending(handle);
    const { workflowId: workflowID } = handle;
    if (name === 'undoing') {
      expect(end).toMatchObject({ ended: 'failed', details: { step: 'awaitGroup', leftBehind: [] } });
      expectNothingLeft(service.simulator, workflowID);
    } else {
      expect({ name, ...end }).toMatchObject({ name, ended: 'completed', result: { members: [{}, {}] } });
      const group = name === 'granting' ? 'dev-hosts' : 'prod-hosts';
      if (end.ended === 'completed') expectWholeGroup(service, end.result, { workflowID, groups: [group] });
    }
  }
  expect(cluster.state()).toMatchObject({ snapshots: [], groupSnapshots: [], asyncResults: [], slots: { running: 0 } });
});
