import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { RunbookFailureDetails } from '../../contracts/failure.ts';
import type { RunbookStep } from '../../contracts/runbook/types.ts';
import type { Fault } from '../../simulator/index.ts';
import { startHookServer, type HookServer } from '../support/hook-server.ts';
import { ending, expectNothingLeft } from '../support/invariants.ts';
import { standing, startRunbook, stepsOf, untilStep } from '../support/runbook.ts';
import { startFleet, type Fleet } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

// Twenty clusters at once, on a machine that may have two processors and other things to do.
vi.setConfig({ testTimeout: 240_000 });

let server: HookServer;
let fleet: Fleet;
beforeAll(async () => {
  server = await startHookServer(['app']);
  fleet = await startFleet({ hooks: server.hooks });
});
afterAll(async () => {
  await fleet?.stop();
  await server?.close();
});

/** Longer than it takes to cancel a run, on a loaded machine too, and no longer than the client waits. */
const HELD_MS = 4_000;
const held = (method: string, more: object = {}): Fault => ({ kind: 'slowAnswer', method, delayMs: HELD_MS, ...more });
const made = '${steps.made.volumeID}';
const hour: RunbookStep = { id: 'w', wait: { for: '1h' } };
const slow = { cloneSeconds: 600 };

interface Case {
  step: Omit<RunbookStep, 'id'>;
  /** What holds the step up; by itself it lasts. */
  fault?: Fault;
  /** The fault only comes once all else is done. */
  later?: true;
  /** Of the cluster. */
  behaviour?: object;
}

const CASES: Record<string, Case> = {
  clone: { step: { clone: { volumeID: 42, name: 'never' } }, behaviour: slow },
  'clone for each': {
    step: { forEach: '[1, 2, 3]', parallel: 2, clone: { volumeID: 42, name: 'n-${item}' } },
    behaviour: slow,
  },
  group: { step: { group: { volumes: [{ volumeID: 41 }, { volumeID: 43 }] } }, behaviour: slow },
  fanOut: { step: { fanOut: { volumeID: 42, clones: [{ name: 'f-1' }, { name: 'f-2' }] } }, behaviour: slow },
  copy: { step: { copy: { volumeID: 42, dstVolumeID: made, force: true } }, fault: held('CopyVolume') },
  refresh: { step: { refresh: { series: 'uat-db', keep: 1, clone: { volumeID: 42 } } }, behaviour: slow },
  snapshot: {
    step: { snapshot: { volumeID: 42 }, undo: { delete: { snapshotID: '${steps.it.snapshotID}' } } },
    fault: held('CreateSnapshot'),
  },
  'snapshot of which the answer is lost': {
    step: { snapshot: { volumeID: 42 } },
    fault: { kind: 'cutThenActLater', method: 'CreateSnapshot', delayMs: 1_000, count: 1 },
  },
  'group snapshot': {
    step: { snapshot: { volumes: [41, 43] }, undo: { delete: { groupSnapshotID: '${steps.it.groupSnapshotID}' } } },
    fault: held('CreateGroupSnapshot'),
  },
  modify: {
    step: { modify: { volumeID: made, access: 'readOnly' } },
    fault: held('ModifyVolume', { match: { access: 'readOnly' } }),
  },
  grant: {
    step: {
      grant: { volumeID: made, volumeAccessGroups: [3] },
      undo: { revoke: { volumeID: made, volumeAccessGroups: [3] } },
    },
    fault: held('AddVolumesToVolumeAccessGroup'),
  },
  revoke: {
    step: { revoke: { volumeID: made, volumeAccessGroups: [3] } },
    fault: held('RemoveVolumesFromVolumeAccessGroup', { count: 1 }),
  },
  delete: { step: { delete: { volumeID: made } }, fault: held('DeleteVolume', { count: 1 }) },
  lease: {
    step: { lease: { volumeID: made, for: '72h' }, undo: { lease: { volumeID: made, release: true } } },
    fault: held('ListVolumes'),
    later: true,
  },
  'wait for a while': { step: { wait: { for: '1h' } } },
  'wait until a time': { step: { wait: { until: '2099-01-01T00:00:00Z' } } },
  'wait for a volume': { step: { wait: { volume: { volumeID: 42 }, until: 'volume.access == "locked"' } } },
  approval: { step: { approval: { from: ['dba'] } } },
  http: { step: { http: { hook: 'app', path: '/slow' } } },
  runbook: {
    step: {
      runbook: {
        document: {
          name: 'inner',
          steps: [
            { id: 'c', clone: { volumeID: 42, name: 'inner' }, undo: { delete: { volumeID: '${steps.c.volumeID}' } } },
            { ...hour, needs: ['c'] },
          ] as never,
          cluster: '${inputs.cluster}',
          inputs: { cluster: { type: 'cluster' } },
        },
        inputs: { cluster: 'CLUSTER' },
      },
    },
  },
  workflow: { step: { workflow: { type: 'runbook', input: { runbook: { name: 'inner', steps: [hour] } } as never } } },
};

const nobody = () => ({ type: 'theirs', taskQueue: `nobody-${randomUUID()}` });

const needsVolume = ({ step }: Case) => JSON.stringify(step).includes(made);

