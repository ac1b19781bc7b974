import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { run } from '../../client/cli/program.ts';
import { CloneClient, InvalidRequestError, LeaseNotFoundError, LeaseOverError } from '../../client/index.ts';
import type { LeaseSummary } from '../../client/index.ts';
import { workflowIDForRequest } from '../../contracts/workflow-id.ts';
import { fakeIo } from '../support/fake-io.ts';
import { connect, volumeOf } from '../support/lease.ts';
import { startService, type Service } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

let service: Service;
let client: CloneClient;

beforeAll(async () => {
  service = await startService({ simulator: { behaviour: { cloneSeconds: 0.2, youngVolumeSeconds: 0 } } });
  client = new CloneClient(service.client, { taskQueue: service.taskQueue });
  vi.stubEnv('TEMPORAL_ADDRESS', service.address);
  vi.stubEnv('ELEMENT_CLONE_TASK_QUEUE', service.taskQueue);
});
afterEach(() => service.simulator.cluster.setSessions([]));
afterAll(async () => {
  vi.unstubAllEnvs();
  await service?.stop();
});

const ran = async (...args: string[]) => {
  const io = fakeIo();
  const code = await run(args, io);
  return { code, stdout: io.stdout(), stderr: io.stderr() };
};

const clone = (name: string, fields: object = {}) =>
  service.clone({ volumeID: 42, name, lease: '1h', requestedBy: 'ann', ...fields });

/** Other test runs may share the server, and their volumes the numbers. */
const ours = (lease: LeaseSummary) => lease.workflowId.endsWith(service.taskQueue);

const listed = (name: string) =>
  waitFor(`${name} in the list`, async () => (await client.leases.list()).find((l) => ours(l) && l.name === name));

describe('lease extend', () => {
  test('keeps a clone longer, whichever way its lease is named', async () => {
    const requestId = `nightly-${service.taskQueue}`;
    const made = await service
      .start({ volumeID: 42, name: 'named', lease: '1h', requestId }, { workflowId: workflowIDForRequest(requestId) })
      .then((handle) => handle.result());
    await listed('named');
    const { workflowID } = made.lease!;
    const ways = [workflowID, workflowIDForRequest(requestId), requestId, `lab/${made.volumeID}`];
    for (const [i, way] of ways.entries()) {
      const { code, stdout } = await ran('lease', 'extend', way, '--by', '1h', '--output', 'json');
      expect({ way, code }).toEqual({ way, code: 0 });
      expect(JSON.parse(stdout)).toMatchObject({ workflowId: workflowID, extensions: i + 1, state: 'running' });
    }
    const byNumber = await ran('lease', 'extend', String(made.volumeID), '--cluster', 'lab', '--by', '1h');
    expect(byNumber.code).toBe(0);
    expect(byNumber.stdout).toMatch(/^✓ Volume \d+ "named" of lab stays until .*Z\n {2}Ends +in [56]h/);
  });

  test('says which field is wrong, and exits with 2', async () => {
    const made = await clone('too-long');
    const tooLong = await ran('lease', 'extend', made.lease!.workflowID, '--by', '90d', '--output', 'json');
    expect(tooLong.code).toBe(2);
    expect(JSON.parse(tooLong.stdout)).toMatchObject({
      error: {
        code: 'INVALID_REQUEST',
        faults: [expect.stringMatching(/^by: the lease would end at .* at the latest/)],
      },
    });
    const noTime = await ran('lease', 'extend', made.lease!.workflowID, '--until', 'tomorrow');
    expect(noTime).toMatchObject({ code: 2, stderr: expect.stringMatching(/until: must be a time with a zone/) });
  });

  test('of what has no lease says why, and exits with 1', async () => {
    const without = await service.start({ volumeID: 42, name: 'no-lease' });
    await without.result();
    const none = await ran('lease', 'extend', without.workflowId, '--by', '1h');
    expect(none).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/has no lease for volume \d+: none was asked/),
    });
    const unknown = await ran('lease', 'extend', 'nothing-of-the-kind', '--by', '1h');
    expect(unknown).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/no lease "nothing-of-the-kind".*list --leases/),
    });
    // Of a volume that no other test has, on a cluster that others call the same.
    const number = await ran('lease', 'extend', 'lab/987654', '--by', '1h', '--output', 'json');
    expect(JSON.parse(number.stdout)).toMatchObject({ error: { code: 'LEASE_NOT_FOUND' } });
    const misused = await ran('lease', 'extend', without.workflowId, '--cluster', 'lab', '--by', '1h');
    expect(misused).toMatchObject({ code: 2, stderr: expect.stringMatching(/--cluster is for a volume ID/) });
  });
});

