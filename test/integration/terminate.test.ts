import { expect, test } from 'vitest';
import { ours } from '../support/invariants.ts';
import { HELD_STEPS } from '../support/steps.ts';
import { tracer } from '../support/traces.ts';
import { waitFor } from '../support/wait.ts';
import { withService } from '../support/with-service.ts';

const GIB = 1_073_741_824;
const names = [...Object.keys(HELD_STEPS), 'copying'];

/** Long enough for the test to see that a call is held, and to terminate the workflow. */
const HELD_MS = 6_000;

/** What a workflow that is terminated in each step leaves, when its last call has landed. */
const LEFT: Record<string, string[]> = {
  checking: [],
  'before-the-snapshot': ['snapshot'],
  'after-the-snapshot': ['snapshot'],
  'before-the-clone': ['async result', 'job', 'snapshot', 'volume'],
  'after-the-clone': ['async result', 'job', 'snapshot', 'volume'],
  copying: ['async result', 'job', 'snapshot', 'volume'],
  modifying: ['async result', 'snapshot', 'volume'],
  granting: ['async result', 'membership', 'snapshot', 'volume'],
  verifying: ['async result', 'membership', 'snapshot', 'volume'],
  'cleaning-up': ['membership', 'volume'],
  'undoing-the-clone': ['async result', 'snapshot', 'volume'],
  'undoing-the-grant': ['async result', 'snapshot', 'volume'],
  'having-undone-the-clone': ['async result', 'snapshot'],
  'undoing-the-snapshot': ['snapshot'],
};

test('a workflow that is terminated undoes nothing, and all that it leaves is tagged or on a volume that is', () =>
  withService(
    {
      state: { volumes: names.map((name, i) => ({ volumeID: 101 + i, name: `source-of-${name}`, totalSize: GIB })) },
      behaviour: {
        copyRules: ['copying', 'before-the-clone', 'after-the-clone'].map((name) => ({ name, cloneSeconds: 600 })),
      },
    },
    async (service) => {
      const { cluster } = service.simulator;
      const traces = tracer(service.simulator);
      const terminated = await Promise.all(
        names.map(async (name, i) => {
          const faults = HELD_STEPS[name]?.faults(101 + i, name, HELD_MS) ?? [];
          cluster.faults.append(faults);
          const more = { volumeAccessGroups: ['prod-hosts'], ...HELD_STEPS[name]?.request };
          const handle = await service.start({ volumeID: 101 + i, name, ...more });
          await waitFor(`the step ${name}`, () =>
            faults.length > 0
              ? cluster.faults.list().some((f) => f.fault === faults.at(-1) && f.fired > 0)
              : ours(cluster.state(), handle.workflowId).jobs.length === 1,
          );
          await handle.terminate('test');
          return [name, handle.workflowId] as const;
        }),
      );
      await waitFor('the held calls to land', () => cluster.calls.log().every((c) => c.outcome !== 'pending'));
      const found = traces();
      const left = terminated.map(([name, workflowID]) => [name, found.get(workflowID)?.toSorted() ?? []]);
      expect(Object.fromEntries(left)).toEqual(LEFT);
      // Nothing is there that belongs to another workflow.
      const started = terminated.map(([, workflowID]) => workflowID);
      expect([...found.keys()].filter((id) => !started.includes(id))).toEqual([]);
    },
  ));
