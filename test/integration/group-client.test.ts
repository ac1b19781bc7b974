import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { run } from '../../client/cli/program.ts';
import {
  CloneCancelledError,
  CloneClient,
  CloneFailedError,
  InvalidRequestError,
  RequestConflictError,
  type CloneDescription,
  type CloneGroupResult,
  type CloneProgressView,
  type CloneSummary,
} from '../../client/index.ts';
import { fakeIo, type FakeIo } from '../support/fake-io.ts';
import { expectWholeGroup, sources } from '../support/groups.ts';
import { startService, type Service } from '../support/service.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

let service: Service;
let clones: CloneClient;
let last = 100;

beforeAll(async () => {
  service = await startService({ simulator: { state: { volumes: sources(40) }, behaviour: { cloneSeconds: 4 } } });
  clones = new CloneClient(service.client, { taskQueue: service.taskQueue });
  vi.stubEnv('TEMPORAL_ADDRESS', service.address);
  vi.stubEnv('ELEMENT_CLONE_TASK_QUEUE', service.taskQueue);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await service?.stop();
});

/** Two sources that no other test uses. */
const pair = (): [number, number] => [(last += 1), (last += 1)];
const request = <T extends object>(more: T = {} as T) => ({
  cluster: 'lab',
  volumes: pair().map((volumeID) => ({ volumeID, name: `copy-${randomUUID().slice(0, 8)}` })),
  ...more,
});
const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
};
const ran = async (args: string[], io: FakeIo = fakeIo()) => {
  const code = await run(args, io);
  return { code, stdout: io.stdout(), stderr: io.stderr() };
};

