import type { WorkflowHandle } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import type { Fault, SimulatorOptions } from '../../simulator/index.ts';
import { ending, expectNothingLeft } from '../support/invariants.ts';
import { lineOf } from '../support/line.ts';
import { startService, type Service, type ServiceOptions } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

const request = { volumeID: 42, name: 'unwanted', volumeAccessGroups: [2, 3], modify: { access: 'readOnly' } };
/** Long enough for the worker to hear of a cancellation while the call is under way. */
const HELD_MS = 6_000;
const held = (method: string, more: object = {}): Fault => ({
  kind: 'slow',
  method,
  delayMs: HELD_MS,
  count: 1,
  ...more,
});

async function withService<T>(
  simulator: SimulatorOptions,
  body: (service: Service) => Promise<T>,
  times: ServiceOptions['times'] = {},
): Promise<T> {
  const service = await startService({ simulator, times });
  try {
    return await body(service);
  } finally {
    await service.stop();
  }
}

/** A call of this method has reached the cluster, `times` of them. */
const called = (service: Service, method: string, times = 1) =>
  waitFor(
    `${times} calls of ${method}`,
    () => (service.simulator.cluster.calls.counts().byMethod[method] ?? 0) >= times,
  );

const phaseOf = async (handle: WorkflowHandle) => (await handle.describe()).searchAttributes['ElementPhase'];

/** Cancels, and expects that the cluster is as if nothing had been asked for. */
async function expectUndone(service: Service, handle: WorkflowHandle, before: unknown) {
  await handle.cancel();
  expect(await ending(handle)).toEqual({ ended: 'cancelled' });
  expectNothingLeft(service.simulator);
  expect(strangersOf(service)).toEqual(before);
  expect(await phaseOf(handle)).toEqual(['cancelled']);
}

/** Everything that is not ours: source, its neighbours and groups. */
function strangersOf(service: Service) {
  const { volumes, accessGroups, accounts } = service.simulator.cluster.state();
  return { volumes: volumes.filter((v) => v.name !== request.name), accessGroups, accounts };
}

