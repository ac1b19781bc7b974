import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Fault } from '../../simulator/index.ts';
import { expectInvariants, ours } from '../support/invariants.ts';
import { reset } from '../support/reset.ts';
import { HELD_STEPS } from '../support/steps.ts';
import { startService, type Service } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

const GIB = 1_073_741_824;
const SOURCES = 80;
/** Longer than a clone takes, so that a held call of the former run lands when the next one would be done. */
const HELD_MS = 8_000;
const SETTLE_MS = 9_000;
let service: Service;
beforeAll(async () => {
  const volumes = Array.from({ length: SOURCES }, (_, i) => ({
    volumeID: 101 + i,
    name: `source-${i}`,
    totalSize: GIB,
  }));
  service = await startService({
    times: { settleMs: SETTLE_MS },
    simulator: {
      state: { volumes },
      limits: { cloneJobsPerNodeMax: 50 },
      behaviour: { cloneSeconds: 1, youngVolumeSeconds: 0, copyRules: [{ name: 'copying*', cloneSeconds: 8 }] },
    },
  });
});
afterAll(() => service?.stop());

let last = 100;
/** A request of its own source, under these faults; `fault` is told the source and the name. */
function newRequest(prefix: string, faults: (volumeID: number, name: string) => Fault[] = () => []) {
  last += 1;
  const request = { volumeID: last, name: `${prefix}-${last}`, volumeAccessGroups: [3] };
  const own = faults(request.volumeID, request.name);
  service.simulator.cluster.faults.append(own);
  faultsOf.set(request.name, own);
  return request;
}
const faultsOf = new Map<string, Fault[]>();
/** The last fault of a request has met its call. */
const isHeld = ({ name }: { name: string }) => {
  const fault = faultsOf.get(name)?.at(-1);
  return service.simulator.cluster.faults.list().some((f) => f.fault === fault && f.fired > 0);
};
/** No call is held any more. */
const isQuiet = () =>
  service.simulator.cluster.calls.log().every((c) => c.fault === undefined || c.outcome !== 'pending');
const check = (handle: Parameters<typeof expectInvariants>[1]) =>
  expectInvariants(service.simulator, handle, { groups: ['uat-hosts'] });
const timesMade = (name: string) =>
  service.simulator.cluster.calls
    .log()
    .filter((c) => c.method === 'CloneVolume' && c.params['name'] === name && c.outcome === 'ok').length;

/** Answers to workflow tasks: the points to which a workflow can be reset. */
const countPoints = async (handle: WorkflowHandle) =>
  (await handle.fetchHistory()).events!.filter((e) => e.workflowTaskCompletedEventAttributes).length;

/** Makes as many clones as one has points, lets each end as `make` says, and resets each to another point. */
async function resetToEach(make: () => Promise<WorkflowHandle>) {
  const pattern = await make();
  const points = await countPoints(pattern);
  return Promise.all(
    Array.from({ length: points }, async (_, nth) => {
      const handle = nth === 0 ? pattern : await make();
      const again = await reset(service.client, handle, Math.min(nth, (await countPoints(handle)) - 1));
      return { nth, workflowID: handle.workflowId, end: await check(again) };
    }),
  );
}

describe.concurrent('a workflow that is reset, to whatever point, leaves one clone or none', () => {
  test('when it is done: the clone that is there is taken again', async () => {
    const outcomes = await resetToEach(async () => {
      const handle = await service.start(newRequest('done'));
      expect(await check(handle)).toMatchObject({ ended: 'completed' });
      return handle;
    });
    expect(outcomes.length).toBeGreaterThanOrEqual(8);
    for (const { end } of outcomes) expect(end).toMatchObject({ ended: 'completed' });
    const { volumes } = service.simulator.cluster.state();
    const made = volumes.filter((v) => v.name.startsWith('done-'));
    expect(made).toHaveLength(outcomes.length);
  });

  test('when it has failed and was undone: made anew from before the clone, readable from after it', async () => {
    const outcomes = await resetToEach(async () => {
      const request = newRequest('failed', (_v, name) => [{ kind: 'cloneFails', match: { name }, count: 1 }]);
      const handle = await service.start(request);
      expect(await check(handle)).toMatchObject({ ended: 'failed' });
      return handle;
    });
    expect(outcomes[0]).toMatchObject({ end: { ended: 'completed' } });
    for (const { end } of outcomes) expect(['completed', 'failed']).toContain(end.ended);
  });

  test('when it was cancelled', async () => {
    const outcomes = await resetToEach(async () => {
      const request = newRequest('copying');
      const handle = await service.start(request);
      await waitFor('the copy', () => timesMade(request.name) === 1);
      await handle.cancel();
      expect(await check(handle)).toEqual({ ended: 'cancelled' });
      return handle;
    });
    expect(outcomes[0]).toMatchObject({ end: { ended: 'completed' } });
  });
});

/** A call that makes something may land when the clone of the next run would be done; others need not be held so long. */
const heldMs = (step: string) => (step.startsWith('before-') ? HELD_MS : 3_000);

describe.concurrent('a workflow that is reset while it acts leaves one clone or none', () => {
  const steps = Object.keys(HELD_STEPS).filter((step) => !HELD_STEPS[step]!.alone);
  describe.concurrent.each(steps)('%s', (step) => {
    test.each(['its beginning', 'where it is'])('to %s', async (where) => {
      const request = newRequest(step, (volumeID, name) => HELD_STEPS[step]!.faults(volumeID, name, heldMs(step)));
      const handle = await service.start(request);
      await waitFor('the call to be held', () => isHeld(request));
      const again = await reset(service.client, handle, where === 'its beginning' ? 0 : -1);
      const end = await check(again);
      if (!step.startsWith('undoing')) expect(end).toMatchObject({ ended: 'completed' });
      // The held call has landed by now, and what it made is gone or is the one.
      await waitFor('every call to have ended', isQuiet);
      await check(again);
    });
  });

  test('copying: the copy goes on, and is taken again', async () => {
    const request = newRequest('copying');
    const handle = await service.start(request);
    await waitFor('the look at the copy', async () =>
      (await handle.describe()).raw.pendingActivities?.some((a) => a.activityType?.name === 'awaitClone'),
    );
    const [volume] = ours(service.simulator.cluster.state(), handle.workflowId).volumes;
    const ends = [];
    for (const at of [-1, 1, 0]) {
      const again = await reset(service.client, handle, at);
      if (at === 0) ends.push(await check(again));
    }
    expect(ends).toMatchObject([{ ended: 'completed', result: { volumeID: volume!.volumeID } }]);
    expect(timesMade(request.name)).toBe(1);
  });
});
