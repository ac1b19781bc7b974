import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { run } from '../../client/cli/program.ts';
import { CloneClient, CloneNotFoundError, InvalidRequestError, type CopyVolumeResult } from '../../client/index.ts';
import { contentOf, DESTINATION, SOURCE, waysBack } from '../support/copies.ts';
import { fakeIo, type FakeIo } from '../support/fake-io.ts';
import { startService, type Service } from '../support/service.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

vi.setConfig({ testTimeout: 120_000 });

let service: Service;
let clones: CloneClient;

beforeAll(async () => {
  service = await startService({ simulator: { behaviour: { cloneSeconds: 2 } } });
  clones = new CloneClient(service.client, { taskQueue: service.taskQueue });
  vi.stubEnv('TEMPORAL_ADDRESS', service.address);
  vi.stubEnv('ELEMENT_CLONE_TASK_QUEUE', service.taskQueue);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await service?.stop();
});

const ran = async (args: string[], io: FakeIo = fakeIo()) => {
  const code = await run(args, io);
  return { code, stdout: io.stdout(), stderr: io.stderr() };
};
const what = ['--cluster', 'lab', '--volume-id', String(SOURCE), '--dst-volume-id', String(DESTINATION)];
const copyArgs = (...rest: string[]) => ['copy', ...what, '--force', ...rest];
const content = () => contentOf(service.simulator.cluster.state(), DESTINATION);

describe('copy', () => {
  test('prints a workflow ID that reads as a sentence; copy --undo takes it back', async () => {
    const before = content();
    const { code, stdout } = await ran(copyArgs('--no-wait'));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^copy-volume-42-of-lab-onto-volume-60-[a-z0-9]{10}\n$/);
    const id = stdout.trim();
    await clones.handle<'copyVolume'>(id).result();
    expect(content()).not.toBe(before);

    const shown = await ran(['show', id]);
    expect(shown.stdout).toContain('Copy volume 42 of lab onto volume 60');
    expect(shown.stdout).toMatch(/✓ Volume 60 "db-uat-old" holds what volume 42 held/);
    expect(shown.stdout).toMatch(/Way back +snapshot \d+, until 20/);

    const undo = await ran(['copy', '--undo', id, '--output', 'json']);
    expect(undo.code).toBe(0);
    expect(JSON.parse(undo.stdout)).toMatchObject({ dstVolumeID: DESTINATION, workflowID: id });
    expect(content()).toBe(before);
    // What is over can be asked for again, as long as the snapshot is there.
    const again = await ran(['copy', '--undo', id]);
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('✓ Volume 60 holds what it held before') });
  });

  test('waits on a terminal, with the steps of a copy', async () => {
    const { code, stdout, stderr } = await ran(copyArgs('--undo-expires-in', '1h'), fakeIo({ terminal: true }));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^✓ Volume 60 "db-uat-old" holds what volume 42 held\n/);
    expect(stderr).toContain('Copy volume 42 of lab onto volume 60');
    expect(stderr).toContain('▶ copy');
    expect(stderr).not.toContain('grant');
  });

  test('with --wait --output json prints the result and nothing else', async () => {
    const { code, stdout } = await ran(copyArgs('--wait', '--output', 'json'));
    expect(code).toBe(0);
    expect(JSON.parse(stdout) as CopyVolumeResult).toMatchObject({
      sourceVolumeID: SOURCE,
      dstVolumeID: DESTINATION,
      undo: { snapshotID: expect.any(Number) },
    });
  });

  test('takes the request from a file', async () => {
    const file = join(await tempDir(), 'copy.yaml');
    await writeFile(file, `cluster: lab\nvolumeID: 42\ndstVolumeID: 60\nforce: true\nundo: { expiresIn: 3h }\n`);
    const { code, stdout } = await ran(['copy', '--file', file, '--wait', '--output', 'json']);
    expect(code).toBe(0);
    const { undo } = JSON.parse(stdout) as CopyVolumeResult;
    const kept = Date.parse(undo!.expiresAt) - service.simulator.cluster.clock.now();
    expect(Math.round(kept / 3_600_000)).toBe(3);
  });

  test('--dry-run says what would be overwritten, and changes nothing', async () => {
    const before = service.simulator.cluster.state();
    const { code, stdout } = await ran(copyArgs('--dry-run'));
    expect(code).toBe(0);
    expect(stdout).toContain('Nothing was changed. On cluster lab this would overwrite a volume');
    expect(stdout).toMatch(/1 +CopyVolume +volume 42 → volume 60, which is overwritten/);
    expect(stdout).toContain('the way back');
    expect(service.simulator.cluster.state().snapshots).toEqual(before.snapshots);
  });

  test('what is wrong with the input names the flag, and exits with 2', async () => {
    const { code, stderr } = await ran(['copy', '--cluster', 'lab', '--volume-id', '42', '--undo-expires-in', 'soon']);
    expect(code).toBe(2);
    expect(stderr).toContain('dstVolumeID (--dst-volume-id): is missing');
    expect(stderr).toContain('undo.expiresIn (--undo-expires-in): ');
    const undo = await ran(['copy', '--undo', 'some-copy', '--volume-id', '42']);
    expect(undo.code).toBe(2);
    expect(undo.stderr).toContain('--undo takes --force, --cluster, --dst-volume-id');
  });

  test('what the cluster does not allow exits as the other commands do, and says the remedy', async () => {
    const { code, stderr } = await ran(['copy', ...what, '--wait']);
    expect(code).toBe(2);
    expect(stderr).toContain('was not made by this service; ask with force: true');
  });

  test('an ID that nobody knows cannot be taken back, and says so', async () => {
    const unknown = await ran(['copy', '--undo', `copy-${randomUUID()}`]);
    expect(unknown.code).not.toBe(0);
    const gone = await ran(['copy', '--undo', `copy-${randomUUID()}`, '--cluster', 'lab', '--dst-volume-id', '60']);
    expect(gone.code).toBe(2);
    expect(gone.stderr).toContain('has no snapshot from before');
  });

  test('cancel rolls back', async () => {
    const before = content();
    service.simulator.cluster.setBehaviour({ cloneSeconds: 600 });
    const id = (await ran(copyArgs('--no-wait'))).stdout.trim();
    await waitFor('the copy', () => service.simulator.cluster.state().slots.running > 0);
    const listed = await waitFor('the index', async () => {
      const { stdout } = await ran(['list', '--type', 'copyVolume', '--status', 'running']);
      return stdout.includes(id) && stdout;
    });
    expect(listed).toContain('onto volume 60');
    expect(await ran(['cancel', id])).toMatchObject({ code: 0, stdout: expect.stringContaining('was undone') });
    service.simulator.cluster.setBehaviour({ cloneSeconds: 2 });
    expect(content()).toBe(before);
  });
});