describe('a clone is cancelled, and nothing of it is left', () => {
  test.concurrent.each<[phase: string, fault: Fault | undefined, method: string, times?: number]>([
    ['while it is checked', held('GetLimits'), 'GetLimits'],
    ['while the snapshot is asked for', held('CreateSnapshot'), 'CreateSnapshot'],
    [
      'while the answer of CreateSnapshot is on its way',
      held('CreateSnapshot', { kind: 'slowAnswer' }),
      'CreateSnapshot',
    ],
    ['while the clone is asked for', held('CloneVolume'), 'CloneVolume'],
    ['while the answer of CloneVolume is on its way', held('CloneVolume', { kind: 'slowAnswer' }), 'CloneVolume'],
    ['while it is modified', held('ModifyVolume'), 'ModifyVolume'],
    ['while the first group gets it', held('AddVolumesToVolumeAccessGroup'), 'AddVolumesToVolumeAccessGroup'],
    [
      'while the second group gets it',
      held('AddVolumesToVolumeAccessGroup', { skip: 1 }),
      'AddVolumesToVolumeAccessGroup',
      2,
    ],
    ['while the snapshot is removed', held('DeleteSnapshot'), 'DeleteSnapshot'],
    ['while a look is under way', held('ListSyncJobs'), 'ListSyncJobs'],
    ['after a call whose answer was lost', { kind: 'actThenCut', method: 'CloneVolume', count: 1 }, 'CloneVolume'],
    [
      'after a call that may yet act',
      { kind: 'cutThenActLater', method: 'CloneVolume', delayMs: 1_000, count: 1 },
      'CloneVolume',
    ],
    [
      'after a CreateSnapshot that may yet act',
      { kind: 'cutThenActLater', method: 'CreateSnapshot', delayMs: 1_000, count: 1 },
      'CreateSnapshot',
    ],
  ])('%s', async (_phase, fault, method, times) => {
    await withService({ behaviour: { cloneSeconds: 1 }, faults: fault ? [fault] : [] }, async (service) => {
      const before = strangersOf(service);
      const handle = await service.start(request);
      await called(service, method, times);
      await expectUndone(service, handle, before);
    });
  });

  // A running attempt hears of a cancellation after some seconds; one that ends badly before that is not repeated.
  test.concurrent.each([
    'GetLimits',
    'CreateSnapshot',
    'CloneVolume',
    'ListSyncJobs',
    'ModifyVolume',
    'DeleteSnapshot',
  ])('while %s goes wrong', async (method) => {
    const outlasting: Fault = { kind: 'slow', method, delayMs: 2_000, count: 1 };
    await withService(
      { behaviour: { cloneSeconds: 1 }, faults: [outlasting] },
      async (service) => {
        const before = strangersOf(service);
        const handle = await service.start(request);
        await called(service, method);
        await expectUndone(service, handle, before);
      },
      { timeoutMs: 1_000 },
    );
  });

  test.concurrent('while a look finds the copy running', () =>
    withService(
      {
        behaviour: { cloneSeconds: 600 },
        faults: [{ kind: 'slow', method: 'ListSyncJobs', delayMs: 1_000, count: 1 }],
      },
      async (service) => {
        const before = strangersOf(service);
        const handle = await service.start(request);
        await called(service, 'ListSyncJobs');
        await expectUndone(service, handle, before);
      },
    ),
  );

  test.concurrent('at once', () =>
    withService({}, async (service) => {
      const before = strangersOf(service);
      await expectUndone(service, await service.start(request), before);
    }),
  );

  test.concurrent('while it is verified', () =>
    withService(
      { behaviour: { cloneSeconds: 1 }, faults: [held('ListVolumes', { match: { volumeName: request.name } })] },
      async (service) => {
        const before = strangersOf(service);
        const handle = await service.start(request);
        await waitFor('the look of verify', () =>
          service.simulator.cluster.calls.log().some((c) => c.params['volumeName'] === request.name),
        );
        await expectUndone(service, handle, before);
      },
    ),
  );

  test.concurrent.each(['removed', 'remains'] as const)(
    'while it is copied, where CancelClone leaves the half-made volume %s',
    (cancelledClone) =>
      withService({ behaviour: { cloneSeconds: 600, cancelledClone } }, async (service) => {
        const before = strangersOf(service);
        const handle = await service.start(request);
        await called(service, 'ListSyncJobs', 2);
        const asked = Date.now();
        await expectUndone(service, handle, before);
        expect(Date.now() - asked).toBeLessThan(15_000);
        expect(service.simulator.cluster.state().slots.running).toBe(0);
        expect(service.simulator.cluster.calls.counts().byMethod['CancelClone']).toBe(1);
      }),
  );

  test.concurrent('while it waits for a slot: the copies of others go on', () =>
    withService({ behaviour: { cloneSeconds: 600 }, limits: { cloneJobsPerVolumeMax: 1 } }, async (service) => {
      const { cluster } = service.simulator;
      cluster.act('CloneVolume', { volumeID: 42, name: 'of-somebody-else', attributes: {} });
      const handle = await service.start(request);
      await waitFor('its place in line', async () => (await lineOf(service)).waiting.length === 1);
      await handle.cancel();
      expect(await ending(handle)).toEqual({ ended: 'cancelled' });
      expect(await phaseOf(handle)).toEqual(['cancelled']);
      expectNothingLeft(service.simulator, handle.workflowId);
      await waitFor('the line to be empty', async () => (await lineOf(service)).waiting.length === 0);
      const { volumes, slots, asyncResults, snapshots } = cluster.state();
      expect(volumes.map((v) => v.name)).toContain('of-somebody-else');
      expect({ running: slots.running, results: asyncResults.length, snapshots }).toEqual({
        running: 1,
        results: 1,
        snapshots: [],
      });
    }),
  );

  test.concurrent('twice, the second time while it is being undone', () =>
    withService(
      { behaviour: { cloneSeconds: 600, cancelledClone: 'remains' }, faults: [held('DeleteVolume')] },
      async (service) => {
        const before = strangersOf(service);
        const handle = await service.start(request);
        await called(service, 'ListSyncJobs');
        await handle.cancel();
        await called(service, 'DeleteVolume');
        await expectUndone(service, handle, before);
      },
    ),
  );

  test.concurrent('when it has failed already and is being undone: the failure stays the outcome', () =>
    withService(
      { behaviour: { cloneSeconds: 1 }, faults: [{ kind: 'cloneFails', count: 1 }, held('DeleteVolume')] },
      async (service) => {
        const handle = await service.start(request);
        await called(service, 'DeleteVolume');
        await handle.cancel();
        expect(await ending(handle)).toMatchObject({
          ended: 'failed',
          details: { step: 'awaitClone', cancelled: false },
        });
        expectNothingLeft(service.simulator);
        expect(await phaseOf(handle)).toEqual(['failed']);
      },
    ),
  );

  test.concurrent('with onFailure keep: what stays is named', () =>
    withService({ behaviour: { cloneSeconds: 600 } }, async (service) => {
      const handle = await service.start({ ...request, onFailure: 'keep' });
      await called(service, 'ListSyncJobs');
      await handle.cancel();
      expect(await ending(handle)).toMatchObject({
        ended: 'failed',
        type: 'CloneFailed',
        message: expect.stringContaining('was cancelled in step awaitClone'),
        details: {
          cancelled: true,
          leftBehind: [{ kind: 'volume' }, { kind: 'cloneJob' }, { kind: 'asyncResult' }, { kind: 'snapshot' }],
        },
      });
      expect(await phaseOf(handle)).toEqual(['cancelled']);
    }),
  );
});
