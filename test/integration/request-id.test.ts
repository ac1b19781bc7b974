import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { workflowIDForRequest } from '../../contracts/workflow-id.ts';
import { ending, ours } from '../support/invariants.ts';
import { startService, type Service } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

const GIB = 1_073_741_824;
let service: Service;
beforeAll(async () => {
  const volumes = Array.from({ length: 20 }, (_, i) => ({ volumeID: 101 + i, name: `source-${i}`, totalSize: GIB }));
  service = await startService({
    simulator: {
      state: { volumes },
      behaviour: { cloneSeconds: 1, youngVolumeSeconds: 0, copyRules: [{ name: 'slow-*', cloneSeconds: 6 }] },
      faults: [
        {
          kind: 'error',
          method: 'ModifyVolume',
          name: 'xUnknownAccount',
          match: { 'attributes.fails': 'once' },
          count: 1,
        },
        {
          kind: 'error',
          method: 'ModifyVolume',
          name: 'xUnknownAccount',
          match: { 'attributes.fails': 'once more' },
          count: 1,
        },
      ],
    },
  });
});
afterAll(() => service?.stop());

let last = 100;
const newRequest = (prefix = 'keyed') => {
  last += 1;
  return { volumeID: last, name: `${prefix}-${last}`, requestId: `key-${randomUUID()}` };
};

/** All volumes that were ever made under the name of this request and not deleted, and all our snapshots of its source. */
const onCluster = (request: { name: string; volumeID: number }) => {
  const state = service.simulator.cluster.state();
  const left = ours(state);
  return {
    volumes: left.volumes.filter((v) => v.name === request.name).map((v) => v.volumeID),
    snapshots: left.snapshots.filter((s) => s.volumeID === request.volumeID),
  };
};
const timesCloned = (request: { name: string }) =>
  service.simulator.cluster.calls.log().filter((c) => c.method === 'CloneVolume' && c.params['name'] === request.name)
    .length;

