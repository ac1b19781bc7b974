import { WorkflowFailedError } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { CloneClient } from '../../client/index.ts';
import { FAN_OUT_PROGRESS, type CloneFanOutResult, type FanOutProgress } from '../../contracts/clone-fan-out-result.ts';
import type { FanOutFailureDetails } from '../../contracts/failure.ts';
import { workflowIDForRequest } from '../../contracts/workflow-id.ts';
import { ending, expectNothingLeft, ours } from '../support/invariants.ts';
import { lineOf } from '../support/line.ts';
import { startService, type Service, type ServiceOptions } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

async function withService<T>(
  simulator: ServiceOptions['simulator'],
  body: (service: Service) => Promise<T>,
): Promise<T> {
  const service = await startService({ simulator: { behaviour: { cloneSeconds: 1 }, ...simulator } });
  try {
    return await body(service);
  } finally {
    await service.stop();
  }
}

const names = (count: number) => Array.from({ length: count }, (_, i) => ({ name: `dev-${i + 1}` }));
const fanOut = (service: Service, request: Record<string, unknown>, workflowId = `fan-out-${service.taskQueue}`) =>
  service.client.workflow.start<(r: unknown) => Promise<CloneFanOutResult>>('cloneFanOut', {
    workflowId,
    taskQueue: service.taskQueue,
    args: [{ cluster: 'lab', volumeID: 42, ...request }],
  });
const left = (service: Service) => ours(service.simulator.cluster.state());
const made = (service: Service, method: string) =>
  service.simulator.cluster.calls.log().filter((c) => c.method === method && c.outcome === 'ok').length;