describe('the client library', () => {
  test('copies, shows progress, and takes the copy back', async () => {
    const before = content();
    const copy = await clones.startCopy({ cluster: 'lab', volumeID: SOURCE, dstVolumeID: DESTINATION, force: true });
    const steps = new Set<string | undefined>();
    let percent = 0;
    for await (const view of copy.progress({ intervalMs: 50 })) {
      steps.add(view.step);
      percent = view.percent;
    }
    expect(percent).toBe(100);
    expect([...steps]).toContain('awaitClone');
    const { undo } = await copy.result();
    const taken = await clones.undoCopy(copy.workflowId, { requestedBy: 'ann' });
    expect(taken).toMatchObject({ snapshotID: undo!.snapshotID, workflowID: copy.workflowId });
    expect(content()).toBe(before);
    expect(waysBack(service.simulator.cluster.state()).map((s) => s.snapshotID)).toContain(undo!.snapshotID);
  });

  test('refuses what is no copy, and a request that cannot be', async () => {
    const clone = await clones.start({ cluster: 'lab', volumeID: SOURCE, name: 'no-copy' });
    await expect(clones.undoCopy(clone.workflowId)).rejects.toThrow(CloneNotFoundError);
    await expect(clones.startCopy({ cluster: 'lab', volumeID: 1, dstVolumeID: 1 })).rejects.toThrow(
      InvalidRequestError,
    );
    await clone.result();
  });
});
