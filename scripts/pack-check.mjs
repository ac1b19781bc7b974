// Packs the package, installs it in a fresh project, and uses it there as a stranger would: types and all.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './source-hash.mjs';

const dir = mkdtempSync(join(tmpdir(), 'element-clone-pack-'));
const run = (command, args, options = {}) =>
  execFileSync(command, args, { cwd: dir, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], ...options });

try {
  // dist/ was built before; the prepare script would only build it again.
  const [packed] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', dir], { cwd: root }),
  );
  const unwanted = packed.files.filter(
    ({ path }) => /^(test|bench|scripts|\.ci)\//.test(path) || /\.env|\.pem$/.test(path),
  );
  if (unwanted.length > 0) throw new Error(`the package holds ${unwanted.map((f) => f.path).join(', ')}`);

  writeFileSync(join(dir, 'package.json'), JSON.stringify({ name: 'stranger', private: true, type: 'module' }));
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', join(dir, packed.filename)]);

  const entries = Object.keys(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).exports)
    .filter((e) => !e.endsWith('.json'))
    .map((e) => e.slice(2));
  const imports = entries.map((e) => `import * as ${e.replaceAll('-', '_')} from 'element-clone/${e}';`);
  writeFileSync(
    join(dir, 'index.ts'),
    `${imports.join('\n')}
import { CloneClient, type CloneVolumeRequest } from 'element-clone/client';

const request: CloneVolumeRequest = { cluster: 'lab', volumeID: 42, name: 'db-uat' };
// @ts-expect-error: a volumeID is a number. If this compiles, the types have become any.
const wrong: CloneVolumeRequest = { cluster: 'lab', volumeID: 'x', name: 'db-uat' };
const handle = (client: CloneClient) => client.start(request);
// @ts-expect-error: as above.
const child = () => workflow_client.executeCloneVolume(wrong.name).then((r) => r.volumeID.toFixed());
console.log([${entries.map((e) => e.replaceAll('-', '_')).join(', ')}].length, typeof handle, typeof child, wrong.name);
`,
  );
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  for (const [module, moduleResolution] of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ]) {
    const flags = ['--strict', '--skipLibCheck', '--noEmit', '--target', 'es2022', '--types', 'node'];
    const roots = ['--typeRoots', join(root, 'node_modules', '@types')];
    run(
      process.execPath,
      [tsc, ...flags, ...roots, '--module', module, '--moduleResolution', moduleResolution, 'index.ts'],
      {
        stdio: 'inherit',
      },
    );
    console.log(`types resolve under ${moduleResolution}`);
  }
  writeFileSync(
    join(dir, 'workflows.js'),
    `import { executeChild } from '@temporalio/workflow';
import { elementClone } from 'element-clone/nexus';
import { executeCloneVolume } from 'element-clone/workflow-client';
import { cloneVolume } from 'element-clone/workflows';

export const ours = (request) => executeCloneVolume(request);
export const byFunction = (request) => executeChild(cloneVolume, { args: [request] });
export const service = () => elementClone.name;
`,
  );
  const bundle = `const { bundleWorkflowCode } = await import('@temporalio/worker');
const logger = new Proxy({}, { get: () => () => {} });
const { code } = await bundleWorkflowCode({ workflowsPath: ${JSON.stringify(join(dir, 'workflows.js'))}, logger });
if (code.includes('node_modules/zod')) throw new Error('the bundle of a stranger holds zod');`;
  run(process.execPath, ['--input-type=module', '-e', bundle]);
  console.log('workflow-client, workflows and nexus go into the bundle of a stranger, without zod');
  for (const entry of entries.filter((e) => e !== 'workflows')) {
    run(process.execPath, ['--input-type=module', '-e', `await import('element-clone/${entry}')`]);
  }
  console.log(`imports of ${entries.join(', ')} work`);
  const schema = "import.meta.resolve('element-clone/schemas/cloneVolume.request.schema.json')";
  run(process.execPath, [
    '--input-type=module',
    '-e',
    `const { readFileSync } = await import('node:fs'); JSON.parse(readFileSync(new URL(${schema}), 'utf8'))`,
  ]);
  console.log('the JSON Schemas are in it');
  const version = run(join(dir, 'node_modules', '.bin', 'element-clone'), ['--version']).trim();
  const wanted = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;
  if (version !== wanted) throw new Error(`element-clone --version prints "${version}" instead of "${wanted}"`);
  console.log(`element-clone ${version} runs`);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
