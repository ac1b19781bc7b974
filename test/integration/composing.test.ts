import { randomUUID } from 'node:crypto';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { HandlerError } from 'nexus-rpc';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startOptions } from '../../client/start-options.ts';
import { leaseWorkflowID } from '../../contracts/lease.ts';
import { failureOf } from '../../workflows/compose/failure.ts';
import type { RehearsalResult } from '../../examples/typescript/workflows.ts';
import { published } from '../support/faults-of.ts';
import { ending, ours } from '../support/invariants.ts';
import { reset } from '../support/reset.ts';
import { startRunbook } from '../support/runbook.ts';
import { startService, type Service } from '../support/service.ts';
import { bundleOf, startTeam, type Team } from '../support/team.ts';
import { waitFor } from '../support/wait.ts';

const GIB = 1_073_741_824;
let service: Service;
let home: Team;
let abroad: Team;
let endpoint: string;

beforeAll(async () => {
  const code = await bundleOf('test/support/team-workflows.ts');
  const volumes = Array.from({ length: 20 }, (_, i) => ({ volumeID: 101 + i, name: `source-${i}`, totalSize: GIB }));
  service = await startService({
    nexus: true,
    simulator: {
      state: { volumes },
      behaviour: {
        cloneSeconds: 1,
        youngVolumeSeconds: 0,
        copyRules: [
          { name: '*slow*', cloneSeconds: 300 },
          { name: 'takes*', cloneSeconds: 5 },
        ],
      },
    },
  });
  const namespace = `team-${randomUUID()}`;
  [home, abroad] = await Promise.all([
    startTeam(service.address, { code }),
    startTeam(service.address, { code, namespace }),
  ]);
  endpoint = `element-clone-${randomUUID()}`;
  const target = { worker: { namespace: 'default', taskQueue: service.taskQueue } };
  await service.client.connection.operatorService.createNexusEndpoint({ spec: { name: endpoint, target } });
});
afterAll(async () => {
  await Promise.all([home?.stop(), abroad?.stop()]);
  await service?.stop();
});

const rehearsal = (volumeID: number, release = `r-${randomUUID().slice(0, 8)}`) => ({
  cluster: 'lab',
  volumeID,
  release,
  taskQueue: service.taskQueue,
});
const made = (name: string) => ours(service.simulator.cluster.state()).volumes.filter((v) => v.name.startsWith(name));

/** How many of both copies are done; nothing until both were begun. */
async function copiesDone(release: string): Promise<number | undefined> {
  if (made(release).length < 2) return undefined;
  const states = await Promise.all(
    ['before', 'scratch'].map((p) =>
      service.client.workflow.getHandle(`clone-for-request-rehearse-${release}-${p}`).describe(),
    ),
  );
  return states.filter((s) => s.status.name === 'COMPLETED').length;
}

test('a runbook runs a workflow of somebody else, on their task queue, and hands on what it gives', async () => {
  const run = await startRunbook(
    service,
    [
      { id: 'count', workflow: { type: 'count', taskQueue: home.taskQueue, input: [1, 2, 3] } },
      {
        id: 'again',
        needs: ['count'],
        workflow: { type: 'count', taskQueue: home.taskQueue, input: ['${steps.count.result}'] },
      },
    ],
    { outputs: { count: '${steps.count.result}', again: '${steps.again}' } },
  );
  const { outputs, steps } = await run.result();
  expect(outputs).toEqual({ count: 3, again: { result: 1, outcome: 'succeeded' } });
  expect(await service.client.workflow.getHandle(steps[0]!.workflowID!).describe()).toMatchObject({
    ...{ type: 'count', taskQueue: home.taskQueue },
  });
});

