import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { WorkflowHandle } from '@temporalio/client';
import proto from '@temporalio/proto';
import { expect, onTestFinished, test, vi } from 'vitest';
import { leaseWorkflowID } from '../../contracts/lease.ts';
import { slotsWorkflowID } from '../../contracts/slots.ts';
import { findTemporal } from '../../scripts/temporal-server.ts';
import { ending } from '../support/invariants.ts';
import { bundleVersion } from '../support/next-version.ts';
import { productionWorkers } from '../support/production-workers.ts';
import { startService } from '../support/service.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

vi.setConfig({ testTimeout: 240_000 });

const UPDATED = proto.temporal.api.enums.v1.RoutingConfigUpdateState.ROUTING_CONFIG_UPDATE_STATE_COMPLETED;
const PINNED = 1;
const AUTO_UPGRADE = 2;

test('clones that run on version 1 end on it while new ones run on version 2; the line and leases go on to it', async () => {
  // Without a guard, so that a clone which changes its version stops at once.
  const [first, second] = [join(await tempDir(), 'first.js'), join(await tempDir(), 'second.js')];
  await bundleVersion(first, { versioned: true });
  await bundleVersion(second, { versioned: true, next: 'unguarded' });
  const service = await startService({
    worker: false,
    simulator: { behaviour: { cloneSeconds: 600, youngVolumeSeconds: 0 } },
  });
  onTestFinished(() => service.stop());
  // The steps have a queue of their own, which has no versions.
  const workers = await productionWorkers(service, { taskQueue: `${service.taskQueue}/lab` });
  onTestFinished(workers.stop);
  const deploymentName = `clones-${randomUUID()}`;
  const start = (buildId: string, bundle: string) =>
    workers.start('all', bundle, { TEMPORAL_DEPLOYMENT_NAME: deploymentName, TEMPORAL_WORKER_BUILD_ID: buildId });

  const found = await findTemporal({ env: { ...process.env, TEMPORAL_ADDRESS: '' } });
  if (found.kind !== 'executable') throw new Error('there is no temporal command line');
  const deployment = async (...args: string[]) => {
    const all = ['worker', 'deployment', ...args, '--address', service.address, '--output', 'json'];
    const { stdout } = await promisify(execFile)(found.path, all);
    return stdout;
  };
  const makeCurrent = async (buildId: string) => {
    const version = ['--deployment-name', deploymentName, '--build-id', buildId];
    await waitFor(`version ${buildId} to be known`, () =>
      deployment('describe-version', ...version).catch(() => undefined),
    );
    await deployment('set-current-version', ...version, '--yes');
    // It is said before the task queues know it: until then a start goes to the version before.
    await waitFor(`the task queues to know that ${buildId} is current`, async () => {
      const { workerDeploymentInfo } = await service.client.workflowService.describeWorkerDeployment({
        namespace: 'default',
        deploymentName,
      });
      return workerDeploymentInfo?.routingConfigUpdateState === UPDATED;
    });
  };
  const copies = (handle: WorkflowHandle) =>
    waitFor('the look at the copy', async () =>
      (await handle.describe()).raw.pendingActivities?.some((a) => a.activityType?.name === 'awaitClone'),
    );
  const info = async (workflowId: string) => {
    const { versioningInfo } = (await service.client.workflow.getHandle(workflowId).describe()).raw
      .workflowExecutionInfo!;
    return { behavior: versioningInfo?.behavior, buildId: versioningInfo?.deploymentVersion?.buildId };
  };
  const ranOn = async (handle: WorkflowHandle) => {
    const completed = ((await handle.fetchHistory()).events ?? []).flatMap(
      (e) => e.workflowTaskCompletedEventAttributes ?? [],
    );
    return [...new Set(completed.map((c) => c.deploymentVersion?.buildId))];
  };

  start('1', first);
  await makeCurrent('1');
  const old = await service.start({ volumeID: 42, name: 'begun-by-1', lease: '72h' });
  await copies(old);

  start('2', second);
  await makeCurrent('2');
  const young = await service.start({ volumeID: 42, name: 'begun-by-2' });
  await copies(young);

  service.simulator.cluster.clock.set({ advanceSeconds: 600 });
  const [ofOld, ofYoung] = [await ending(old), await ending(young)];
  expect([ofOld, ofYoung]).toMatchObject([{ ended: 'completed' }, { ended: 'completed' }]);
  expect(await info(old.workflowId)).toEqual({ behavior: PINNED, buildId: '1' });
  expect(await info(young.workflowId)).toEqual({ behavior: PINNED, buildId: '2' });
  expect(await ranOn(old)).toEqual(['1']);
  expect(await ranOn(young)).toEqual(['2']);

  const line = slotsWorkflowID('lab', service.taskQueue);
  const { volumeID } = (await old.result()) as { volumeID: number };
  const lease = leaseWorkflowID('lab', volumeID, service.taskQueue);
  for (const lasting of [line, lease]) {
    await waitFor(`${lasting} to be on version 2`, async () => (await info(lasting)).buildId === '2');
    expect(await info(lasting)).toEqual({ behavior: AUTO_UPGRADE, buildId: '2' });
  }
});
