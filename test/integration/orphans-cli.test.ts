import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { run } from '../../client/cli/program.ts';
import type { Inventory, OrphanRemoval, OrphansFound } from '../../client/index.ts';
import { withTag } from '../../contracts/tag.ts';
import { fakeIo, type FakeIo } from '../support/fake-io.ts';
import { ours } from '../support/invariants.ts';
import { startService, type Service } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

let service: Service;

beforeAll(async () => {
  service = await startService({ simulator: { behaviour: { cloneSeconds: 600, youngVolumeSeconds: 0 } } });
  vi.stubEnv('TEMPORAL_ADDRESS', service.address);
  vi.stubEnv('ELEMENT_CLONE_TASK_QUEUE', service.taskQueue);
});
afterEach(() => service.simulator.cluster.reset());
afterAll(async () => {
  vi.unstubAllEnvs();
  await service?.stop();
});

const ran = async (args: string[], io: FakeIo = fakeIo()) => {
  const code = await run(args, io);
  return { code, stdout: io.stdout(), stderr: io.stderr() };
};
const left = () => ours(service.simulator.cluster.state());

/** A workflow that is terminated while its clone is copied. */
async function terminated(name = 'db-uat') {
  const handle = await service.start({ volumeID: 42, name });
  const volume = await waitFor('the copy', () => left().volumes.find((v) => v.name === name));
  await handle.terminate('test');
  return { workflowID: handle.workflowId, volumeID: volume.volumeID };
}

