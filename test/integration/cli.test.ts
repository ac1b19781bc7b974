import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { run } from '../../client/cli/program.ts';
import type { CloneDescription, CloneProgressView, CloneSummary, CloneVolumeResult } from '../../client/index.ts';
import { fakeIo, type FakeIo } from '../support/fake-io.ts';
import { startService, type Service } from '../support/service.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

let service: Service;
let volumeID: number;

beforeAll(async () => {
  service = await startService({
    simulator: { behaviour: { cloneSeconds: 3, copyRules: [{ name: 'watched', cloneSeconds: 8 }] } },
  });
  volumeID = service.simulator.cluster.state().volumes[0]!.volumeID;
  vi.stubEnv('TEMPORAL_ADDRESS', service.address);
  vi.stubEnv('ELEMENT_CLONE_TASK_QUEUE', service.taskQueue);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await service?.stop();
});

const uniqueName = () => `cli-${randomUUID().slice(0, 8)}`;
const ran = async (args: string[], io: FakeIo = fakeIo()) => {
  const code = await run(args, io);
  return { code, stdout: io.stdout(), stderr: io.stderr() };
};
const cloneArgs = (name: string, ...rest: string[]) => [
  ...['clone', '--cluster', 'lab', '--volume-id', String(volumeID), '--name', name],
  ...rest,
];
const started = async (...rest: string[]) => (await ran(cloneArgs(uniqueName(), '--no-wait', ...rest))).stdout.trim();
const lines = (text: string) => text.trimEnd().split('\n');
const copying = (id: string) =>
  waitFor('the copy to begin', async () => {
    const { stdout } = await ran(['show', id, '--output', 'json']);
    return (JSON.parse(stdout) as CloneDescription).pendingStep?.step === 'awaitClone';
  });