describe.concurrent("children of somebody else's workflow", () => {
  test('are made as the client makes them, once for each key', async () => {
    const asked = rehearsal(101);
    const result = await home.run<RehearsalResult>('rehearseRelease', asked);
    const clones = made(asked.release).map((v) => v.volumeID);
    expect(new Set(clones)).toEqual(new Set([result.before, result.scratch]));
    expect(clones).toHaveLength(2);
    expect(result.rewound).toBe(GIB);

    const request = {
      ...{ cluster: 'lab', volumeID: 101, name: `${asked.release}-before` },
      ...{ requestId: `rehearse-${asked.release}-before`, requestedBy: 'release-team', lease: '8h' },
    };
    const wanted = startOptions('cloneVolume', request, service.taskQueue);
    const child = await service.client.workflow.getHandle(wanted.workflowId).describe();
    expect(child).toMatchObject({ type: 'cloneVolume', taskQueue: service.taskQueue, memo: wanted.memo });
    expect(child.priority).toMatchObject({ priorityKey: 3 });
    expect(await child.staticSummary()).toBe(wanted.staticSummary);
    expect(await child.staticDetails()).toBe(wanted.staticDetails);
    expect(child.searchAttributes).toMatchObject({ ElementCluster: ['lab'], ElementSourceVolumeID: [101] });

    expect(await home.run('rehearseRelease', asked)).toEqual(result);
    expect(made(asked.release)).toHaveLength(2);
  });

  test('are undone with it', async () => {
    const asked = rehearsal(102, `slow-${randomUUID().slice(0, 8)}`);
    const handle = await home.start('rehearseRelease', asked);
    await waitFor('both copies to run', () => made(asked.release).length === 2);
    await handle.cancel();
    expect(await ending(handle)).toMatchObject({ ended: 'cancelled' });
    expect(made(asked.release)).toEqual([]);
  });

  test.each([
    ['while they run', 0],
    ['when they are done', 2],
  ])('are not made again when it is reset %s', async (_when, done) => {
    const asked = rehearsal(114 + done, `takes-${randomUUID().slice(0, 8)}`);
    const handle = await home.start('rehearseRelease', asked);
    await waitFor('the copies', async () => ((await copiesDone(asked.release)) ?? -1) >= done);
    const again = await reset(service.client, handle, 0);
    const { before, scratch } = (await again.result()) as RehearsalResult;
    expect(new Set(made(asked.release).map((v) => v.volumeID))).toEqual(new Set([before, scratch]));
  });

  test('that are terminated with it are still undone', async () => {
    const asked = rehearsal(103, `slow-${randomUUID().slice(0, 8)}`);
    const handle = await home.start('rehearseRelease', asked);
    await waitFor('both copies to run', () => made(asked.release).length === 2);
    await handle.terminate('no longer wanted');
    await waitFor('both clones to be undone', () => made(asked.release).length === 0);
  });

  test('say why they fail', async () => {
    const say = (cluster: string, volumeID: unknown) =>
      home.run<string>('cloneOrSayWhy', cluster, volumeID, service.taskQueue);
    expect(await say('lab', 999)).toBe('refused: volumeID: cluster lab has no volume 999, or it was deleted');
    // What TypeScript would not let pass, and what must not wedge the workflow that asks.
    expect(await say('lab', '104')).toMatch(/^refused: volumeID: must be the ID/);
    expect(await say('lab', null)).toMatch(/^refused: volumeID: /);
  });

  test('may follow a step of the service that was taken by itself', async () => {
    const asked = rehearsal(105);
    const { snapshotID, volumeID } = await home.run<{ snapshotID: number; volumeID: number }>(
      'cloneOfKeptSnapshot',
      asked,
    );
    const { snapshots } = service.simulator.cluster.state();
    expect(snapshots.find((s) => s.snapshotID === snapshotID)).toMatchObject({ volumeID: 105 });
    expect(made(asked.release)).toMatchObject([{ volumeID }]);
  });

  test('may be started by their function and nothing else, and are found all the same', async () => {
    const volumeID = await home.run<number>('plainChild', 'lab', 106, service.taskQueue);
    expect(made('plain')).toMatchObject([{ volumeID }]);
    const query = `ElementCloneVolumeID = ${volumeID} AND ElementSourceVolumeID = 106 AND ElementPhase = 'done'`;
    await waitFor('the index to know it', async () => {
      for await (const found of service.client.workflow.list({ query })) if (found.type === 'cloneVolume') return true;
      return false;
    });
  });
});

/** The failure inside that of an operation. */
const causeOf = (err: unknown): unknown => {
  let cause = err;
  while (cause instanceof Error && cause.cause !== undefined) cause = cause.cause;
  return cause;
};