test('lease release keeps a clone for good, and a second one hears that it is over', async () => {
  const made = await clone('released');
  const first = await ran('lease', 'release', made.lease!.workflowID, '--requested-by', 'bob');
  expect(first).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^✓ Volume \d+ "released" of lab stays for good/),
  });
  const second = await ran('lease', 'release', made.lease!.workflowID);
  expect(second).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/no longer be changed: The lease was released by bob/),
  });
  expect(volumeOf(service, made.volumeID)).toMatchObject({ status: 'active' });
  await expect(client.leases.extend(made.lease!.workflowID, { by: '1h' })).rejects.toBeInstanceOf(LeaseOverError);
  expect(await client.leases.describe(made.lease!.workflowID)).toMatchObject({
    outcome: 'released',
    result: { releasedBy: 'bob' },
  });
});

test('list --leases shows what ends when, the first on top, and whom it waits for', async () => {
  const later = await clone('later', { lease: '3h' });
  const handle = await service.start({ volumeID: 42, name: 'in-use', lease: '1s', requestedBy: 'carl' });
  const { volumeID } = await waitFor('the volume', () =>
    service.simulator.cluster.state().volumes.find((v) => v.name === 'in-use'),
  );
  connect(service, volumeID, 'iqn.host-a');
  await handle.result();
  await waitFor('the wait', async () => (await client.leases.describe({ cluster: 'lab', volumeID })).waitingFor);
  await listed('in-use');
  await listed('later');

  const { code, stdout } = await ran('list', '--leases', '--cluster', 'lab', '--output', 'json');
  expect(code).toBe(0);
  const leases = (JSON.parse(stdout) as LeaseSummary[]).filter(ours);
  expect(leases.map((l) => l.endsAt)).toEqual(leases.map((l) => l.endsAt).toSorted());
  expect(leases.find((l) => l.name === 'in-use')).toMatchObject({
    ...{ cluster: 'lab', volumeID, sourceVolumeID: 42, requestedBy: 'carl', state: 'ending' },
    waitingFor: expect.stringMatching(/1 iSCSI session \(iqn\.host-a\)/),
  });
  const table = await ran('list', '--leases', '--cluster', 'lab');
  const [head, ...rows] = table.stdout.split('\n');
  expect(head).toMatch(/^CLUSTER +VOLUME +NAME +SOURCE +ENDS +FOR +STATE +WORKFLOW ID$/);
  const row = rows.find((r) => r.includes(later.lease!.workflowID));
  expect(row).toMatch(/^lab +\d+ +later +42 +\S+Z +in [23]h +ann +running +lease-of-volume-/);
});

test('the client library names what it throws', async () => {
  const made = await clone('library');
  const { workflowID } = made.lease!;
  await expect(client.leases.extend(workflowID, {})).rejects.toBeInstanceOf(InvalidRequestError);
  await expect(client.leases.extend(workflowID, { by: '1y' })).rejects.toBeInstanceOf(InvalidRequestError);
  await expect(client.leases.release('none')).rejects.toBeInstanceOf(LeaseNotFoundError);
  expect(await client.leases.extend({ cluster: 'lab', volumeID: made.volumeID }, { by: '1h' })).toMatchObject({
    workflowId: workflowID,
    status: 'RUNNING',
  });
});
