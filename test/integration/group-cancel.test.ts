import type { WorkflowHandle } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import type { Fault, SimulatorOptions } from '../../simulator/index.ts';
import { quickly, volumesOf } from '../support/groups.ts';
import { ending, expectNothingLeft } from '../support/invariants.ts';
import { lineOf } from '../support/line.ts';
import { startService, type Service } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

const request = { volumes: volumesOf(3), volumeAccessGroups: [2, 3], modify: { access: 'readOnly' } };
/** Long enough for the worker to hear of a cancellation while the call is under way. */
const HELD_MS = 6_000;
const held = (method: string, more: object = {}): Fault => ({
  kind: 'slow',
  method,
  delayMs: HELD_MS,
  count: 1,
  ...more,
});

async function withService<T>(simulator: SimulatorOptions, body: (service: Service) => Promise<T>): Promise<T> {
  const service = await startService({ simulator: quickly(3, simulator) });
  try {
    return await body(service);
  } finally {
    await service.stop();
  }
}

const called = (service: Service, method: string, times = 1) =>
  waitFor(
    `${times} calls of ${method}`,
    () => (service.simulator.cluster.calls.counts().byMethod[method] ?? 0) >= times,
  );

/** Everything that is not ours: sources, their neighbours and groups. */
function strangersOf(service: Service) {
  const { volumes, accessGroups, accounts } = service.simulator.cluster.state();
  return { volumes: volumes.filter((v) => !v.name.endsWith('-clone')), accessGroups, accounts };
}

/** Cancels, and expects that the cluster is as if nothing had been asked for, and that the slots are free again. */
async function expectUndone(service: Service, handle: WorkflowHandle, before: unknown) {
  await handle.cancel();
  expect(await ending(handle)).toEqual({ ended: 'cancelled' });
  expectNothingLeft(service.simulator);
  expect(strangersOf(service)).toEqual(before);
  expect((await handle.describe()).searchAttributes['ElementPhase']).toEqual(['cancelled']);
}

