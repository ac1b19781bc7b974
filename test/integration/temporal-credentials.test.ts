import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { CloneClient } from '../../client/index.ts';
import { makeCertificates, type ServerCertificates } from '../../simulator/certificates.ts';
import { guardTemporal, type GuardedTemporal } from '../support/guarded-temporal.ts';
import { productionWorkers, type ProductionWorkers } from '../support/production-workers.ts';
import { startService, type Service } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

let dir: string;
let service: Service;
let guard: GuardedTemporal;
let workers: ProductionWorkers;

const server = makeCertificates();
const [before, after] = [makeCertificates(), makeCertificates()];
const fingerprint = ({ certificatePem }: ServerCertificates) => new X509Certificate(certificatePem).fingerprint256;

const place = async ({ certificatePem, privateKeyPem }: ServerCertificates, apiKey: string) => {
  await writeFile(join(dir, 'client.pem'), certificatePem);
  await writeFile(join(dir, 'client-key.pem'), privateKeyPem);
  await writeFile(join(dir, 'api-key'), `${apiKey}\n`);
};

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'element-clone-credentials-'));
  service = await startService({
    worker: false,
    simulator: {
      behaviour: { cloneSeconds: 2, youngVolumeSeconds: 0, copyRules: [{ name: 'long', cloneSeconds: 3_600 }] },
    },
  });
  guard = await guardTemporal(service.address, server, { authorities: [before.caPem], apiKeys: ['first-key'] });
  await writeFile(join(dir, 'server-ca.pem'), server.caPem);
  await place(before, 'first-key');
  vi.stubEnv('ELEMENT_CLONE_TASK_QUEUE', service.taskQueue);
  vi.stubEnv('TEMPORAL_TLS_CLIENT_CERT_PATH', join(dir, 'client.pem'));
  vi.stubEnv('TEMPORAL_TLS_CLIENT_KEY_PATH', join(dir, 'client-key.pem'));
  vi.stubEnv('TEMPORAL_TLS_SERVER_CA_CERT_PATH', join(dir, 'server-ca.pem'));
  vi.stubEnv('ELEMENT_CLONE_TEMPORAL_API_KEY_FILE', join(dir, 'api-key'));
  workers = await productionWorkers({ ...service, address: guard.address });
  workers.start();
  vi.stubEnv('TEMPORAL_ADDRESS', guard.address);
});
afterAll(async () => {
  await workers?.stop();
  vi.unstubAllEnvs();
  await guard?.close();
  await service?.stop();
  await rm(dir, { recursive: true, force: true });
});

test('certificate and API key are renewed while clones run: the worker goes on with the new ones, and the old ones can go', async () => {
  const client = await CloneClient.connect();
  const long = await client.start({ cluster: 'lab', volumeID: 42, name: 'long' });
  await waitFor('the copy', async () => (await long.describe()).pendingStep?.step === 'awaitClone');

  guard.admit({ authorities: [before.caPem, after.caPem], apiKeys: ['first-key', 'second-key'] });
  await place(after, 'second-key');
  const polls = () => guard.seen.filter((c) => c.path.includes('/PollActivityTaskQueue') && c.apiKey === 'second-key');
  await waitFor('the worker to poll with both', () => polls().some((c) => c.certificate === fingerprint(after)));
  guard.admit({ authorities: [after.caPem], apiKeys: ['second-key'] });

  // The client has read the key anew; its certificate it was made with, which the old connection still shows.
  const renewed = await CloneClient.connect();
  const clone = await renewed.start({ cluster: 'lab', volumeID: 41, name: 'next' });
  await clone.result();
  expect((await renewed.handle(long.workflowId).describe()).pendingStep?.step).toBe('awaitClone');
  await renewed.handle(long.workflowId).cancel();
  await expect(renewed.handle(long.workflowId).result()).rejects.toMatchObject({ name: 'CloneCancelledError' });
  await Promise.all([client.close(), renewed.close()]);
});

test('a key that is refused is said to be, and a file without a key too', async () => {
  await place(after, 'stolen-key');
  await expect(CloneClient.connect({ timeoutMs: 5_000 })).rejects.toMatchObject({
    reason: 'permissionDenied',
    message: expect.stringMatching(/refused this caller .*check TEMPORAL_API_KEY/) as string,
  });
  await place(after, '');
  await expect(CloneClient.connect()).rejects.toMatchObject({
    reason: 'configuration',
    message: expect.stringMatching(/api-key must hold one key and nothing else/) as string,
  });
});