describe('the client library', () => {
  test('starts a group, watches it to its end, and hands back the new volumes', async () => {
    const asked = request();
    const [a, b] = asked.volumes.map((v) => v.volumeID);
    const group = await clones.startGroup(asked);
    expect(group.workflowId).toMatch(new RegExp(`^clone-group-of-volumes-${a}-${b}-of-lab-[a-z0-9]{10}$`));

    const views: CloneProgressView[] = await collect(group.progress({ intervalMs: 100 }));
    expect(views.at(-1)).toMatchObject({ phase: 'done', percent: 100 });
    const copying = views.filter((v) => v.step === 'awaitClone' && v.members !== undefined);
    expect(copying.at(-1)).toMatchObject({
      phase: 'cloning',
      groupCloneID: expect.any(Number),
      totalBytes: 2 * 1_073_741_824,
      members: [{ sourceVolumeID: a }, { sourceVolumeID: b }],
    });
    expect(copying.every((v) => v.volumeID === undefined && v.cloneID === undefined)).toBe(true);

    const result: CloneGroupResult = await group.result();
    expectWholeGroup(service, result, { workflowID: group.workflowId });
    const description: CloneDescription<'cloneGroup'> = await group.describe();
    expect(description).toMatchObject({
      type: 'cloneGroup',
      status: 'COMPLETED',
      request: asked,
      result,
      sourceVolumeID: a,
      cloneVolumeID: result.members[0]!.volumeID,
    });
  });

  test('refuses what is invalid before anything starts, with every fault', async () => {
    const error = await clones.startGroup({ cluster: '', volumes: [] }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(InvalidRequestError);
    expect((error as InvalidRequestError).faults).toHaveLength(2);
    await expect(clones.executeGroup(request({ newAccountID: 999 }))).rejects.toBeInstanceOf(InvalidRequestError);
  });

  test('tells why a group failed', async () => {
    const asked = request();
    service.simulator.cluster.faults.append([
      {
        kind: 'cloneFails',
        match: { 'volumes.0.name': asked.volumes[0]!.name },
        sourceVolumeID: asked.volumes[1]!.volumeID,
      },
    ]);
    const group = await clones.startGroup(asked);
    const error = await group.result().catch((e: unknown) => e);
    expect(error).toBeInstanceOf(CloneFailedError);
    expect(error).toMatchObject({
      details: { step: 'awaitGroup', sourceVolumeIDs: asked.volumes.map((v) => v.volumeID), leftBehind: [] },
    });
    expect(await group.describe()).toMatchObject({ phase: 'failed', failure: { code: 'CLONE_FAILED' } });
  });

  test('cancels a group', async () => {
    const group = await clones.startGroup(request());
    await waitFor('the copies', async () => (await group.describe()).pendingStep?.step === 'awaitGroup');
    expect(await group.cancel()).toBe(true);
    await expect(group.result()).rejects.toBeInstanceOf(CloneCancelledError);
    expect(await group.cancel()).toBe(false);
  });

  test('a requestId is one for groups and single clones', async () => {
    const asked = request({ requestId: randomUUID() });
    const [group, again] = await Promise.all([clones.startGroup(asked), clones.startGroup(asked)]);
    expect([group, again].filter((g) => g.joined)).toHaveLength(1);
    const single = { cluster: 'lab', volumeID: asked.volumes[0]!.volumeID, name: 'x', requestId: asked.requestId };
    const error = await clones.start(single as never).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(RequestConflictError);
    expect((error as Error).message).toContain('it was for a cloneGroup');
    await group.cancel();
  });

  test('lists groups and single clones together, or by type', async () => {
    const group = await clones.startGroup(request());
    const listed = (filter: object) =>
      waitFor('the index to know the group', async () => {
        const all: CloneSummary[] = await collect(clones.list({ cluster: 'lab', limit: 100, ...filter }));
        return all.find((c) => c.workflowId === group.workflowId);
      });
    expect(await listed({})).toMatchObject({ type: 'cloneGroup', status: 'RUNNING' });
    expect(await listed({ type: 'cloneGroup' })).toBeDefined();
    const singles = await collect(clones.list({ type: 'cloneVolume', limit: 100 }));
    expect(singles.some((c) => c.workflowId === group.workflowId)).toBe(false);
    await group.cancel();
  });
});

describe('element-clone group', () => {
  const flags = ([a, b]: [number, number], ...rest: string[]) => [
    ...['group', '--cluster', 'lab', '--volume', String(a), '--volume', `${b}=named-${b}`],
    ...rest,
  ];

  test('shows the progress of all and a table of the new volumes', async () => {
    const [a, b] = pair();
    const { code, stdout, stderr } = await ran(
      flags([a, b], '--volume-access-group', 'uat-hosts', '--min-iops', '500'),
      fakeIo({ terminal: true }),
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^✓ 2 volumes are ready\n/);
    expect(stdout).toMatch(new RegExp(`${a} +\\d+ +app-${a - 100}-clone +1\\.07 GB +500/\\d+/\\d+ +3 +– +iqn`));
    expect(stdout).toMatch(new RegExp(`${b} +\\d+ +named-${b} `));
    expect(stderr).toContain(`Clone volumes ${a} and ${b} of lab as a group`);
    expect(stderr).toContain('▶ copy');
    expect(stderr).toMatch(/copying, \d of 2 volumes done · groupCloneID \d+/);
  });

  test('prints the workflow ID, which watch, show, list and cancel take', async () => {
    const [a, b] = pair();
    const id = (await ran(flags([a, b], '--no-wait'))).stdout.trim();
    expect(id).toMatch(/^clone-group-of-volumes-/);
    const running = await waitFor('the index to know it', async () => {
      const { stdout } = await ran(['list', '--status', 'running', '--type', 'cloneGroup']);
      return stdout.includes(id) && stdout;
    });
    expect(running).toMatch(new RegExp(`lab +${a} \\+1 .* 2 volumes `));
    expect((await ran(['show', id])).stdout).toContain(`name: named-${b}`);
    const watched = await ran(['watch', id, '--output', 'json']);
    const documents = watched.stdout
      .trimEnd()
      .split('\n')
      .map((l) => JSON.parse(l) as { result?: CloneGroupResult });
    expect(documents.at(-1)!.result).toMatchObject({ cluster: 'lab', members: [{ sourceVolumeID: a }, {}] });
    expect((await ran(['show', id])).stdout).toContain('2 volumes are ready');
    const over = await ran(['cancel', id]);
    expect(over).toMatchObject({ code: 1, stderr: expect.stringContaining('had ended already: done') });
  });

  test('takes the whole request from a file, and flags above it', async () => {
    const [a, b] = pair();
    const file = join(await tempDir(), 'group.yaml');
    await writeFile(
      file,
      `cluster: lab\nvolumes:\n  - { volumeID: ${a}, modify: { access: readOnly } }\n  - { volumeID: ${b} }\nattributes: { env: uat }\n`,
    );
    const { stdout } = await ran(['group', '--file', file, '--attribute', 'for=test', '--wait', '--output', 'json']);
    const { members } = JSON.parse(stdout) as CloneGroupResult;
    expect(members).toMatchObject([
      { volume: { access: 'readOnly', attributes: { env: 'uat', for: 'test' } } },
      { volume: { access: 'readWrite', attributes: { env: 'uat', for: 'test' } } },
    ]);
  });

  test('exits with 1 when a clone was given up, and says which and why', async () => {
    const [a, b] = pair();
    service.simulator.cluster.faults.append([
      { kind: 'cloneFails', match: { 'volumes.1.name': `named-${b}` }, sourceVolumeID: a },
    ]);
    const { code, stdout } = await ran(flags([a, b], '--on-member-failure', 'keep', '--wait'));
    expect(code).toBe(1);
    expect(stdout).toMatch(/^✓ 1 volume is ready\n/);
    expect(stdout).toContain(`✗ app-${a - 100}-clone, the clone of volume ${a}: xCloneFailed`);
  });

  test('names the flag of what is wrong', async () => {
    const { code, stderr } = await ran([
      'group',
      '--cluster',
      'lab',
      '--volume',
      'x',
      '--volume',
      '3=',
      '--priority',
      '9',
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain('volumes.0.volumeID (--volume): ');
    expect(stderr).toContain('volumes.1.name (--volume): must not be empty');
    expect(stderr).toContain('priority (--priority): ');
    expect((await ran(['group', '--cluster', 'lab'])).stderr).toContain('volumes (--volume): is missing');
  });
});
