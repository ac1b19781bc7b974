import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { workflowIDForRequest } from '../../contracts/workflow-id.ts';
import type { SimulatorOptions } from '../../simulator/index.ts';
import { ending, expectInvariants, expectNothingLeft, expectOneClone, ours } from '../support/invariants.ts';
import { startService, type Service, type ServiceOptions } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

const request = { volumeID: 42, name: 'db-uat' };
/** A late CloneVolume finds its snapshot: that of a finished clone is gone otherwise. */
const keepingSnapshot = { ...request, snapshot: { retention: 'keep' } };
const instant = { cloneSeconds: 0, youngVolumeSeconds: 0 };

async function withService<T>(
  simulator: SimulatorOptions,
  times: ServiceOptions['times'],
  body: (service: Service) => Promise<T>,
): Promise<T> {
  const service = await startService({ simulator: { behaviour: instant, ...simulator }, times: times ?? {} });
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

/** How many calls of this method the cluster has carried out. */
const carriedOut = (service: Service, method: string) =>
  service.simulator.cluster.calls.log().filter((c) => c.method === method && c.outcome === 'ok').length;

test.concurrent('a CloneVolume that takes effect long after it was given up: its volume is found and removed', () =>
  withService(
    // Given up after 2 s, and carried out 10 s later: within the 11 s in which a call without an answer may still act.
    { faults: [{ kind: 'slow', method: 'CloneVolume', delayMs: 12_000, count: 1 }] },
    { timeoutMs: 2_000, settleMs: 11_000 },
    async (service) => {
      const handle = await service.start(keepingSnapshot);
      const { volumeID } = await handle.result();
      await waitFor('both calls to be carried out', () => carriedOut(service, 'CloneVolume') === 2);
      expectOneClone(service.simulator, volumeID, { snapshots: 1 });
    },
  ),
);

test.concurrent('a CreateSnapshot that takes effect long after it was given up: its snapshot is removed', () =>
  withService(
    { faults: [{ kind: 'slow', method: 'CreateSnapshot', delayMs: 12_000, count: 1 }] },
    { timeoutMs: 2_000, settleMs: 11_000 },
    async (service) => {
      const handle = await service.start(request);
      const { volumeID } = await handle.result();
      await waitFor('both calls to be carried out', () => carriedOut(service, 'CreateSnapshot') === 2);
      expectOneClone(service.simulator, volumeID);
    },
  ),
);

test.concurrent('a terminated clone is asked for again by its key, while its CloneVolume may still take effect', () =>
  withService(
    { faults: [{ kind: 'cutThenActLater', method: 'CloneVolume', delayMs: 5_000, count: 1 }] },
    { settleMs: 6_000 },
    async (service) => {
      const requestId = randomUUID();
      const workflowId = workflowIDForRequest(requestId);
      const first = await service.start({ ...keepingSnapshot, requestId }, { workflowId });
      await called(service, 'CloneVolume');
      await first.terminate();

      const { volumeID } = await (await service.start({ ...keepingSnapshot, requestId }, { workflowId })).result();
      const { calls } = service.simulator.cluster;
      await waitFor('the late effect', () => calls.log().find((c) => c.method === 'CloneVolume')?.outcome === 'ok');
      expectOneClone(service.simulator, volumeID, { workflowID: workflowId, snapshots: 1 });
    },
  ),
);

test.concurrent(
  'a clone that cannot be looked for is found by undoing, and the answer of its DeleteVolume is lost: its result is released',
  () =>
    withService(
      {
        faults: [
          { kind: 'actThenCut', method: 'CloneVolume', count: 1 },
          {
            kind: 'error',
            method: 'ListVolumes',
            match: { volumeName: request.name },
            name: 'xUnknownAccount',
            count: 1,
          },
          { kind: 'actThenCut', method: 'DeleteVolume', count: 1 },
        ],
      },
      {},
      async (service) => {
        const end = await expectInvariants(service.simulator, await service.start(request));
        expect(end).toMatchObject({ ended: 'failed', details: { step: 'startClone', leftBehind: [] } });
      },
    ),
);

test.concurrent('a clone found again whose result could not be looked for: it is looked for again, and released', () =>
  withService(
    {
      faults: [
        { kind: 'actThenCut', method: 'CloneVolume', count: 1 },
        { kind: 'error', method: 'ListAsyncResults', name: 'xUnknownAccount', count: 1 },
      ],
    },
    {},
    async (service) => {
      const { volumeID, asyncHandle } = await (await service.start(request)).result();
      expect(asyncHandle).toBeNull();
      expectOneClone(service.simulator, volumeID);
    },
  ),
);

test.concurrent('a second volume is removed with its result, though the answer of DeleteVolume is lost', () =>
  withService(
    {
      faults: [
        // Not after a time: a machine that is busy would repeat the call later than that, and find what it had made.
        { kind: 'overtaken', method: 'CloneVolume', count: 1 },
        { kind: 'actThenCut', method: 'DeleteVolume', count: 1 },
      ],
    },
    {},
    async (service) => {
      const handle = await service.start(request);
      const { volumeID } = await handle.result();
      expect(carriedOut(service, 'CloneVolume')).toBe(2);
      expectOneClone(service.simulator, volumeID);
    },
  ),
);

test.concurrent(
  'a result that the cluster does not give away costs neither the clone nor the removal of its snapshot',
  () =>
    withService(
      { faults: [{ kind: 'error', method: 'GetAsyncResult', match: { keepResult: false }, name: 'xUnknownAccount' }] },
      {},
      async (service) => {
        const handle = await service.start(request);
        expect(await ending(handle)).toMatchObject({ ended: 'completed', result: { snapshotDeleted: true } });
        expect(ours(service.simulator.cluster.state()).snapshots).toEqual([]);
      },
    ),
);

test.concurrent('a snapshot that may exist and cannot be looked for is named as such', () =>
  withService(
    {
      faults: [
        { kind: 'actThenCut', method: 'CreateSnapshot', count: 1 },
        { kind: 'error', method: 'ListSnapshots', name: 'xUnknownAccount' },
      ],
    },
    {},
    async (service) => {
      const handle = await service.start(request);
      expect(await ending(handle)).toMatchObject({
        ended: 'failed',
        details: { step: 'createSnapshot', leftBehind: [{ kind: 'snapshot', id: null }] },
      });
    },
  ),
);

test.concurrent('with onFailure keep, what a lost call may have made is named too', () =>
  withService(
    {
      faults: [
        { kind: 'actThenCut', method: 'CloneVolume', count: 1 },
        { kind: 'error', method: 'ListVolumes', match: { volumeName: request.name }, name: 'xUnknownAccount' },
      ],
    },
    {},
    async (service) => {
      const handle = await service.start({ ...request, onFailure: 'keep' });
      expect(await ending(handle)).toMatchObject({
        ended: 'failed',
        details: {
          step: 'startClone',
          leftBehind: [
            { kind: 'volume', id: null },
            { kind: 'asyncResult', id: null },
            { kind: 'snapshot', id: expect.any(Number) },
          ],
        },
      });
      expectNothingLeft(service.simulator, 'nobody');
    },
  ),
);

test.concurrent(
  'with onFailure keep, what no answer has told of is looked for, and named by its ID with its job and result',
  () =>
    withService(
      {
        behaviour: { cloneSeconds: 3_600, youngVolumeSeconds: 0 },
        faults: [
          { kind: 'actThenCut', method: 'CloneVolume', count: 1 },
          {
            kind: 'error',
            method: 'ListVolumes',
            match: { volumeName: request.name },
            name: 'xUnknownAccount',
            count: 1,
          },
        ],
      },
      {},
      async (service) => {
        const handle = await service.start({ ...request, onFailure: 'keep' });
        const end = await ending(handle);
        const { volumes, jobs, snapshots } = ours(service.simulator.cluster.state(), handle.workflowId);
        expect([volumes.length, jobs.length, snapshots.length]).toEqual([1, 1, 1]);
        expect(end).toMatchObject({
          ended: 'failed',
          details: {
            step: 'startClone',
            leftBehind: [
              { kind: 'volume', id: volumes[0]!.volumeID },
              { kind: 'cloneJob', id: jobs[0]!.cloneID },
              { kind: 'asyncResult', id: expect.any(Number) },
              { kind: 'snapshot', id: snapshots[0]!.snapshotID },
            ],
          },
        });
      },
    ),
);
