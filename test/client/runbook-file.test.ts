import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadRunbook, loadRunbookFile } from '../../client/runbook-file/load.ts';
import { BROKEN } from '../support/broken-runbooks.ts';

const reading = (files: Record<string, string>) => ({
  read: async (name: string) => {
    const text = files[name];
    if (text === undefined) throw new Error('ENOENT: no such file');
    return text;
  },
});
const faultsOf = (text: string, files: Record<string, string> = {}) =>
  loadRunbook('t.yaml', reading({ 't.yaml': text, ...files })).then(
    () => [],
    (err: { faults: readonly string[] }) => err.faults,
  );

test('whatever is wrong is told with its place and the remedy', async () => {
  const told: Record<string, readonly string[]> = {};
  for (const [what, text, files] of BROKEN) told[what] = await faultsOf(text, files);
  expect(told).toMatchSnapshot();
  // None got through, and none without a place.
  for (const [what, faults] of Object.entries(told)) {
    expect({ what, faults }).toEqual({
      what,
      faults: expect.arrayContaining([expect.stringMatching(/^\w+\.yaml:\d+:\d+: /)]),
    });
  }
});

test('everything is told at once, in the order in which it stands', async () => {
  const text = `name: t
cluster: lab
inputs:
  n: { type: number, default: x }
steps:
  - { id: a, needs: [b], wait: { for: soon } }
  - { id: a, clone: { volumeID: 0, nam: x } }
  - { id: c, needs: [a], delete: { volumeID: '\${steps.b.volumeID}' }, tmeout: 1s }
`;
  expect((await faultsOf(text)).map((f) => f.replace(/^t\.yaml:(\d+:\d+): (\S+):.*/s, '$1 $2'))).toEqual([
    '4:31 inputs.n.default',
    '6:22 steps.0.needs.0',
    '6:39 steps.0.wait.for',
    '7:11 steps.1.id',
    '7:21 steps.1.clone.name',
    '7:33 steps.1.clone.volumeID',
    '7:36 steps.1.clone.nam',
    '8:46 steps.2.delete.volumeID',
    '8:71 steps.2.tmeout',
  ]);
});

test('the examples, and the one of the documentation, can be run', async () => {
  const folder = fileURLToPath(new URL('../../examples/runbooks/', import.meta.url));
  const files = (await readdir(folder)).filter((f) => f.endsWith('.yaml'));
  expect(files).toHaveLength(4);
  for (const file of files)
    await expect(loadRunbook(folder + file)).resolves.toMatchObject({ steps: expect.any(Array) });
  const page = await readFile(new URL('../../docs/runbooks.md', import.meta.url), 'utf8');
  const [, documented = ''] = /```yaml\n(.*?)```/s.exec(page) ?? [];
  expect(await faultsOf(documented)).toEqual([]);
});

test('JSON is read as well, and a file is put where it is named, at each place for itself', async () => {
  const inner = '{"name": "i", "steps": [{"id": "w", "wait": {"for": "1s"}}]}';
  const outer =
    'name: o\nsteps:\n  - { id: a, runbook: { file: i.json } }\n  - { id: b, runbook: { file: ./i.json } }\n';
  const { document } = await loadRunbookFile('t.yaml', reading({ 't.yaml': outer, 'i.json': inner }));
  const [a, b] = document.steps;
  expect([a!.runbook, b!.runbook]).toEqual([{ document: JSON.parse(inner) }, { document: JSON.parse(inner) }]);
});
