import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { run } from '../../client/cli/program.ts';
import { CloneClient } from '../../client/index.ts';
import type { ClonesPlan } from '../../contracts/dry-run.ts';
import { fakeIo } from '../support/fake-io.ts';
import { startService, type Service } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

let service: Service;
let clones: CloneClient;
beforeAll(async () => {
  service = await startService({ simulator: { behaviour: { cloneSeconds: 600 } } });
  clones = new CloneClient(service.client, { taskQueue: service.taskQueue });
  vi.stubEnv('TEMPORAL_ADDRESS', service.address);
  vi.stubEnv('ELEMENT_CLONE_TASK_QUEUE', service.taskQueue);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await service?.stop();
});

const changes = () =>
  service.simulator.cluster.calls
    .log()
    .filter((c) => !/^(Get|List)/.test(c.method))
    .map((c) => c.method);
const ran = async (...args: string[]) => {
  const io = fakeIo();
  const code = await run(args, io);
  return { code, stdout: io.stdout(), stderr: io.stderr() };
};
const calls = (plan: ClonesPlan) => plan.calls.map((c) => [c.times, c.method]);

describe('a dry run', () => {
  test('of a clone lists the calls that would change something, and makes none', async () => {
    const plan = await clones.plan('cloneVolume', {
      ...{ cluster: 'lab', volumeID: 42, name: 'db-uat', volumeAccessGroups: [2, 3] },
    });
    expect(calls(plan)).toEqual([
      [1, 'CreateSnapshot'],
      [1, 'CloneVolume'],
      [1, 'ModifyVolume'],
      [2, 'AddVolumesToVolumeAccessGroup'],
      [1, 'DeleteSnapshot'],
    ]);
    expect(plan.clones).toMatchObject([{ sourceVolumeID: 42, name: 'db-uat', totalSize: expect.any(Number) }]);
    expect(plan).toMatchObject({ atOnce: 1, slots: { perVolume: 2, perNode: 8 } });
    expect(changes()).toEqual([]);
  });

  test('of a fan-out says how many at once and for how long, by the copies that run', async () => {
    service.simulator.cluster.act('CloneVolume', { volumeID: 41, name: 'somebody-elses', attributes: {} });
    service.simulator.cluster.clock.set({ advanceSeconds: 120 });
    await waitFor('a worker to see the copy', async () => {
      const plan = await clones.plan('cloneVolume', { cluster: 'lab', volumeID: 42, name: 'db' });
      return plan.slots.bytesPerSecond !== null;
    });
    const { code, stdout } = await ran(
      ...['fan-out', '--cluster', 'lab', '--volume-id', '42', '--count', '50', '--name-prefix', 'dev-'],
      ...['--volume-access-group', 'uat-hosts', '--snapshot-retention', 'keep', '--dry-run'],
    );
    expect(code).toBe(0);
    expect(stdout).toContain('Nothing was changed. On cluster lab this would make 50 volumes');
    expect(stdout).toMatch(/50 +CloneVolume +volume 42, one for each clone/);
    expect(stdout).toMatch(/50 +AddVolumesToVolumeAccessGroup/);
    expect(stdout).not.toContain('DeleteSnapshot');
    expect(stdout).toContain('… and 30 more');
    expect(stdout).toMatch(/In use +1 clone job; 0 of ours in line/);
    expect(stdout).toMatch(/At once +2 of 50/);
    expect(stdout).toMatch(/Takes about +.+, by the rate of the copies that run now/);
    expect(changes()).toEqual([]);
  });

  test('of a group says what its one call makes', async () => {
    const { code, stdout } = await ran(
      ...['group', '--cluster', 'lab', '--volume', '41', '--volume', '42=db-uat', '--dry-run', '--output', 'json'],
    );
    expect(code).toBe(0);
    const plan = JSON.parse(stdout) as ClonesPlan;
    expect(calls(plan)).toEqual([
      [1, 'CreateGroupSnapshot'],
      [1, 'CloneMultipleVolumes'],
      [2, 'ModifyVolume'],
      [1, 'DeleteGroupSnapshot'],
    ]);
    expect(plan.clones.map((c) => c.sourceVolumeID)).toEqual([41, 42]);
    expect(plan.atOnce).toBe(2);
    expect(changes()).toEqual([]);
  });

  test('is refused for what the request itself would be refused for', async () => {
    const { code, stderr } = await ran(
      ...['fan-out', '--cluster', 'lab', '--volume-id', '999', '--name', 'a', '--qos-policy-id', '77', '--dry-run'],
    );
    expect(code).toBe(2);
    expect(stderr).toContain('volumeID: cluster lab has no volume 999');
    expect(stderr).toContain('modify.qosPolicyID: cluster lab has no QoS policy 77');
  });
});
