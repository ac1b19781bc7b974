import { describe, expect, test } from 'vitest';
import { ending, expectNothingLeft, expectOneClone } from '../support/invariants.ts';
import { lineHandle, lineOf } from '../support/line.ts';
import { ownTemporal } from '../support/own-temporal.ts';
import { startService, type Service, type ServiceOptions } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

async function withService<T>(options: ServiceOptions, body: (service: Service) => Promise<T>): Promise<T> {
  const service = await startService(options);
  try {
    return await body(service);
  } finally {
    await service.stop();
  }
}

/** Clones of one volume, named by their number, that joined the line one after the other. */
async function inOrder(service: Service, count: number, request: (i: number) => object = () => ({})) {
  const handles = [];
  for (let i = 0; i < count; i += 1) {
    handles.push(await service.start({ volumeID: 42, name: `copy-${i}`, ...request(i) }));
    await waitFor(`copy-${i} to be in line`, async () => {
      const { waiting, holding } = await lineOf(service);
      return waiting.length + holding.length > i;
    });
  }
  return handles;
}

/** Names in the order in which the cluster accepted them. */
const accepted = ({ simulator }: Service) =>
  simulator.cluster.calls
    .log()
    .filter((c) => c.method === 'CloneVolume' && c.outcome === 'ok')
    .map((c) => c.params['name']);

const refusals = ({ simulator }: Service) =>
  simulator.cluster.calls.log().filter((c) => c.method === 'CloneVolume' && c.outcome !== 'ok').length;

const isWaiting = (service: Service, count: number) =>
  waitFor(`${count} in line`, async () => (await lineOf(service)).waiting.length === count);

const long = { simulator: { behaviour: { cloneSeconds: 600 } } };