describe.concurrent('another namespace, through a Nexus endpoint', () => {
  const failed = async (request: Record<string, unknown>) => {
    const err: unknown = await abroad.run('cloneThroughNexus', endpoint, request).catch((e: unknown) => e);
    expect(err).toBeInstanceOf(WorkflowFailedError);
    return err as WorkflowFailedError;
  };

  test('gets the result, and the same one for the same key', async () => {
    const request = { cluster: 'lab', volumeID: 107, name: 'nexus-keyed', requestId: `nexus-${randomUUID()}` };
    const first = await abroad.run<object>('nexusResult', endpoint, 'cloneVolume', request);
    expect(published('cloneVolume.result.schema.json')(first)).toBe(true);
    expect(made('nexus-keyed')).toHaveLength(1);
    const { workflowId, memo, staticSummary } = startOptions('cloneVolume', request, service.taskQueue);
    const run = await service.client.workflow.getHandle(workflowId).describe();
    expect(run.memo).toEqual(memo);
    expect(await run.staticSummary()).toBe(staticSummary);

    expect(await abroad.run('nexusResult', endpoint, 'cloneVolume', request)).toEqual(first);
    expect(made('nexus-keyed')).toHaveLength(1);
    const other = await failed({ ...request, name: 'nexus-other' });
    expect(failureOf(other)).toMatchObject({ type: 'RequestConflict' });
  });

  test('cancels the clone with its workflow, and nothing is left', async () => {
    const request = { cluster: 'lab', volumeID: 108, name: `slow-nexus-${randomUUID().slice(0, 8)}` };
    const handle = await abroad.start('cloneThroughNexus', endpoint, request);
    await waitFor('the copy to run', () => made(request.name).length === 1);
    await handle.cancel();
    expect(await ending(handle)).toMatchObject({ ended: 'cancelled' });
    expect(made(request.name)).toEqual([]);
  });

  test('copies in place and takes it back; a lease that is there is not put on a second time', async () => {
    const op = <T>(operation: string, request: object) => abroad.run<T>('nexusResult', endpoint, operation, request);
    const clone = { cluster: 'lab', volumeID: 110, name: `nexus-copied-${randomUUID().slice(0, 8)}` };
    const { volumeID: dstVolumeID } = await op<{ volumeID: number }>('cloneVolume', clone);
    const key = `nexus-copy-${randomUUID()}`;
    await op('copyVolume', { cluster: 'lab', volumeID: 111, dstVolumeID, requestId: key });
    const undone = await op('undoCopy', { cluster: 'lab', dstVolumeID, workflowID: `clone-for-request-${key}` });
    expect(published('undoCopy.result.schema.json')(undone)).toBe(true);

    const lease = { cluster: 'lab', volumeID: dstVolumeID, lease: '1h' };
    const running = await abroad.start('nexusResult', endpoint, 'cloneLease', lease);
    const leaseID = leaseWorkflowID('lab', dstVolumeID, service.taskQueue);
    await waitFor('the lease', async () => {
      const { memo } = await service.client.workflow.getHandle(leaseID).describe();
      return memo?.['lease'] !== undefined;
    });
    const second: unknown = await op('cloneLease', lease).catch((e: unknown) => e);
    expect(failureOf(second)).toMatchObject({ type: 'InvalidRequest', faults: [`${leaseID} runs already`] });
    await service.client.workflow.getHandle(leaseID).executeUpdate('release', { args: [{}] });
    expect(await running.result()).toMatchObject({ outcome: 'released' });
  });

  test('runs a runbook, and the same one for the same key', async () => {
    const runbook = {
      name: 'abroad',
      inputs: { source: { type: 'volumeID' } },
      steps: [
        {
          id: 'copy',
          clone: { cluster: 'lab', volumeID: '${inputs.source}', name: `nexus-run-${randomUUID().slice(0, 8)}` },
        },
      ],
      outputs: { made: '${steps.copy.volumeID}' },
    };
    const request = { runbook, inputs: { source: 112 }, requestId: `nexus-run-${randomUUID()}` };
    const run = () => abroad.run<{ outputs: { made: number } }>('nexusResult', endpoint, 'runbook', request);
    const first = await run();
    expect(published('runbook.result.schema.json')(first)).toBe(true);
    expect(made(runbook.steps[0]!.clone.name)).toMatchObject([{ volumeID: first.outputs.made }]);
    expect(await run()).toEqual(first);
    expect(made(runbook.steps[0]!.clone.name)).toHaveLength(1);

    const broken = { runbook: { name: 'abroad', steps: [{ id: 'copy', needs: ['nothing'], clone: {} }] } };
    const err: unknown = await abroad.run('nexusResult', endpoint, 'runbook', broken).catch((e: unknown) => e);
    expect(failureOf(err)).toMatchObject({
      type: 'InvalidRequest',
      faults: expect.arrayContaining([expect.stringContaining('nothing')]),
    });
  });

  test('is refused at once with every fault', async () => {
    const err = await failed({ cluster: 'lab', volumeID: '109', nmae: 'x' });
    expect(failureOf(err)).toEqual({
      type: 'InvalidRequest',
      message: expect.stringContaining('3 faults') as string,
      faults: [
        'volumeID: must be the ID of the volume to clone, a whole number',
        'name: is missing; it must be text',
        'nmae: unknown field; remove it or correct its spelling',
      ],
    });
    const handler = err.cause?.cause;
    expect(handler).toBeInstanceOf(HandlerError);
    expect((handler as HandlerError).type).toBe('BAD_REQUEST');
  });

  test('reads what the cluster refuses as a workflow of this namespace would', async () => {
    const err = await failed({ cluster: 'lab', volumeID: 999, name: 'x' });
    expect(failureOf(err)).toMatchObject({ faults: ['volumeID: cluster lab has no volume 999, or it was deleted'] });
    expect(causeOf(err)).toBeInstanceOf(ApplicationFailure);
  });
});
