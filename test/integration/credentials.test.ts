import { rm, writeFile } from 'node:fs/promises';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { expect, onTestFinished, test } from 'vitest';
import { CloneClient } from '../../client/index.ts';
import { ending, expectOneClone } from '../support/invariants.ts';
import { startService } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';
import { productionWorkers } from '../support/production-workers.ts';

const PASSWORDS = ['second-secret', 'third-secret', 'fourth-secret'] as const;

test('the password is changed three times while a clone is copied, and the worker needs no restart', async () => {
  const service = await startService({
    worker: false,
    simulator: { behaviour: { youngVolumeSeconds: 0, cloneSeconds: 600 } },
  });
  onTestFinished(() => service.stop());
  const { cluster } = service.simulator;
  const { start, passwordFile, stop } = await productionWorkers(service);
  onTestFinished(stop);
  start();
  const handle = await service.start({ volumeID: 42, name: 'db-uat' });
  const clone = new CloneClient(service.client, { taskQueue: service.taskQueue }).handle(handle.workflowId);
  const onCluster = (password: string) => cluster.act('ModifyClusterAdmin', { clusterAdminID: 1, password });
  const looks = () => cluster.calls.counts().byMethod['ListSyncJobs'] ?? 0;
  const nextLook = async () => {
    const before = looks();
    await waitFor('another look', () => looks() > before);
  };
  const fault = (words: RegExp) =>
    waitFor(`a fault that says ${words}`, async () => words.test((await clone.describe()).progress.lastFailure ?? ''));
  await waitFor('the copy', () => cluster.state().cloneJobs.length === 1);
  await nextLook();

  // The cluster first: refused for a while, and shown.
  onCluster(PASSWORDS[0]);
  await fault(/refused the credentials of user "admin" \(HTTP 401\); correct them in the file/);
  await writeFile(passwordFile, `${PASSWORDS[0]}\n`);
  await nextLook();

  // The file first: the old one is used until it is refused.
  await writeFile(passwordFile, PASSWORDS[1]);
  await nextLook();
  onCluster(PASSWORDS[1]);
  await nextLook();

  // For a moment there is no file.
  await rm(passwordFile);
  onCluster(PASSWORDS[2]);
  await fault(/the credentials cannot be read: the secret file .* \(no such file\)/);
  await writeFile(passwordFile, PASSWORDS[2]);
  await nextLook();

  cluster.clock.set({ advanceSeconds: 600 });
  const end = await ending(handle);
  expect(end).toMatchObject({ ended: 'completed' });
  expectOneClone(service.simulator, cluster.state().cloneJobs[0]!.dstVolumeID, { workflowID: handle.workflowId });
  const history = historyToJSON(await handle.fetchHistory());
  const payloads = [...history.matchAll(/"data": ?"([A-Za-z0-9+/=]+)"/g)].map((m) => Buffer.from(m[1]!, 'base64'));
  for (const secret of PASSWORDS) expect([history, ...payloads.map(String)].join('\n')).not.toContain(secret);
});