describe.concurrent('clones in line for a clone slot', () => {
  test('run as many at once as the cluster allows, and none is refused', () =>
    withService({ simulator: { behaviour: { cloneSeconds: 2 } } }, async (service) => {
      const names = Array.from({ length: 8 }, (_, i) => `copy-${i}`);
      const results = await Promise.all(names.map((name) => service.clone({ volumeID: 42, name })));
      expect(new Set(results.map((r) => r.volumeID)).size).toBe(8);
      expect(refusals(service)).toBe(0);
      expect(service.simulator.cluster.state().slots.peak.running).toBe(2);
    }));

  test('come by priority, then first come', () =>
    withService(long, async (service) => {
      const handles = await inOrder(service, 6, (i) => ({ priority: [3, 3, 4, 3, 1, 3][i] }));
      // Which of two that get their slots at the same moment calls first is open.
      for (const pair of [
        [0, 1],
        [4, 3],
        [5, 2],
      ]) {
        const names = pair.map((i) => `copy-${i}`);
        await waitFor(`the turn of ${names.join(' and ')}`, () => names.every((n) => accepted(service).includes(n)));
        await Promise.all(pair.map((i) => handles[i]!.cancel()));
      }
      const order = accepted(service);
      const turns = [order.slice(0, 2), order.slice(2, 4), order.slice(4, 6)].map((t) =>
        t.toSorted((a, b) => String(a).localeCompare(String(b))),
      );
      expect(turns).toEqual([
        ['copy-0', 'copy-1'],
        ['copy-3', 'copy-4'],
        ['copy-2', 'copy-5'],
      ]);
      expect(refusals(service)).toBe(0);
    }));

  test('leave room for others, as the configuration says', () =>
    withService({ simulator: { behaviour: { cloneSeconds: 2 } }, maxCloneJobs: 1 }, async (service) => {
      await Promise.all([41, 42, 50].map((volumeID) => service.clone({ volumeID, name: `of-${volumeID}` })));
      expect(service.simulator.cluster.state().slots.peak.running).toBe(1);
      expect(refusals(service)).toBe(0);
    }));

  test('start when a job of somebody else ends', () =>
    withService(long, async (service) => {
      const { cluster } = service.simulator;
      const [one] = [1, 2].map(
        (n) => cluster.act('CloneVolume', { volumeID: 42, name: `theirs-${n}`, attributes: {} }) as { cloneID: number },
      );
      await inOrder(service, 1);
      await isWaiting(service, 1);
      expect(refusals(service)).toBe(0);
      expect((await lineOf(service)).foreign).toBe(2);
      cluster.act('CancelClone', { cloneID: one!.cloneID });
      await waitFor('our turn', () => accepted(service).includes('copy-0'));
      expect(refusals(service)).toBe(0);
    }));

  test('get the slot of a holder that was terminated, once its copy has ended', () =>
    withService(long, async (service) => {
      const [holder] = await inOrder(service, 3);
      await waitFor('two copies', () => accepted(service).length === 2);
      await isWaiting(service, 1);
      await holder!.terminate('gone');
      const { cluster } = service.simulator;
      const job = cluster.state().cloneJobs.find((j) => j.status === 'running')!;
      cluster.act('CancelClone', { cloneID: job.cloneID });
      await waitFor('the turn of the third', () => accepted(service).includes('copy-2'));
    }));

  test('pass over one that was terminated while it waited', () =>
    withService(long, async (service) => {
      const handles = await inOrder(service, 4);
      await isWaiting(service, 2);
      await handles[2]!.terminate('gone');
      await handles[0]!.cancel();
      await waitFor('the turn of the fourth', () => accepted(service).includes('copy-3'));
      expect(accepted(service)).not.toContain('copy-2');
    }));

  test('keep one slot when the holder is reset', () =>
    withService(long, async (service) => {
      const [holder] = await inOrder(service, 3);
      await waitFor('two copies', () => accepted(service).length === 2);
      const { events } = await holder!.fetchHistory();
      const first = events!.find((e) => e.workflowTaskCompletedEventAttributes)!;
      await service.client.workflowService.resetWorkflowExecution({
        namespace: 'default',
        workflowExecution: { workflowId: holder!.workflowId },
        workflowTaskFinishEventId: first.eventId!,
        requestId: 'reset',
        reason: 'test',
      });
      await waitFor('the new run to wait for its copy', async () => {
        const { raw } = await holder!.describe();
        return raw.pendingActivities?.[0]?.activityType?.name === 'awaitClone';
      });
      expect(accepted(service)).toHaveLength(2);
      const { holding, waiting } = await lineOf(service);
      expect(holding.map((h) => h.workflowID)).toContain(holder!.workflowId);
      expect([holding.length, waiting.length]).toEqual([2, 1]);
    }));

  test('are back at the head when the cluster refuses in spite of a slot', () =>
    withService(
      {
        simulator: {
          behaviour: { cloneSeconds: 2 },
          faults: [{ kind: 'error', method: 'CloneVolume', name: 'xMaxClonesPerVolumeExceeded', count: 2 }],
        },
      },
      async (service) => {
        const handle = await service.start({ volumeID: 42, name: 'copy' });
        const { volumeID } = await handle.result();
        expectOneClone(service.simulator, volumeID);
        expect(accepted(service)).toEqual(['copy']);
        expect(service.simulator.cluster.calls.counts().byMethod['CloneVolume']).toBe(3);
      },
    ));

  test('find their place again after a person ended the line', () =>
    withService(long, async (service) => {
      const handles = await inOrder(service, 3);
      await isWaiting(service, 1);
      await lineHandle(service).terminate('tidying up');
      await waitFor('a new line', async () => (await lineHandle(service).describe()).status.name === 'RUNNING');
      await isWaiting(service, 1);
      await handles[0]!.cancel();
      await waitFor('the turn of the third', () => accepted(service).includes('copy-2'));
      expect(service.simulator.cluster.state().slots.peak.running).toBe(2);
    }));

  test('go on politely while nobody keeps the line', () =>
    withService({ simulator: { behaviour: { cloneSeconds: 3 } } }, async (service) => {
      // Somebody else's workflow has taken the line's ID, and answers no update.
      await service.client.workflow.start('cloneVolume', {
        workflowId: lineHandle(service).workflowId,
        taskQueue: `nobody-polls-${service.taskQueue}`,
        args: [{}],
      });
      const results = await Promise.all([1, 2, 3].map((n) => service.clone({ volumeID: 42, name: `copy-${n}` })));
      expect(new Set(results.map((r) => r.volumeID)).size).toBe(3);
    }));

  test('that fail on the way leave the line', () =>
    withService(
      { simulator: { faults: [{ kind: 'error', method: 'CloneVolume', name: 'xUnknownAccount' }] } },
      async (service) => {
        const handle = await service.start({ volumeID: 42, name: 'copy' });
        expect(await ending(handle)).toMatchObject({ ended: 'failed' });
        expectNothingLeft(service.simulator, handle.workflowId);
        await waitFor('an empty line', async () => {
          const { holding, waiting } = await lineOf(service);
          return holding.length + waiting.length === 0;
        });
      },
    ));
});

test('a long line continues as new, again and again, and nobody loses a place', async () => {
  const server = await ownTemporal({ 'limit.historyCount.suggestContinueAsNew': 40 });
  await withService({ address: server.address, simulator: { behaviour: { cloneSeconds: 1 } } }, async (service) => {
    const results = await Promise.all(
      Array.from({ length: 24 }, (_, i) => service.clone({ volumeID: 42, name: `copy-${i}` })),
    );
    expect(new Set(results.map((r) => r.volumeID)).size).toBe(24);
    expect(service.simulator.cluster.state().slots.peak.running).toBe(2);
    const { raw, historyLength } = await lineHandle(service).describe();
    expect(raw.workflowExecutionInfo?.firstRunId).not.toBe(raw.workflowExecutionInfo?.execution?.runId);
    expect(historyLength).toBeLessThan(400);
  });
});