describe('clone', () => {
  test('prints the bare workflow ID when nobody waits, which is so without a terminal', async () => {
    const name = uniqueName();
    const { code, stdout, stderr } = await ran(cloneArgs(name));
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^clone-volume-${volumeID}-of-lab-to-${name}-[a-z0-9]{10}\\n$`));
    expect(stderr).toContain('element-clone watch');
  });

  test('waits on a terminal: progress for the eye, the result on stdout', async () => {
    const { code, stdout, stderr } = await ran(cloneArgs(uniqueName()), fakeIo({ terminal: true }));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^✓ Volume \d+ "cli-\w+" is ready\n/);
    expect(stderr).toContain('▶ copy');
    expect(stderr).toContain('✓ clean up');
  });

  test('with --wait --output json prints the result and nothing else', async () => {
    const name = uniqueName();
    const { code, stdout } = await ran(cloneArgs(name, '--wait', '--output', 'json', '--min-iops', '500'));
    expect(code).toBe(0);
    expect(lines(stdout)).toHaveLength(1);
    const result = JSON.parse(stdout) as CloneVolumeResult;
    expect(result).toMatchObject({ sourceVolumeID: volumeID, volume: { name, qos: { minIOPS: 500 } } });
  });

  test('takes the whole request from a file', async () => {
    const file = join(await tempDir(), 'request.yaml');
    const name = uniqueName();
    await writeFile(file, `cluster: lab\nvolumeID: ${volumeID}\nname: other\nattributes: { env: uat }\n`);
    const { stdout } = await ran(['clone', '--file', file, '--name', name, '--wait', '--output', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({ volume: { name, attributes: { env: 'uat' } } });
  });

  test('says when a requestId had been used before, and refuses another request under it', async () => {
    const key = randomUUID();
    const name = uniqueName();
    const first = await ran(cloneArgs(name, '--request-id', key));
    const second = await ran(cloneArgs(name, '--request-id', key));
    expect(second.stdout).toBe(first.stdout);
    expect(second.stderr).toContain('nothing new was started');
    const other = await ran(cloneArgs('other', '--request-id', key));
    expect(other).toMatchObject({ code: 2, stdout: '' });
    expect(other.stderr).toContain(`name was "${name}"`);
  });

  test('that the cluster cannot make ends with 2 and every fault', async () => {
    const { code, stderr } = await ran(['clone', '--cluster', 'lab', '--volume-id', '999999', '--name', 'x', '--wait']);
    expect(code).toBe(2);
    expect(stderr).toContain('volumeID: ');
  });

  test('that fails ends with 1, the reason and what was undone', async () => {
    service.simulator.cluster.faults.append([{ kind: 'cloneFails', atPercent: 10 }]);
    try {
      const { code, stdout, stderr } = await ran(cloneArgs(uniqueName(), '--wait'));
      expect(code).toBe(1);
      expect(stdout).toBe('');
      expect(stderr).toMatch(/failed in step awaitClone.*Undone: /);
    } finally {
      service.simulator.cluster.faults.clear();
    }
  });
});

describe('Ctrl-C', () => {
  test('stops the watching, never the clone, and says how to go on', async () => {
    const id = await started();
    const io = fakeIo({ terminal: true });
    const watching = ran(['watch', id], io);
    await waitFor('the watch to be interruptible', () => io.listeners() > 0);
    io.interrupt();
    expect(await watching).toMatchObject({ code: 130 });
    expect(io.stderr()).toContain(`element-clone watch ${id}`);
    expect(io.stderr()).toContain(`element-clone cancel ${id}`);
    expect(await ran(['watch', id])).toMatchObject({ code: 0 });
  });
});

describe('watch', () => {
  test('without a terminal writes a line when something has changed', async () => {
    // Long enough to be seen at it, on a machine that is busy.
    const { stdout: id } = await ran(cloneArgs('watched', '--no-wait'));
    const { code, stdout } = await ran(['watch', id.trim()]);
    expect(code).toBe(0);
    const written = lines(stdout);
    expect(written).toEqual([...new Set(written)]);
    expect(written).toContainEqual(expect.stringMatching(/^cloning · /));
    expect(stdout).toMatch(/^done · 100 %/m);
    expect(stdout).toContain('is ready');
  });

  test('with --output json writes one look per line, and the result in the last', async () => {
    const { code, stdout } = await ran(['watch', await started(), '--output', 'json']);
    expect(code).toBe(0);
    const documents = lines(stdout).map((l) => JSON.parse(l) as Partial<CloneProgressView> & { result?: object });
    expect(documents.at(-1)!.result).toMatchObject({ cluster: 'lab' });
    expect(documents.at(-2)).toMatchObject({ phase: 'done', percent: 100 });
  });
});

describe('list', () => {
  test('shows a table, and as JSON one array', async () => {
    const id = await started();
    await waitFor('the index to know the clone', async () =>
      (await ran(['list', '--cluster', 'lab', '--status', 'running'])).stdout.includes(id),
    );
    const { stdout } = await ran(['list', '--limit', '100']);
    expect(lines(stdout)[0]).toMatch(/^PHASE +CLUSTER +SOURCE +CLONE +NAME +PROGRESS +AGE +WORKFLOW ID$/);
    const json = await ran(['list', '--source-volume-id', String(volumeID), '--output', 'json']);
    const clones = JSON.parse(json.stdout) as CloneSummary[];
    expect(clones.find((c) => c.workflowId === id)).toMatchObject({ cluster: 'lab', sourceVolumeID: volumeID });
  });

  test('says so when nothing matches', async () => {
    const { code, stdout, stderr } = await ran(['list', '--cluster', 'no-such-cluster']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain('No clones match');
    expect((await ran(['list', '--cluster', 'no-such-cluster', '--output', 'json'])).stdout).toBe('[]\n');
  });
});

describe('show', () => {
  test('shows where a running clone is, and what was asked for', async () => {
    const id = await started('--requested-by', 'ann');
    await copying(id);
    const { code, stdout } = await ran(['show', id]);
    expect(code).toBe(0);
    for (const words of [`Clone volume ${volumeID} of lab`, '▶ copy', 'awaitClone', id, 'requestedBy: ann']) {
      expect(stdout).toContain(words);
    }
  });

  test('shows how a clone ended', async () => {
    const id = await started();
    await ran(['watch', id]);
    const { stdout } = await ran(['show', id]);
    expect(stdout).toContain('done');
    expect(stdout).toContain('is ready');
  });
});

describe('cancel', () => {
  test('waits until everything is undone', async () => {
    const id = await started();
    await copying(id);
    const { code, stdout } = await ran(['cancel', id]);
    expect(code).toBe(0);
    expect(stdout).toContain('what it had made was undone');
    expect((await ran(['show', id])).stdout).toContain('cancelled');
    expect(await ran(['watch', id])).toMatchObject({ code: 1 });
  });

  test('ends with 1 when there is nothing to cancel any more', async () => {
    const id = await started();
    await ran(['watch', id]);
    const { code, stderr } = await ran(['cancel', id]);
    expect(code).toBe(1);
    expect(stderr).toContain('had ended already: done');
  });

  test('with --no-wait only asks for it', async () => {
    const id = await started();
    const { code, stdout } = await ran(['cancel', id, '--no-wait', '--output', 'json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ workflowId: id, cancelRequested: true });
    expect(await ran(['watch', id])).toMatchObject({ code: 1 });
  });
});

describe('an ID that there is not', () => {
  test.each(['show', 'watch', 'cancel'])('%s ends with 1 and a clear sentence', async (command) => {
    const { code, stdout, stderr } = await ran([command, 'no-such-clone']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('There is no clone with the workflow ID "no-such-clone"');
    const json = await ran([command, 'no-such-clone', '--output', 'json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ error: { code: 'CLONE_NOT_FOUND', workflowId: 'no-such-clone' } });
  });
});

describe('doctor', () => {
  test('finds Temporal, its workers, and a configuration that is not there', async () => {
    const { code, stdout } = await ran(
      ['doctor', '--config', '/no/such.yaml', '--output', 'json'],
      fakeIo({ env: process.env }),
    );
    const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: { check: string; ok: string }[] };
    expect({ code, ok }).toEqual({ code: 1, ok: false });
    expect(Object.fromEntries(checks.map((c) => [c.check, c.ok]))).toEqual({
      temporal: 'ok',
      'temporal: namespace': 'ok',
      'temporal: search attributes': 'ok',
      'temporal: workers': 'ok',
      configuration: 'fail',
    });
  });

  test('passes a whole set-up', async () => {
    const dir = await tempDir();
    const config = join(dir, 'element-clone.yaml');
    await writeFile(join(dir, 'ca.pem'), service.simulator.caPem);
    await writeFile(
      config,
      `clusters:\n  lab:\n    endpoint: ${service.simulator.endpoint}\n    username: admin\n    password: { env: LAB_PASSWORD }\n    tls: { caFile: ca.pem }\n`,
    );
    const env = { ...process.env, LAB_PASSWORD: 'simulator', ELEMENT_CLONE_CONFIG: config };
    const { code, stdout } = await ran(['doctor'], fakeIo({ env }));
    expect(stdout).toContain('All well.');
    expect(code).toBe(0);
  });
});

describe('simulator', () => {
  test('serves until Ctrl-C, and prints a configuration to paste', async () => {
    const io = fakeIo();
    const caOut = join(await tempDir(), 'ca.pem');
    const serving = ran(['simulator', '--port', '0', '--control-port', '0', '--seed', '7', '--ca-out', caOut], io);
    await waitFor('the simulator to be interruptible', () => io.listeners() > 0);
    const control = /http:\/\/127\.0\.0\.1:\d+/.exec(io.stdout())![0];
    expect((await fetch(`${control}/state`)).status).toBe(200);
    expect(io.stdout()).toMatch(/endpoint: https:\/\/127\.0\.0\.1:\d+/);
    expect(io.stdout()).toContain(`caFile: "${caOut}"`);
    io.interrupt();
    expect(await serving).toMatchObject({ code: 0 });
  });
});

describe('fan-out', () => {
  test('makes them all, shows the whole in one line, and lists the result', async () => {
    const prefix = `${uniqueName()}-`;
    const { code, stdout, stderr } = await ran(
      [
        ...['fan-out', '--cluster', 'lab', '--volume-id', String(volumeID), '--count', '4', '--name-prefix', prefix],
        '--wait',
      ],
      fakeIo({ terminal: true }),
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^✓ 4 of 4 clones are ready\n/);
    for (const n of [1, 2, 3, 4]) expect(stdout).toContain(`${prefix}${n}`);
    expect(stderr).toMatch(/of 4 clones ready, .*waiting/);
  });

  test('refuses names that are given twice', async () => {
    const { code, stderr } = await ran([
      ...['fan-out', '--cluster', 'lab', '--volume-id', String(volumeID), '--name', 'a', '--name', 'a'],
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain('clones.1.name (--name): clones.0 is called "a" already');
  });
});

test('list shows the place in line of a clone that waits for a slot', async () => {
  service.simulator.cluster.setBehaviour({ cloneSeconds: 600 });
  const ids: string[] = [];
  for (let i = 0; i < 4; i += 1) ids.push(await started());
  const rows = await waitFor('two in line', async () => {
    const { stdout } = await ran(['list', '--output', 'json', '--status', 'running']);
    const all = (JSON.parse(stdout) as (CloneSummary & { line?: { place: number; of: number } })[]).filter((c) =>
      ids.includes(c.workflowId),
    );
    return all.filter((c) => c.line !== undefined).length === 2 && all;
  });
  expect(rows.flatMap((c) => (c.line === undefined ? [] : [c.line.place])).toSorted((a, b) => a - b)).toEqual([1, 2]);
  const { stdout } = await ran(['list', '--status', 'running']);
  expect(stdout).toMatch(/line [12]\/2/);
  for (const id of ids) await ran(['cancel', id, '--no-wait']);
  service.simulator.cluster.setBehaviour({ cloneSeconds: 3 });
});
