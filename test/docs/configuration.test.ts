import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeCertificates } from '../../simulator/certificates.ts';
import { loadConfig } from '../../worker/config.ts';
import { readPage, root } from '../support/markdown.ts';
import { tempDir } from '../support/temp-dir.ts';

const page = readPage('docs/configuration.md');
const section = (heading: string) => page.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!;
/** First cell and second cell of each row below a heading. */
const rows = (heading: string) =>
  [...section(heading).matchAll(/^\| `(\w+)` +\| (.*?) +\|/gm)].map(([, name, cell]) => [name!, cell!.trim()] as const);

/** A cluster as the worker has it when nothing but what must be is given. */
async function leastCluster() {
  const dir = await tempDir();
  const file = join(dir, 'element-clone.yaml');
  await writeFile(join(dir, 'password'), 'x');
  await writeFile(
    file,
    'clusters: { lab: { endpoint: https://10.0.0.5, username: a, password: { file: password } } }\n',
  );
  return (await loadConfig(file, {})).clusters['lab']!;
}

test('docs/configuration.md has every setting of a cluster, with its default', async () => {
  const source = readPage('worker/config.ts');
  const fields = /const clusterFields = \{\n([^]*?)\n\};/.exec(source)![1]!;
  const names = [...fields.matchAll(/^ {2}(\w+)[:,]/gm)].map((m) => m[1]!);
  expect(names.length).toBeGreaterThan(12);
  const settings = rows('Clusters');
  expect(settings.map(([name]) => name).toSorted()).toEqual(names.toSorted());
  const cluster = (await leastCluster()) as unknown as Record<string, unknown>;
  const inForce = Object.entries(cluster).filter(([, value]) => typeof value === 'number');
  expect(Object.fromEntries(settings.filter(([, value]) => /^\d+$/.test(value)))).toEqual(
    Object.fromEntries(inForce.map(([name, value]) => [name, String(value)])),
  );
});

test('docs/configuration.md has every variable that the code reads, besides those of Temporal’s SDK', () => {
  const folders = ['activities', 'client', 'connection', 'contracts', 'element', 'simulator', 'worker', 'workflows'];
  const read = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => [
        ...readFileSync(join(root, folder, file), 'utf8').matchAll(
          /'((?:ELEMENT_CLONE|ELEMENT_SIM|TEMPORAL|OTEL)_[A-Z_]+)'/g,
        ),
      ])
      .map((m) => m[1]!),
  );
  expect(read).toContain('ELEMENT_CLONE_CONFIG');
  expect([...new Set(read)].filter((name) => !section('Variables').includes(`\`${name}`))).toEqual([]);
});

test.each(['README.md', 'docs/configuration.md'])('the configuration that %s shows can be used', async (name) => {
  const dir = await tempDir();
  await mkdir(join(dir, 'secrets'));
  await writeFile(join(dir, 'secrets/lab'), 'x');
  await writeFile(join(dir, 'lab-ca.pem'), makeCertificates().caPem);
  const shown = [...readPage(name).matchAll(/```yaml\n(clusters:[^]*?)```/g)].map((m) => m[1]!);
  expect(shown).toHaveLength(1);
  const file = join(dir, 'element-clone.yaml');
  const mine = shown[0]!.replace('/run/secrets/', './secrets/').replace("'sha256:0f1e…'", `sha256:${'0f'.repeat(32)}`);
  await writeFile(file, mine);
  const { clusters } = await loadConfig(file, {});
  expect(clusters['lab']).toMatchObject({ endpoint: 'https://10.0.0.5', maxCloneJobs: 16 });
});
