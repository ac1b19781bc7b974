import type { WorkflowHandle } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import type { Behaviour, Fault } from '../../simulator/index.ts';
import { ending, expectNothingLeft } from '../support/invariants.ts';
import { lineOf } from '../support/line.ts';
import type { Service } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';
import { called, copying, withService } from '../support/with-service.ts';

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

describe.concurrent('a clone is cancelled, and nothing of it is left', () => {
  test.each<[phase: string, fault: Fault | undefined, method: string, times?: number]>([
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
  test.each(['GetLimits', 'CreateSnapshot', 'CloneVolume', 'ListSyncJobs', 'ModifyVolume', 'DeleteSnapshot'])(
    'while %s goes wrong',
    async (method) => {
      const outlasting: Fault = { kind: 'slow', method, delayMs: 2_000, count: 1 };
      await withService(
        { faults: [outlasting] },
        async (service) => {
          const before = strangersOf(service);
          const handle = await service.start(request);
          await called(service, method);
          await expectUndone(service, handle, before);
        },
        { times: { timeoutMs: 1_000 } },
      );
    },
  );

  /** Shorter than the worker's heartbeats, so that the try ends before it hears of the cancellation. */
  const SHORT_MS = 700;
  test.each<[what: string, fault: Fault, times: number, behaviour: Partial<Behaviour>]>([
    ['finds the copy unfinished', held('ListSyncJobs', { skip: 1, delayMs: SHORT_MS }), 2, { cloneSeconds: 600 }],
    [
      'finds the volume not ready',
      held('ModifyVolume', { delayMs: SHORT_MS }),
      1,
      { cloneSeconds: 1, youngVolumeSeconds: 60 },
    ],
  ])('while a try that has not heard of it %s', async (_what, fault, times, behaviour) => {
    await withService({ behaviour, faults: [fault] }, async (service) => {
      const before = strangersOf(service);
      const handle = await service.start(request);
      await called(service, fault.method as string, times);
      await expectUndone(service, handle, before);
    });
  });

  test('at once', () =>
    withService({}, async (service) => {
      const before = strangersOf(service);
      await expectUndone(service, await service.start(request), before);
    }));

  test('while it is verified', () =>
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
    ));

  test.each(['removed', 'remains'] as const)(
    'while it is copied, where CancelClone leaves the half-made volume %s',
    (cancelledClone) =>
      withService({ behaviour: { cloneSeconds: 600, cancelledClone } }, async (service) => {
        const before = strangersOf(service);
        const handle = await service.start(request);
        await called(service, 'ListSyncJobs', 2);
        await expectUndone(service, handle, before);
        expect(service.simulator.cluster.state().slots.running).toBe(0);
        expect(service.simulator.cluster.calls.counts().byMethod['CancelClone']).toBe(1);
      }),
  );

  test('while it waits for a slot: the copies of others go on', () =>
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
    }));

  test('twice, the second time while it is being undone', () =>
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
    ));

  test('twice at once', () =>
    withService({ behaviour: { cloneSeconds: 600 } }, async (service) => {
      const before = strangersOf(service);
      const handle = await service.start(request);
      await copying(service);
      await handle.cancel();
      await expectUndone(service, handle, before);
    }));

  test('while it waits to be sure that a lost call made no second volume, and again while undoing waits for that', () =>
    withService(
      { faults: [{ kind: 'actThenCut', method: 'CloneVolume', count: 1 }] },
      async (service) => {
        const before = strangersOf(service);
        const handle = await service.start(request);
        const waitsIn = (step: string) =>
          waitFor(`the wait in ${step}`, async () =>
            (await handle.describe()).raw.pendingActivities?.some(
              (a) => a.activityType?.name === step && a.lastFailure?.message?.startsWith('waiting to see whether a'),
            ),
          );
        await waitsIn('verifyClone');
        await handle.cancel();
        await waitsIn('undoClone');
        await expectUndone(service, handle, before);
      },
      { times: { settleMs: 9_000 } },
    ));

  test('when it has failed already and is being undone: the failure stays the outcome', () =>
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
    ));

  test('with onFailure keep: what stays is named', () =>
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
    }));
});