describe('orphans', () => {
  test('lists them with the reason and a link, and changes nothing', async () => {
    const { workflowID, volumeID } = await terminated();
    const io = fakeIo({ env: { TEMPORAL_UI_URL: 'http://ui.example/' } });
    const { code, stdout, stderr } = await ran(['orphans', '--cluster', 'lab'], io);
    expect(code).toBe(0);
    const [head, volume, job, snapshot] = stdout.trimEnd().split('\n');
    expect(head).toMatch(/^CLUSTER +KIND +ID +NAME +SIZE +AGE +SOURCE +IS +WORKFLOW ID +WHY +LINK$/);
    expect(volume).toMatch(
      new RegExp(`^lab +volume +${volumeID} +db-uat +4\\.29 GB +\\d+m?s +42 +orphan +${workflowID} +its`),
    );
    expect(volume).toContain(`http://ui.example/namespaces/default/workflows/${workflowID}/`);
    expect(job).toMatch(/clone job/);
    expect(snapshot).toMatch(/was terminated, which undoes nothing; it expires by itself on/);
    expect(stderr).toContain('element-clone orphans --delete');
    expect(left().volumes).toHaveLength(1);
  });

  test('says so when there are none', async () => {
    const { code, stdout, stderr } = await ran(['orphans']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain('No orphans among what is ours (lab: 0 volumes, 0 snapshots).');
  });

  test('asks before it removes anything', async () => {
    const { volumeID } = await terminated();
    const no = await ran(['orphans', '--delete'], fakeIo({ terminal: true, answers: ['n'] }));
    expect(no.code).toBe(0);
    expect(no.stderr).toContain('Remove 1 volume, 1 snapshot and what belongs to them from lab? [y/N]');
    expect(no.stderr).toContain('Nothing was removed.');
    expect(left().volumes).toMatchObject([{ volumeID }]);

    const yes = await ran(['orphans', '--delete'], fakeIo({ terminal: true, answers: ['y'] }));
    expect(yes.code).toBe(0);
    expect(yes.stdout).toContain('Removed: 1 clone job, 1 volume, 1 snapshot. Deleted volumes can be restored');
    expect(left()).toMatchObject({ volumes: [], snapshots: [], jobs: [], asyncResults: [] });
  });

  test('with --yes asks nobody; as JSON there is one document', async () => {
    const { volumeID } = await terminated();
    const { code, stdout } = await ran(['orphans', '--delete', '--yes', '--output', 'json']);
    expect(code).toBe(0);
    const { orphans, removal } = JSON.parse(stdout) as OrphansFound & { removal: OrphanRemoval };
    expect(orphans[0]).toMatchObject({ kind: 'volume', id: volumeID, verdict: 'orphan' });
    expect(removal.removed).toContainEqual({ cluster: 'lab', kind: 'volume', id: volumeID, volumeID });
    expect(left().volumes).toEqual([]);
    const again = await ran(['orphans', '--delete', '--yes', '--output', 'json']);
    expect(JSON.parse(again.stdout)).toMatchObject({ orphans: [], removal: null });
  });

  test('ends with 1 when something could not be removed, and says why', async () => {
    const { volumeID } = await terminated();
    service.simulator.cluster.faults.append([
      { kind: 'error', method: 'DeleteSnapshot', name: 'xUnknownAccount', message: 'not today' },
    ]);
    const { code, stdout } = await ran(['orphans', '--delete', '--yes']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ still there: snapshot \d+ of lab: .*not today/);
    expect(left()).toMatchObject({ volumes: [], snapshots: [{ volumeID: 42 }] });
    expect(volumeID).toBeGreaterThan(0);
  });

  test('ends with 1 when a cluster cannot be asked', async () => {
    service.simulator.cluster.faults.append([{ kind: 'error', method: 'ListVolumes', name: 'xUnknownAPIMethod' }]);
    const { code, stderr } = await ran(['orphans']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/✗ lab could not be asked: .*xUnknownAPIMethod/);
    expect((await ran(['inventory'])).code).toBe(1);
  });

  test('a cluster that the worker does not know ends with 2', async () => {
    const { code, stderr } = await ran(['orphans', '--cluster', 'nowhere']);
    expect(code).toBe(2);
    expect(stderr).toContain('cluster: "nowhere"');
    expect(stderr).toContain('this worker knows: lab');
    const json = await ran(['inventory', '--cluster', 'nowhere', '--output', 'json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ error: { code: 'INVALID_REQUEST' } });
  });

  test('--older-than leaves out what is younger', async () => {
    await terminated();
    const { stdout } = await ran(['orphans', '--older-than', '1d', '--delete', '--yes', '--output', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({ orphans: [], removal: null });
  });

  test('what is kept, unknown or doubtful is listed with what to do, and stays', async () => {
    const { cluster } = service.simulator;
    const handle = await service.start({ volumeID: 42, name: 'kept', onFailure: 'keep' });
    const kept = await waitFor('the copy', () => left().volumes[0]);
    await handle.terminate('test');
    cluster.setBehaviour({ cloneSeconds: 1 });
    cluster.faults.append([{ kind: 'error', method: 'ModifyVolume', name: 'xDBVersionMismatch' }]);
    const used = await service.start({ volumeID: 42, name: 'in-use' });
    await waitFor('the change', () => cluster.calls.counts().byMethod['ModifyVolume']);
    await used.terminate('test');
    const doubtful = left().volumes.find((v) => v.name === 'in-use')!;
    cluster.setSessions([{ volumeID: doubtful.volumeID, initiatorName: 'iqn.host' }]);
    const tag = { request: 'r', workflowID: `gone-${randomUUID()}`, step: 'snapshot', sourceVolumeID: 42 } as const;
    const { snapshotID } = cluster.act('CreateSnapshot', { volumeID: 42, attributes: withTag({}, tag) });
    await waitFor('it to be old enough', async () =>
      (await ran(['orphans', '--older-than', '1s', '--output', 'json'])).stdout.includes('"unknown","reason"'),
    );
    const { code, stdout, stderr } = await ran(['orphans', '--older-than', '1s', '--delete', '--yes']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/ kept +test-clone/);
    expect(stdout).toMatch(/in use by iqn\.host/);
    expect(stderr).toContain('kept on purpose; --delete --include kept');
    expect(stderr).toContain('--delete --include unknown removes them too');
    expect(stderr).toContain('taking the attribute "element-clone" off');
    const ids = left().volumes.map((v) => v.volumeID);
    expect(ids).toEqual([kept.volumeID, doubtful.volumeID]);
    expect(left().snapshots.map((s) => s.snapshotID)).toContain(snapshotID);

    const more = ['orphans', '--older-than', '1s', '--delete', '--yes', '--include', 'kept', 'unknown'];
    expect((await ran(more)).code).toBe(0);
    expect(left().volumes.map((v) => v.volumeID)).toEqual([doubtful.volumeID]);
    expect(left().snapshots).toEqual([]);
  });
});

describe('inventory', () => {
  const clone = async (request: Record<string, unknown>) => {
    service.simulator.cluster.setBehaviour({ cloneSeconds: 1, youngVolumeSeconds: 0 });
    return service.clone({ volumeID: 42, ...request });
  };

  test('lists finished clones as a table, as JSON and as CSV', async () => {
    const requestId = randomUUID();
    const first = await clone({ name: 'db, "uat"', requestedBy: 'ann', requestId });
    const second = await clone({ name: 'db-dev' });
    const { cluster } = service.simulator;
    const attributes = cluster.state().volumes.find((v) => v.volumeID === second.volumeID)!['attributes'] as {
      'element-clone': string;
    };
    // As a later version would write it.
    attributes['element-clone'] += '&lease=2027-01-01T00%3A00%3A00Z&series=nightly&generation=7';
    cluster.act('ModifyVolume', { volumeID: second.volumeID, attributes });
    // Neither a copy that somebody made nor one that was deleted is a clone of ours.
    cluster.act('CloneVolume', { volumeID: first.volumeID, name: 'copy' });
    cluster.act('DeleteVolume', { volumeID: (await clone({ name: 'short-lived' })).volumeID });

    const { code, stdout } = await ran(['inventory']);
    expect(code).toBe(0);
    const [head, ...rows] = stdout.trimEnd().split('\n');
    expect(head).toMatch(
      /^CLUSTER +VOLUME +NAME +SOURCE +SIZE +AGE +FOR +LEASE ENDS +SERIES +GENERATION +WORKFLOW ID$/,
    );
    expect(rows).toEqual([
      expect.stringMatching(new RegExp(`^lab +${first.volumeID} +db, "uat" +42 .* ann +– +– +– +clone-for-request-`)),
      expect.stringMatching(new RegExp(`^lab +${second.volumeID} +db-dev +42 .* – +– +nightly +7 `)),
    ]);

    const json = JSON.parse((await ran(['inventory', '--cluster', 'lab', '--output', 'json'])).stdout) as Inventory;
    expect(json).toMatchObject({
      failed: [],
      clones: [
        {
          volumeID: first.volumeID,
          sourceVolumeID: 42,
          requestId,
          requestedBy: 'ann',
          lease: null,
          leaseEndsAt: null,
          status: 'active',
        },
        {
          volumeID: second.volumeID,
          requestId: null,
          lease: '2027-01-01T00:00:00Z',
          series: 'nightly',
          generation: '7',
        },
      ],
    });

    const csv = (await ran(['inventory', '--output', 'csv'])).stdout.trimEnd().split('\n');
    expect(csv[0]).toBe(
      'cluster,volumeID,name,sourceVolumeID,createdAt,ageSeconds,bytes,status,requestedBy,workflowID,requestId,lease,series,generation,leaseEndsAt',
    );
    expect(csv).toHaveLength(3);
    expect(csv[1]).toContain(`lab,${first.volumeID},"db, ""uat""",42,`);
  });

  test('says so when there are none', async () => {
    const { code, stdout, stderr } = await ran(['inventory']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain('There are no clones of this service.');
    expect((await ran(['inventory', '--output', 'json'])).stdout).toBe('{"clones":[],"failed":[]}\n');
  });

  test('of thousands of volumes comes whole, in pages', async () => {
    const { cluster } = service.simulator;
    cluster.setLimits({ volumesPerAccountCountMax: 4_000 });
    const ids = Array.from({ length: 3_900 }, () => {
      const { volumeID } = cluster.act('CreateVolume', {
        name: 'a'.repeat(64),
        accountID: 2,
        totalSize: 1_000_000_000,
        enable512e: true,
      }) as { volumeID: number };
      const tag = { request: 'r'.repeat(100), workflowID: 'w'.repeat(250), step: 'clone', sourceVolumeID: 42 } as const;
      cluster.act('ModifyVolume', { volumeID, attributes: withTag({}, { ...tag, volumeID }) });
      return volumeID;
    });
    const { code, stdout } = await ran(['inventory', '--output', 'json']);
    expect(code).toBe(0);
    const { clones } = JSON.parse(stdout) as Inventory;
    expect(clones.map((c) => c.volumeID)).toEqual(ids);
    // More than a payload may hold.
    expect(stdout.length).toBeGreaterThan(2_097_152);
  });
});
