import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  CloneCancelledError,
  CloneClient,
  CloneFailedError,
  CloneNotFoundError,
  CloneStillRunningError,
  InvalidRequestError,
  RequestConflictError,
  ServiceUnavailableError,
  type CloneSummary,
  type ProgressView,
} from '../../client/index.ts';
import { startService, type Service } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

let service: Service;
let clones: CloneClient;
/** A volume of the simulated cluster, and clones that take long enough to be watched. */
let volumeID: number;

beforeAll(async () => {
  service = await startService({ simulator: { behaviour: { cloneSeconds: 4 } } });
  clones = new CloneClient(service.client, { taskQueue: service.taskQueue });
  volumeID = service.simulator.cluster.state().volumes[0]!.volumeID;
});
afterAll(() => service?.stop());

const request = <T extends object>(rest: T = {} as T) => ({
  cluster: 'lab',
  volumeID,
  name: `db-${randomUUID().slice(0, 8)}`,
  ...rest,
});

const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
};

describe('a clone', () => {
  test('is started, watched to its end, and hands back the new volume', async () => {
    const asked = request();
    const clone = await clones.start(asked);
    expect(clone.workflowId).toMatch(new RegExp(`^clone-volume-${volumeID}-of-lab-to-${asked.name}-[a-z0-9]{10}$`));

    const views = await collect(clone.progress({ intervalMs: 100 }));
    expect(views.at(-1)).toMatchObject({ phase: 'done', percent: 100 });
    const copying: ProgressView[] = views.filter((v) => v.step === 'awaitClone' && v.totalBytes !== undefined);
    expect(copying.length).toBeGreaterThan(0);
    expect(copying.at(-1)).toMatchObject({ phase: 'cloning', volumeID: views.at(-1)!.volumeID });

    const result = await clone.result();
    expect(result).toMatchObject({ cluster: 'lab', sourceVolumeID: volumeID, volume: { name: asked.name } });
    expect(await clone.describe()).toMatchObject({
      phase: 'done',
      status: 'COMPLETED',
      request: asked,
      result,
      cloneVolumeID: result.volumeID,
    });
    expect(await clone.cancel()).toBe(false);
  });

  test('that is invalid is refused before anything starts, with every fault', async () => {
    const error = await clones.start({ cluster: 'lab', volumeID: 0, name: '' }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(InvalidRequestError);
    expect((error as InvalidRequestError).faults).toHaveLength(2);
  });

  test('that the cluster cannot make is refused with the faults that the worker found', async () => {
    await expect(clones.execute(request({ volumeID: 999_999 }))).rejects.toBeInstanceOf(InvalidRequestError);
  });

  test('that fails tells why, and its description too', async () => {
    service.simulator.cluster.faults.append([{ kind: 'cloneFails', atPercent: 10 }]);
    try {
      const clone = await clones.start(request());
      const error = await clone.result().catch((e: unknown) => e);
      expect(error).toBeInstanceOf(CloneFailedError);
      expect((error as CloneFailedError).details).toMatchObject({ step: 'awaitClone', cancelled: false });
      expect(await clone.describe()).toMatchObject({ phase: 'failed', failure: { code: 'CLONE_FAILED' } });
      expect((await collect(clone.progress())).at(-1)).toMatchObject({ phase: 'failed' });
    } finally {
      service.simulator.cluster.faults.clear();
    }
  });

  test('that is cancelled undoes what it made', async () => {
    const asked = request();
    const clone = await clones.start(asked);
    await waitFor('the copy to begin', async () => (await clone.describe()).pendingStep?.step === 'awaitClone');
    expect(await clone.cancel()).toBe(true);
    await expect(clone.result()).rejects.toBeInstanceOf(CloneCancelledError);
    expect(await clone.describe()).toMatchObject({ phase: 'cancelled' });
    const left = service.simulator.cluster.state().volumes.filter((v) => v.name === asked.name);
    expect(left.filter((v) => v.status === 'active')).toEqual([]);
  });

  test('goes on when the caller stops waiting', async () => {
    const clone = await clones.start(request());
    await expect(clone.result({ timeoutMs: 1 })).rejects.toBeInstanceOf(CloneStillRunningError);
    const stop = new AbortController();
    const waiting = clone.result({ signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(clone.result({ signal: stop.signal })).rejects.toThrow('enough');
    expect(await collect(clone.progress({ signal: stop.signal }))).toEqual([]);
    await expect(clone.result()).resolves.toMatchObject({ cluster: 'lab' });
  });
});

describe('a requestId', () => {
  test('clones once, however often and at the same time it is sent', async () => {
    const asked = request({ requestId: randomUUID() });
    const handles = await Promise.all([clones.start(asked), clones.start(asked), clones.start(asked)]);
    expect(new Set(handles.map((h) => h.workflowId))).toEqual(new Set([`clone-for-request-${asked.requestId}`]));
    expect(handles.filter((h) => !h.joined)).toHaveLength(1);
    const results = await Promise.all(handles.map((h) => h.result()));
    expect(new Set(results.map((r) => r.volumeID)).size).toBe(1);

    const later = await clones.start(asked);
    expect(later.joined).toBe(true);
    expect(await later.result()).toEqual(results[0]);
    const made = service.simulator.cluster.state().volumes.filter((v) => v.name === asked.name);
    expect(made).toHaveLength(1);
  });

  test('cannot be used for something else, and the error names what differs', async () => {
    const asked = request({ requestId: randomUUID() });
    await clones.start(asked);
    const error = await clones.start({ ...asked, name: 'other' }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(RequestConflictError);
    expect(error).toMatchObject({ code: 'REQUEST_CONFLICT', workflowId: `clone-for-request-${asked.requestId}` });
    expect((error as Error).message).toContain(`name was "${asked.name}"`);
    await clones.handle(`clone-for-request-${asked.requestId}`).cancel();
  });

  test('of a clone that another SDK started without a memo is compared with what it was started with', async () => {
    const asked = request({ requestId: randomUUID() });
    await service.start(asked, { workflowId: `clone-for-request-${asked.requestId}` });
    expect(await clones.start(asked)).toMatchObject({ joined: true });
    await expect(clones.start({ ...asked, volumeID: volumeID + 1 })).rejects.toBeInstanceOf(RequestConflictError);
    const clone = clones.handle(`clone-for-request-${asked.requestId}`);
    expect((await clone.describe()).request).toEqual(asked);
    await clone.cancel();
  });
});

describe('the list', () => {
  test('finds clones by cluster, source, phase and status', async () => {
    const clone = await clones.start(request());
    const found = (filter: object) =>
      waitFor('the index to know the clone', async () => {
        const all: CloneSummary[] = await collect(clones.list({ cluster: 'lab', limit: 100, ...filter }));
        return all.find((c) => c.workflowId === clone.workflowId);
      });
    expect(await found({ sourceVolumeID: volumeID, status: 'Running' })).toMatchObject({ sourceVolumeID: volumeID });
    await clone.result();
    expect(await found({ phase: 'done', status: 'Completed' })).toMatchObject({ phase: 'done', status: 'COMPLETED' });
  });

  test('ends at the limit', async () => {
    await waitFor('two clones in the index', async () => (await collect(clones.list({ limit: 2 }))).length === 2);
    expect(await collect(clones.list({ limit: 1 }))).toHaveLength(1);
    expect(await collect(clones.list({ limit: 0 }))).toEqual([]);
  });

  test('takes quotes in a value for what they are', async () => {
    expect(await collect(clones.list({ series: `a' OR ElementCluster = 'lab` }))).toEqual([]);
    expect(await collect(clones.list({ series: `a\\' OR ElementCluster = "lab` }))).toEqual([]);
  });
});

describe('what is not there', () => {
  test('a clone: a clear error from every call', async () => {
    const clone = clones.handle('no-such-clone');
    await expect(clone.result()).rejects.toBeInstanceOf(CloneNotFoundError);
    await expect(clone.describe()).rejects.toBeInstanceOf(CloneNotFoundError);
    await expect(clone.cancel()).rejects.toBeInstanceOf(CloneNotFoundError);
    await expect(collect(clone.progress())).rejects.toBeInstanceOf(CloneNotFoundError);
  });

  test("a clone, but somebody else's workflow: it is left alone", async () => {
    const workflowId = `stranger-${randomUUID()}`;
    const stranger = await service.client.workflow.start('somethingElse', { workflowId, taskQueue: randomUUID() });
    await expect(clones.handle(workflowId).cancel()).rejects.toThrow('left alone');
    expect((await stranger.describe()).status.name).toBe('RUNNING');
    await stranger.terminate();
  });

  test('a worker: the progress says so', async () => {
    const lonely = new CloneClient(service.client, { taskQueue: `nobody-${randomUUID()}` });
    const clone = await lonely.start(request());
    for await (const view of clone.progress({ intervalMs: 200 })) {
      if (view.message.includes('waiting for a worker')) break;
    }
    await service.client.workflow.getHandle(clone.workflowId).terminate();
    await expect(clone.result()).rejects.toThrow('was terminated');
  });

  test('Temporal: an error with the address and what to do', async () => {
    const error = await CloneClient.connect({ address: '127.0.0.1:1', timeoutMs: 500 }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ServiceUnavailableError);
    expect(error).toMatchObject({ reason: 'unreachable' });
    expect((error as Error).message).toContain('127.0.0.1:1');
  });

  test('a namespace: an error that names it', async () => {
    const elsewhere = await CloneClient.connect({ address: service.address, namespace: 'no-such-namespace' });
    try {
      const error = await elsewhere.start(request()).catch((e: unknown) => e);
      expect(error).toMatchObject({ reason: 'namespaceNotFound' });
      expect((error as Error).message).toContain('no-such-namespace');
    } finally {
      await elsewhere.close();
    }
  });
});
