import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { blocksOf, pages, root, type Block } from '../support/markdown.ts';

/** What a reader has from the blocks before, and of his own. */
const BEFORE = `import type { CloneClient, CloneVolumeRequest } from 'element-clone/client';
declare const clones: CloneClient;
declare const request: CloneVolumeRequest;
declare const document: Parameters<CloneClient['runbooks']['start']>[0]['runbook'];
declare const show: (...facts: unknown[]) => void;
`;
const moduleOf = ({ text }: Block) => (/\bclones =/.test(text) ? text : `${BEFORE}${text}`);

const ENTRIES = {
  'element-clone-client': 'client/index.ts',
  'element-clone/client': 'client/index.ts',
  'element-clone/workflow-client': 'workflows/compose/index.ts',
  'element-clone/nexus': 'contracts/nexus.ts',
  ...Object.fromEntries(
    ['workflows', 'activities', 'worker', 'element', 'contracts', 'simulator'].map((folder) => [
      `element-clone/${folder}`,
      `${folder}/index.ts`,
    ]),
  ),
};

/** Its block is a part of the service's own workflow code. */
const FRAGMENTS = new Set(['docs/upgrades.md']);

/** Says what the compiler finds wrong with these modules, each by its name. */
async function faultsOf(modules: Map<string, string>): Promise<string> {
  // Inside the checkout, where the dependencies are found.
  await mkdir(join(root, '.cache'), { recursive: true });
  const dir = await mkdtemp(join(root, '.cache/typescript-of-pages-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const paths = Object.fromEntries(Object.entries(ENTRIES).map(([name, file]) => [name, [join(root, file)]]));
  const compilerOptions = { paths, noUnusedLocals: false };
  await writeFile(
    join(dir, 'tsconfig.json'),
    JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions, include: ['*.ts', join(root, 'types')] }),
  );
  for (const [name, text] of modules) await writeFile(join(dir, name), text);
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  return new Promise((resolve) => {
    execFile(process.execPath, [tsc, '--project', dir, '--pretty', 'false'], { cwd: dir }, (err, stdout, stderr) =>
      resolve(err === null ? '' : stdout + stderr),
    );
  });
}

test('what the pages show in TypeScript compiles as it stands, and what does not is noticed', async () => {
  const shown = ['README.md', ...pages().filter((page) => page.startsWith('docs/') && !FRAGMENTS.has(page))].flatMap(
    (page) => blocksOf(page, 'ts'),
  );
  expect(shown.length).toBeGreaterThan(10);
  const modules = shown.map(
    (block) => [`${block.page.replaceAll('/', '-')}-line-${block.line}.ts`, moduleOf(block)] as const,
  );
  const wrong = `${BEFORE}await clones.start({ cluster: 'lab', volumeID: '42' });\n`;
  const faults = await faultsOf(new Map([...modules, ['wrong.ts', wrong]]));
  expect(faults.split('\n').filter((line) => /^\S+\.ts\(/.test(line))).toEqual([
    expect.stringMatching(/^wrong\.ts\(.*error TS/),
  ]);
});