describe('the same requestId never clones twice', () => {
  test.concurrent('two workflows at once, and a third one later, share one clone', async () => {
    const request = newRequest();
    const [a, b] = await Promise.all([service.clone(request), service.clone(request)]);
    expect(b).toEqual(a);
    expect(await service.clone(request)).toEqual(a);
    const lock = service.client.workflow.getHandle(workflowIDForRequest(request.requestId));
    expect(await lock.result()).toEqual(a);
    expect(onCluster(request)).toEqual({ volumes: [a.volumeID], snapshots: [] });
    expect(timesCloned(request)).toBe(1);
  });

  test.concurrent('a workflow that has the name of the key itself holds it as well', async () => {
    const request = newRequest();
    const workflowId = workflowIDForRequest(request.requestId);
    const [a, b] = await Promise.all([(await service.start(request, { workflowId })).result(), service.clone(request)]);
    expect(b).toEqual(a);
    expect(timesCloned(request)).toBe(1);
  });

  test.concurrent('for a different request it is refused, while the first runs and when it is done', async () => {
    const request = newRequest('slow');
    const first = await service.start(request);
    const lock = service.client.workflow.getHandle(workflowIDForRequest(request.requestId));
    await waitFor('the holder of the key', async () => (await lock.describe()).status.name === 'RUNNING');
    const conflict = {
      ended: 'failed',
      type: 'RequestConflict',
      message: expect.stringContaining('was used before for a different request'),
    };
    expect(await ending(await service.start({ ...request, name: 'another' }))).toMatchObject(conflict);
    await first.result();
    expect(await ending(await service.start({ ...request, access: 'readOnly' }))).toMatchObject(conflict);
    expect(onCluster(request).volumes).toHaveLength(1);
  });

  test.concurrent('members in another order are the same request', async () => {
    const { volumeID, name, requestId } = newRequest();
    const a = await service.clone({ volumeID, name, requestId });
    expect(await service.clone({ requestId, name, volumeID })).toEqual(a);
  });

  test.concurrent('a failed key may be tried again', async () => {
    const request = { ...newRequest(), attributes: { fails: 'once' } };
    expect(await ending(await service.start(request))).toMatchObject({
      ended: 'failed',
      type: 'CloneFailed',
      details: { step: 'modifyVolume' },
    });
    expect(onCluster(request)).toEqual({ volumes: [], snapshots: [] });
    const result = await service.clone(request);
    expect(onCluster(request)).toEqual({ volumes: [result.volumeID], snapshots: [] });
  });

  test.concurrent('who merely waits for the clone may be cancelled: the clone goes on', async () => {
    const request = newRequest('slow');
    const holder = await service.start(request, { workflowId: workflowIDForRequest(request.requestId) });
    const waiting = await service.start(request);
    await waitFor('the wait for the holder', async () =>
      (await waiting.describe()).raw.pendingActivities?.some((a) => a.activityType?.name === 'joinRequest'),
    );
    await waiting.cancel();
    expect(await ending(waiting)).toEqual({ ended: 'cancelled' });
    const { volumeID } = await holder.result();
    expect(onCluster(request).volumes).toEqual([volumeID]);
  });

  test.concurrent(
    'a holder that another SDK started without a memo is compared with what it was started with',
    async () => {
      const request = newRequest('slow');
      const holder = await service.start(request, { workflowId: workflowIDForRequest(request.requestId) });
      const other = await service.start({ ...request, name: 'another' });
      expect(await ending(other)).toMatchObject({ ended: 'failed', type: 'RequestConflict' });
      const same = await service.start(request);
      expect(await same.result()).toEqual(await holder.result());
    },
  );

  test.concurrent('the holder is cancelled through the workflow that began it, and who waits hears of it', async () => {
    const request = newRequest('slow');
    const beginner = await service.start(request);
    const lock = service.client.workflow.getHandle(workflowIDForRequest(request.requestId));
    await waitFor('the copy', () => onCluster(request).volumes.length === 1);
    const waiting = await service.start(request);
    await waitFor('the wait for the holder', async () =>
      (await waiting.describe()).raw.pendingActivities?.some((a) => a.activityType?.name === 'joinRequest'),
    );
    await beginner.cancel();
    expect(await ending(beginner)).toEqual({ ended: 'cancelled' });
    expect(await ending(lock)).toEqual({ ended: 'cancelled' });
    expect(await ending(waiting)).toMatchObject({ ended: 'failed', message: expect.stringContaining('was cancelled') });
    expect(onCluster(request)).toEqual({ volumes: [], snapshots: [] });
  });

  test.concurrent('a failed key may be tried again by two at once, who share the new clone', async () => {
    const request = { ...newRequest(), attributes: { fails: 'once more' } };
    expect(await ending(await service.start(request))).toMatchObject({ ended: 'failed', type: 'CloneFailed' });
    const [a, b] = await Promise.all([service.clone(request), service.clone(request)]);
    expect(b).toEqual(a);
    expect(onCluster(request)).toEqual({ volumes: [a.volumeID], snapshots: [] });
    expect(timesCloned(request)).toBe(2);
  });

  test.concurrent('a cancelled key may be asked for again', async () => {
    const request = newRequest('slow');
    const first = await service.start(request);
    await waitFor('the copy', () => onCluster(request).volumes.length === 1);
    await first.cancel();
    expect(await ending(first)).toEqual({ ended: 'cancelled' });
    expect(onCluster(request)).toEqual({ volumes: [], snapshots: [] });
    const { volumeID } = await service.clone(request);
    expect(onCluster(request)).toEqual({ volumes: [volumeID], snapshots: [] });
  });

  test.concurrent('a terminated holder leaves its copy, which the next one under the key takes over', async () => {
    const request = newRequest('slow');
    const holder = await service.start(request, { workflowId: workflowIDForRequest(request.requestId) });
    const waiting = await service.start(request);
    await waitFor('the copy', () => onCluster(request).volumes.length === 1);
    await waitFor('the wait for the holder', async () =>
      (await waiting.describe()).raw.pendingActivities?.some((a) => a.activityType?.name === 'joinRequest'),
    );
    const left = onCluster(request);
    await holder.terminate('test');
    expect(await ending(waiting)).toMatchObject({
      ended: 'failed',
      type: 'CloneFailed',
      message: expect.stringMatching(/^clone-for-request-.* was terminated, which undoes nothing; repeat the request/),
    });
    const { volumeID } = await service.clone(request);
    expect([volumeID]).toEqual(left.volumes);
    expect(onCluster(request)).toEqual({ volumes: [volumeID], snapshots: [] });
    expect(timesCloned(request)).toBe(1);
  });
});

test('who waits for the clone longer than its own deadline is told that it goes on', async () => {
  const request = { cluster: 'lab', ...newRequest('slow'), deadline: '3s' };
  // With a memo that does not tell that the requests differ.
  const holder = await service.client.workflow.start('cloneVolume', {
    workflowId: workflowIDForRequest(request.requestId),
    taskQueue: service.taskQueue,
    args: [{ ...request, deadline: '60s' }],
    memo: { request },
  });
  const end = await ending(await service.start(request));
  expect(end).toMatchObject({ ended: 'failed', type: 'CloneFailed', message: expect.stringContaining('it goes on') });
  await holder.result();
});