describe.concurrent('a fan-out', () => {
  test('makes every clone of one snapshot, with its own fields above the shared ones', () =>
    withService({}, async (service) => {
      const handle = await fanOut(service, {
        clones: [
          { name: 'dev-1' },
          { name: 'dev-2', access: 'readOnly', attributes: { for: 'ann' } },
          { name: 'dev-3', modify: { qos: { minIOPS: 100, maxIOPS: 900, burstIOPS: 999 } }, volumeAccessGroups: [2] },
        ],
        attributes: { stage: 'dev' },
        modify: { qos: { minIOPS: 100, maxIOPS: 500, burstIOPS: 900 } },
        volumeAccessGroups: ['uat-hosts'],
      });
      const result = await handle.result();
      expect(result.succeeded.map((m) => [m.name, m.volume.name])).toEqual(
        ['dev-1', 'dev-2', 'dev-3'].map((n) => [n, n]),
      );
      expect(result).toMatchObject({ sourceVolumeID: 42, snapshotDeleted: true, failed: [] });
      const [one, two, three] = result.succeeded.map((m) => m.volume);
      expect(one).toMatchObject({ attributes: { stage: 'dev' }, qos: { maxIOPS: 500 } });
      expect(two).toMatchObject({ attributes: { for: 'ann' }, access: 'readOnly' });
      expect(three).toMatchObject({ qos: { maxIOPS: 900 }, volumeAccessGroups: [2] });
      expect(one!.volumeAccessGroups).toEqual(two!.volumeAccessGroups);
      expect(made(service, 'CreateSnapshot')).toBe(1);
      const rest = left(service);
      expect(rest.volumes).toHaveLength(3);
      expect(rest).toMatchObject({ snapshots: [], jobs: [], asyncResults: [] });
      expect(service.simulator.cluster.state().slots.peak.running).toBeLessThanOrEqual(2);
    }));

  test('shows how far it is, and each clone is one of its own to watch and to cancel', () =>
    withService({ behaviour: { cloneSeconds: 600 } }, async (service) => {
      const handle = await fanOut(service, { clones: names(4) });
      await waitFor('two copies and two in line', async () => {
        const line = await lineOf(service);
        return line.holding.length === 2 && line.waiting.length === 2;
      });
      const progress = await handle.query<FanOutProgress>(FAN_OUT_PROGRESS);
      expect(progress).toMatchObject({ total: 4, succeeded: 0, failed: 0 });
      expect(progress.running).toHaveLength(4);
      const { waiting, holding } = await lineOf(service);
      expect([...waiting, ...holding].map((w) => w.workflowID).toSorted()).toEqual(progress.running.toSorted());
      await service.client.workflow.getHandle(waiting[1]!.workflowID).cancel();
      await waitFor('the cancelled one to be counted', async () => {
        return (await handle.query<FanOutProgress>(FAN_OUT_PROGRESS)).failed === 1;
      });
      await handle.cancel();
      expect(await ending(handle)).toEqual({ ended: 'cancelled' });
      expectNothingLeft(service.simulator);
    }));

  test('goes on when one clone fails, and says which and why', () =>
    withService(
      { faults: [{ kind: 'error', method: 'CloneVolume', match: { name: 'dev-2' }, name: 'xUnknownAccount' }] },
      async (service) => {
        const result = await (await fanOut(service, { clones: names(3) })).result();
        expect(result.succeeded.map((m) => m.name)).toEqual(['dev-1', 'dev-3']);
        expect(result.failed).toMatchObject([{ name: 'dev-2', error: expect.stringContaining('xUnknownAccount') }]);
        expect(left(service)).toMatchObject({ snapshots: [], asyncResults: [], jobs: [] });
        expect(left(service).volumes).toHaveLength(2);
      },
    ));

  test('stops the others when it is asked to, and names what is ready', () =>
    withService(
      {
        behaviour: { cloneSeconds: 600, copyRules: [{ name: 'dev-1', cloneSeconds: 1 }] },
        limits: { cloneJobsPerVolumeMax: 3 },
      },
      async (service) => {
        const handle = await fanOut(service, { clones: names(3), onMemberFailure: 'stop' });
        await waitFor('the first clone', async () => {
          return (await handle.query<FanOutProgress>(FAN_OUT_PROGRESS)).succeeded === 1;
        });
        const { cluster } = service.simulator;
        const second = await waitFor('dev-2', () => cluster.state().volumes.find((v) => v.name === 'dev-2'));
        const job = await waitFor('its job', () =>
          cluster.state().cloneJobs.find((j) => j.dstVolumeID === second.volumeID),
        );
        cluster.act('CancelClone', { cloneID: job.cloneID });
        const err = await handle.result().catch((e: unknown) => e);
        expect(err).toBeInstanceOf(WorkflowFailedError);
        const { message, details } = (err as WorkflowFailedError).cause as ApplicationFailure;
        expect(message).toMatch(
          /^Fanning out volume 42 of cluster lab to 3 clones failed.*"dev-2" failed.*the clone "dev-1" is ready and stays/,
        );
        const [said] = details as [FanOutFailureDetails];
        expect(said.failed.map((f) => f.name)).toEqual(['dev-2', 'dev-3']);
        expect(left(service).volumes.map((v) => v.name)).toEqual(['dev-1']);
        expect(said.leftBehind).toMatchObject([{ kind: 'volume', id: left(service).volumes[0]!.volumeID }]);
        expect(left(service)).toMatchObject({ snapshots: [], jobs: [], asyncResults: [] });
      },
    ));

  test('fails when no clone can be made, and leaves nothing', () =>
    withService({ faults: [{ kind: 'cloneFails', atPercent: 50 }] }, async (service) => {
      const end = await ending(await fanOut(service, { clones: names(2) }));
      expect(end).toMatchObject({
        ended: 'failed',
        type: 'CloneFailed',
        message: expect.stringMatching(/every clone failed/),
      });
      expectNothingLeft(service.simulator);
    }));

  test('is refused with every fault of every clone at once, and nothing is made', () =>
    withService({}, async (service) => {
      const end = await ending(
        await fanOut(service, {
          clones: [
            { name: 'dev-1', newAccountID: 999 },
            { name: 'dev-2', newSize: 17_592_186_044_417 },
            { name: 'dev-1' },
            { nme: 1 },
          ],
          wrong: true,
        }),
      );
      expect(end).toMatchObject({ ended: 'failed', type: 'InvalidRequest' });
      const { details } = end as unknown as { details: string[] };
      expect(details).toEqual([
        expect.stringMatching(/^clones\.1\.newSize: /),
        expect.stringMatching(/^clones\.3\.name: is missing/),
        expect.stringMatching(/^clones\.3\.nme: unknown field/),
        expect.stringMatching(/^clones\.2\.name: clones\.0 is called "dev-1" already/),
        expect.stringMatching(/^wrong: unknown field/),
      ]);
      const facts = await ending(
        await fanOut(
          service,
          { clones: [{ name: 'dev-1', newAccountID: 999 }, { name: 'dev-2' }], modify: { qosPolicyID: 77 } },
          'facts',
        ),
      );
      expect((facts as unknown as { details: string[] }).details).toEqual([
        expect.stringMatching(/^modify\.qosPolicyID: cluster lab has no QoS policy 77/),
        expect.stringMatching(/^clones\.0\.newAccountID: cluster lab has no account 999/),
      ]);
      expect(made(service, 'CreateSnapshot')).toBe(0);
    }));

  test('with the same requestId makes no clone twice, and takes up again what failed', () =>
    withService(
      {
        faults: [{ kind: 'error', method: 'CloneVolume', match: { name: 'dev-2' }, name: 'xUnknownAccount', count: 1 }],
      },
      async (service) => {
        const requestId = `nightly-${service.taskQueue}`;
        const start = () =>
          fanOut(service, { clones: names(3), requestId, onMemberFailure: 'stop' }, workflowIDForRequest(requestId));
        await ending(await start());
        const again = await (await start()).result();
        expect(again.succeeded.map((m) => m.name)).toEqual(['dev-1', 'dev-2', 'dev-3']);
        expect(left(service).volumes).toHaveLength(3);
        expect(left(service)).toMatchObject({ snapshots: [], jobs: [], asyncResults: [] });
      },
    ));

  test('that is terminated leaves its snapshot, which orphans finds; its clones are cancelled and undone', () =>
    withService({ behaviour: { cloneSeconds: 600 } }, async (service) => {
      const handle = await fanOut(service, { clones: names(3) });
      await waitFor('two copies', () => service.simulator.cluster.state().slots.running === 2);
      await handle.terminate('gone');
      await waitFor('the clones to be undone', () => left(service).volumes.length === 0);
      const clones = new CloneClient(service.client, { taskQueue: service.taskQueue });
      const [snapshot] = left(service).snapshots;
      await waitFor('no clone to run any more', async () => (await lineOf(service)).holding.length === 0);
      const report = await clones.orphans({ cluster: 'lab' });
      expect(report.orphans).toMatchObject([{ kind: 'snapshot', id: snapshot!.snapshotID, verdict: 'orphan' }]);
    }));

  test('adopts the snapshot of a call whose answer was lost', () =>
    withService({ faults: [{ kind: 'actThenCut', method: 'CreateSnapshot', count: 1 }] }, async (service) => {
      const result = await (await fanOut(service, { clones: names(2) })).result();
      expect(result.succeeded).toHaveLength(2);
      expect(left(service).snapshots).toEqual([]);
    }));
});

test('a fan-out of a hundred costs its own history ten events per clone', async () => {
  await withService(
    { behaviour: { cloneSeconds: 0.2, metadataSeconds: 0 }, limits: { cloneJobsPerVolumeMax: 8 } },
    async (service) => {
      const handle = await fanOut(service, { clones: names(100) });
      const result = await handle.result();
      expect(result.succeeded).toHaveLength(100);
      expect((await handle.describe()).historyLength).toBeLessThanOrEqual(1_000);
      expect(made(service, 'CreateSnapshot')).toBe(1);
    },
  );
});