describe('a group is cancelled, and nothing of it is left', () => {
  test.concurrent.each<[when: string, fault: Fault | undefined, method: string, times?: number]>([
    ['while it is checked', held('GetLimits'), 'GetLimits'],
    ['while the group snapshot is asked for', held('CreateGroupSnapshot'), 'CreateGroupSnapshot'],
    [
      'while the answer of CreateGroupSnapshot is on its way',
      held('CreateGroupSnapshot', { kind: 'slowAnswer' }),
      'CreateGroupSnapshot',
    ],
    ['while the clones are asked for', held('CloneMultipleVolumes'), 'CloneMultipleVolumes'],
    [
      'while the answer of CloneMultipleVolumes is on its way',
      held('CloneMultipleVolumes', { kind: 'slowAnswer' }),
      'CloneMultipleVolumes',
    ],
    ['while the first volumes are modified', held('ModifyVolume'), 'ModifyVolume'],
    ['while the first group gets them', held('AddVolumesToVolumeAccessGroup'), 'AddVolumesToVolumeAccessGroup'],
    [
      'while the second group gets them',
      held('AddVolumesToVolumeAccessGroup', { skip: 1 }),
      'AddVolumesToVolumeAccessGroup',
      2,
    ],
    ['while the group snapshot is removed', held('DeleteGroupSnapshot'), 'DeleteGroupSnapshot'],
    [
      'after a call whose answer was lost',
      { kind: 'actThenCut', method: 'CloneMultipleVolumes', count: 1 },
      'CloneMultipleVolumes',
    ],
    [
      'after a call that may yet act',
      { kind: 'cutThenActLater', method: 'CloneMultipleVolumes', delayMs: 1_000, count: 1 },
      'CloneMultipleVolumes',
    ],
    [
      'after a CreateGroupSnapshot that may yet act',
      { kind: 'cutThenActLater', method: 'CreateGroupSnapshot', delayMs: 1_000, count: 1 },
      'CreateGroupSnapshot',
    ],
  ])('%s', async (_when, fault, method, times) => {
    await withService({ faults: fault ? [fault] : [] }, async (service) => {
      const before = strangersOf(service);
      const handle = await service.startGroup(request);
      await called(service, method, times);
      await expectUndone(service, handle, before);
    });
  });

  test.concurrent('at once', () =>
    withService({}, async (service) => {
      const before = strangersOf(service);
      await expectUndone(service, await service.startGroup(request), before);
    }),
  );

  test.concurrent('while it is verified', () =>
    withService({ faults: [held('ListVolumes', { match: { accounts: [1] } })] }, async (service) => {
      const before = strangersOf(service);
      const handle = await service.startGroup(request);
      await waitFor('the look of verify', () =>
        service.simulator.cluster.calls.log().some((c) => c.params['accounts'] !== undefined),
      );
      await expectUndone(service, handle, before);
    }),
  );

  test.concurrent.each(['removed', 'remains'] as const)(
    'while it is copied, where CancelGroupClone leaves the half-made volumes %s',
    (cancelledClone) =>
      withService({ behaviour: { cloneSeconds: 600, cancelledClone } }, async (service) => {
        const before = strangersOf(service);
        const handle = await service.startGroup(request);
        await waitFor('the copies', () => service.simulator.cluster.state().slots.running === 3);
        await expectUndone(service, handle, before);
        expect(service.simulator.cluster.state().slots.running).toBe(0);
        expect(service.simulator.cluster.calls.counts().byMethod).toMatchObject({ CancelGroupClone: 1 });
        await waitFor('the slots to be free', async () => (await lineOf(service)).holding.length === 0);
      }),
  );

  test.concurrent('while it waits in line: the copies of others go on', () =>
    withService({ behaviour: { cloneSeconds: 600 }, limits: { cloneJobsPerVolumeMax: 1 } }, async (service) => {
      service.simulator.cluster.act('CloneVolume', { volumeID: 102, name: 'of-somebody-else', attributes: {} });
      const handle = await service.startGroup(request);
      await waitFor('the group in line', async () => (await lineOf(service)).waiting.length === 1);
      await handle.cancel();
      expect(await ending(handle)).toEqual({ ended: 'cancelled' });
      expect(service.simulator.cluster.state()).toMatchObject({
        slots: { running: 1 },
        groupSnapshots: [],
        snapshots: [],
      });
      await waitFor('an empty line', async () => (await lineOf(service)).waiting.length === 0);
    }),
  );

  test.concurrent('while the clones of failed members are removed', () =>
    withService({ faults: [{ kind: 'cloneFails', sourceVolumeID: 102 }, held('DeleteVolume')] }, async (service) => {
      const before = strangersOf(service);
      const handle = await service.startGroup({ ...request, onMemberFailure: 'keep' });
      await called(service, 'DeleteVolume');
      await expectUndone(service, handle, before);
    }),
  );

  test.concurrent('with onFailure keep: what stays is named', () =>
    withService({ behaviour: { cloneSeconds: 600 } }, async (service) => {
      const handle = await service.startGroup({ ...request, onFailure: 'keep' });
      await waitFor('the copies', () => service.simulator.cluster.state().slots.running === 3);
      // The answer of CloneMultipleVolumes has been recorded.
      await waitFor('a look', async () =>
        (await handle.describe()).raw.pendingActivities?.some((a) => a.activityType?.name === 'awaitGroup'),
      );
      await handle.cancel();
      const volume = { kind: 'volume' };
      expect(await ending(handle)).toMatchObject({
        ended: 'failed',
        message: expect.stringMatching(
          /^Cloning volumes 101, 102 and 1 more of cluster lab was cancelled in step awaitGroup/,
        ),
        details: {
          cancelled: true,
          leftBehind: [volume, volume, volume, { kind: 'asyncResult' }, { kind: 'groupSnapshot' }],
        },
      });
    }),
  );
});
