import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { run } from '../../client/cli/program.ts';
import {
  CloneClient,
  CloneFailedError,
  InvalidRequestError,
  RequestConflictError,
  type CloneDescription,
  type CloneProgressView,
  type CloneSummary,
  type InventoryItem,
  type RefreshCloneResult,
} from '../../client/index.ts';
import { fakeIo, type FakeIo } from '../support/fake-io.ts';
import { startService, type Service } from '../support/service.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

let service: Service;
let clones: CloneClient;

beforeAll(async () => {
  service = await startService({ simulator: { behaviour: { cloneSeconds: 4, youngVolumeSeconds: 0 } } });
  clones = new CloneClient(service.client, { taskQueue: service.taskQueue });
  vi.stubEnv('TEMPORAL_ADDRESS', service.address);
  vi.stubEnv('ELEMENT_CLONE_TASK_QUEUE', service.taskQueue);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await service?.stop();
});

const newSeries = () => `s-${randomUUID().slice(0, 8)}`;
const newRequest = () => ({ series: newSeries(), keep: 1, clone: { cluster: 'lab', volumeID: 42 } });
const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
};
const ran = async (args: string[], io: FakeIo = fakeIo()) => {
  const code = await run(args, io);
  return { code, stdout: io.stdout(), stderr: io.stderr() };
};

test('the client library starts a refresh, watches the copy through the workflows below it, and hands back the result', async () => {
  const request = newRequest();
  const refresh = await clones.startRefresh(request);
  expect(refresh.workflowId).toMatch(new RegExp(`^refresh-${request.series}-of-lab-[a-z0-9]{10}$`));
  const views = await collect<CloneProgressView>(refresh.progress({ intervalMs: 100 }));
  expect(views.every((v) => v.workflowId === refresh.workflowId)).toBe(true);
  expect(views.some((v) => v.step === 'awaitClone' && v.percent > 0 && v.percent < 100)).toBe(true);
  expect(views.at(-1)).toMatchObject({ phase: 'done', percent: 100 });
  expect(views.slice(0, -1).map((v) => v.phase)).not.toContain('done');
  const result = await refresh.result();
  expect(result).toMatchObject({ series: request.series, generation: 1, volumes: [{ sourceVolumeID: 42 }] });
  const description = await refresh.describe();
  expect(description).toMatchObject({ type: 'refreshClone', phase: 'done', series: request.series, request, result });
  const listed = await waitFor('the index', async () => {
    const all = await collect<CloneSummary>(clones.list({ series: request.series }));
    return all.length === 3 && all;
  });
  expect(new Set(listed.map((c) => c.type))).toEqual(new Set(['refreshClone', 'cloneVolume']));
  const items: InventoryItem[] = (await clones.inventory({ cluster: 'lab' })).clones;
  expect(items.find((i) => i.volumeID === result.volumes[0]!.volumeID)).toMatchObject({
    series: request.series,
    generation: '1',
  });
});

test('the client library refuses what cannot be, and a key that was used for something else', async () => {
  const request = newRequest();
  await expect(clones.startRefresh({ ...request, keep: 0 })).rejects.toThrow(InvalidRequestError);
  const requestId = randomUUID();
  const first = await clones.startRefresh({ ...request, requestId });
  const again = await clones.startRefresh({ ...request, requestId });
  expect([again.joined, again.workflowId]).toEqual([true, first.workflowId]);
  await expect(clones.startRefresh({ ...request, keep: 2, requestId })).rejects.toThrow(RequestConflictError);
  await first.cancel();
  await expect(first.result()).rejects.toThrow('cancelled');
});

test('a refresh that fails says so with all that is known', async () => {
  const request = newRequest();
  const refused = await clones.startRefresh({ ...request, clone: { ...request.clone, volumeID: 4_242 } });
  await expect(refused.result()).rejects.toMatchObject({
    faults: [expect.stringContaining('clone.volumeID: cluster lab has no')],
  });
  const { cluster } = service.simulator;
  cluster.faults.append([{ kind: 'cloneFails', match: { name: `${request.series}*` } }]);
  const failed = await clones.startRefresh(request);
  const error: unknown = await failed.result().catch((err: unknown) => err);
  expect(error).toBeInstanceOf(CloneFailedError);
  expect(error).toMatchObject({ details: { series: request.series, generation: 1, leftBehind: [] } });
});

test('the command line refreshes, with flags over a file, and prints the workflow ID, the result or JSON', async () => {
  const series = newSeries();
  const file = join(await tempDir(), 'nightly.yaml');
  await writeFile(
    file,
    `series: other\nkeep: 5\nclone: { cluster: lab, volumeID: 42, modify: { access: readOnly } }\n`,
  );
  const args = ['refresh', '--file', file, '--series', series, '--volume-access-group', 'uat-hosts', '--keep', '1'];
  const bare = await ran(args);
  expect(bare).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(new RegExp(`^refresh-${series}-of-lab-\\w+\\n$`)),
  });
  const id = bare.stdout.trim();
  const shown = await waitFor('the copy', async () => {
    const d = JSON.parse((await ran(['show', id, '--output', 'json'])).stdout) as CloneDescription;
    return d.progress.step === 'awaitClone' && d;
  });
  expect(shown).toMatchObject({ type: 'refreshClone', series, progress: { workflowId: id } });
  const json = await ran([...args, '--wait', '--output', 'json']);
  expect(json.code).toBe(0);
  expect(JSON.parse(json.stdout) as RefreshCloneResult).toMatchObject({
    ...{ series, generation: 2, previous: { generation: 1 }, retired: [{ generation: 1 }] },
    volumeAccessGroups: [{ name: 'uat-hosts' }],
  });
  const shownAfter = await ran(['show', id]);
  expect(shownAfter.stdout).toContain(`✓ Generation 1 of ${series} is in service`);
  const people = await ran([...args, '--swap', 'after', '--retire', 'keep'], fakeIo({ terminal: true }));
  expect(people.stdout).toMatch(new RegExp(`^✓ Generation 3 of ${series} is in service\\n`));
  expect(people.stdout).toMatch(/There are +generations 3, 2/);
  expect(people.stderr).toContain('▶ copy');
  expect(people.stderr).toContain('✓ retire');
  const listed = await ran(['list', '--series', series, '--type', 'refreshClone', '--output', 'json']);
  expect(listed.code).toBe(0);
});

test('the command line names the flag beside the field that is wrong, and exits with 2', async () => {
  const { code, stderr } = await ran(['refresh', '--cluster', 'lab', '--volume-id', 'x', '--series', 'a b']);
  expect(code).toBe(2);
  expect(stderr).toContain('clone.volumeID (--volume-id): must be the ID of the volume to clone');
  expect(stderr).toContain('series (--series): must be 1 to 48 letters');
  expect(stderr).toContain('keep (--keep): is missing');
});