describe.concurrent('a runbook that is cancelled', () => {
  test('while a workflow of others has no worker does not wait for it, undoes the rest, and names it', async () => {
    const service = await fleet.add();
    try {
      const http = (id: string) => ({ hook: 'app', path: `/nobody/${id}` });
      const run = await startRunbook(service, [
        { id: 'a', http: http('a'), undo: { http: http('undo-a') } },
        { id: 'theirs', needs: ['a'], workflow: nobody(), undo: { http: http('undo-theirs') } },
        { id: 'z', needs: ['theirs'], always: true, http: http('z') },
      ]);
      await untilStep(run, 'theirs', 'running');
      const { workflowID } = await waitFor('the workflow', async () => {
        const theirs = (await stepsOf(run)).find((s) => s.id === 'theirs')!;
        return theirs.workflowID === undefined ? undefined : { workflowID: theirs.workflowID };
      });
      const child = service.client.workflow.getHandle(workflowID);
      await waitFor('its start', () => child.describe());
      await run.cancel();
      const end = (await ending(run)) as { message: string; details: RunbookFailureDetails };
      const why = `workflow ${workflowID} was asked to cancel and has not ended: no worker takes up its tasks; look at it by this ID`;
      expect(end).toMatchObject({ ended: 'failed', type: 'RunbookFailed', details: { step: 'cancelled' } });
      expect(end.message).toContain(`Runbook test was cancelled. Undone: theirs (`);
      expect(end.message).toContain(`Could not be undone: theirs (${why}).`);
      expect(end.details.steps.find((s) => s.id === 'theirs')).toMatchObject({ outcome: 'cancelled', note: why });
      const asked = server.seen.map((s) => s.hook).filter((h) => h.startsWith('app/nobody/'));
      expect(asked.map((h) => h.slice('app/nobody/'.length))).toEqual(['a', 'z', 'undo-theirs', 'undo-a']);
      const { events } = await child.fetchHistory();
      expect(events!.some((e) => e.workflowExecutionCancelRequestedEventAttributes != null)).toBe(true);
      await child.terminate('test');
    } finally {
      await service.stop();
    }
  });

  test('not, but whose step takes too long in a workflow without a worker, neither waits for it nor repeats it', async () => {
    const service = await fleet.add();
    try {
      const theirs: RunbookStep = { id: 'theirs', timeout: '1s', retry: { attempts: 3 }, workflow: nobody() };
      const run = await startRunbook(service, [theirs]);
      const end = (await ending(run)) as { message: string; details: RunbookFailureDetails };
      const { workflowID } = end.details.steps[0]!;
      expect(end.message).toContain(
        `Runbook test failed in step theirs: it had not ended after 1s; workflow ${workflowID} was asked to cancel and has not ended`,
      );
      const { events } = await run.fetchHistory();
      const started = events!.filter((e) => e.startChildWorkflowExecutionInitiatedEventAttributes != null);
      expect(started).toHaveLength(1);
      await service.client.workflow.getHandle(workflowID!).terminate('test');
    } finally {
      await service.stop();
    }
  });

  test.each(Object.entries(CASES))(
    'in a step of the kind %s undoes what was done, and leaves nothing',
    async (what, of) => {
      const service = await fleet.add({
        simulator: {
          behaviour: { cloneSeconds: 0, youngVolumeSeconds: 0, ...of.behaviour },
          ...(of.fault === undefined || of.later ? {} : { faults: [of.fault] }),
        },
      });
      try {
        const prefix = what.replaceAll(' ', '-');
        const http = (id: string) => ({ hook: 'app', path: `/${prefix}/${id}` });
        const step = JSON.parse(JSON.stringify(of.step).replace('CLUSTER', service.alias)) as Case['step'];
        if (what === 'http') server.answer('app/slow', { status: 200, delayMs: HELD_MS });
        const volume: RunbookStep[] = needsVolume(of)
          ? [
              {
                id: 'made',
                clone: { volumeID: 42, name: 'made', volumeAccessGroups: what === 'revoke' ? [3] : [1] },
                undo: { delete: { volumeID: '${steps.made.volumeID}' } },
              },
            ]
          : [];
        const run = await startRunbook(service, [
          { id: 'a', http: http('a'), undo: { http: http('undo-a') } },
          ...volume,
          { id: 'ready', needs: ['a', ...volume.map((v) => v.id)], wait: { for: of.later ? '5s' : '1s' } },
          { id: 'it', needs: ['ready'], ...step },
          { id: 'never', needs: ['it'], http: http('never') },
          { id: 'z', needs: ['never'], always: true, http: http('z') },
        ]);
        const { cluster } = service.simulator;
        if (of.fault !== undefined) {
          if (of.later) {
            await untilStep(run, 'ready', 'running');
            cluster.faults.append([of.fault]);
          }
          await waitFor('the fault', () => cluster.faults.list().some((f) => f.fired > 0));
        } else if (what === 'http') await waitFor('the call', () => server.seen.some((s) => s.hook === 'app/slow'));
        else if (of.behaviour !== undefined) await waitFor('the copy', () => cluster.state().slots.running > 0);
        else await untilStep(run, 'it', what === 'approval' ? 'waiting' : 'running');
        await run.cancel();
        cluster.faults.clear();
        expect(await ending(run)).toEqual({ ended: 'cancelled' });
        const asked = server.seen.map((s) => s.hook).filter((h) => h.startsWith(`app/${prefix}/`));
        expect(asked.map((h) => h.slice(prefix.length + 5))).toEqual(['a', 'z', 'undo-a']);
        expect(standing(await stepsOf(run))).toMatchObject({ never: 'cancelled', z: 'succeeded' });
        expectNothingLeft(service.simulator, undefined, service.before);
      } finally {
        await service.stop();
      }
    },
  );
});
