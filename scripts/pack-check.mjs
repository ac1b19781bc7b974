// Packs both packages, installs each in a fresh project, and uses it there as a stranger would: types and all.
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stageClientPackage, UNWANTED } from './client-package.mjs';
import { root } from './source-hash.mjs';

/** What a service pays for the client, MB: Temporal's client and its protocol are 30 of them. */
const CLIENT_MB_MAX = 60;

const base = mkdtempSync(join(tmpdir(), 'element-clone-pack-'));
const run = (cwd, command, args, options = {}) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], ...options });
const bin = (name) => join(root, 'node_modules', '.bin', name);

/** Packs what is in `from`; dist/ was built before, the prepare script would only build it again. */
function pack(from) {
  const [packed] = JSON.parse(run(from, 'npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', base]));
  const unwanted = packed.files.filter(
    ({ path }) =>
      /^(test|bench|scripts|ops\/(?!grafana\/|prometheus\/)|\.ci|\.secrets)\//.test(path) || /\.env|\.pem$/.test(path),
  );
  if (unwanted.length > 0) throw new Error(`${packed.name} holds ${unwanted.map((f) => f.path).join(', ')}`);
  return { name: packed.name, version: packed.version, file: join(base, packed.filename) };
}

/** publint, and whether types and code are found by every kind of resolution that can import ES modules; there is no CommonJS build. */
function lint({ name, file }) {
  run(base, bin('publint'), ['--strict', file], { stdio: 'inherit' });
  run(base, bin('attw'), ['--profile', 'esm-only', '--no-emoji', '--format', 'table-flipped', file]);
  console.log(`${name}: publint and attw find nothing`);
}

function install({ name, file }) {
  const dir = join(base, `stranger-of-${name}`);
  mkdirSync(dir);
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ name: 'stranger', private: true, type: 'module' }));
  run(dir, 'npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', file]);
  return dir;
}

/** Compiles a program that imports every entry point, under both resolutions; then imports them. */
function use(dir, entries, clientEntry) {
  const alias = (entry) => entry.replaceAll(/\W/g, '_');
  writeFileSync(
    join(dir, 'index.ts'),
    `${entries.map((e) => `import * as ${alias(e)} from '${e}';`).join('\n')}
import { CloneClient, type CloneVolumeRequest } from '${clientEntry}';

const request: CloneVolumeRequest = { cluster: 'lab', volumeID: 42, name: 'db-uat' };
// @ts-expect-error: a volumeID is a number. If this compiles, the types have become any.
const wrong: CloneVolumeRequest = { cluster: 'lab', volumeID: 'x', name: 'db-uat' };
const handle = (client: CloneClient) => client.start(request);
console.log([${entries.map(alias).join(', ')}].length, typeof handle, wrong.name);
`,
  );
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const roots = ['--typeRoots', join(root, 'node_modules', '@types')];
  const flags = ['--strict', '--skipLibCheck', '--noEmit', '--target', 'es2022', '--types', 'node', ...roots];
  for (const [module, moduleResolution] of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ]) {
    const how = ['--module', module, '--moduleResolution', moduleResolution];
    run(dir, process.execPath, [tsc, ...flags, ...how, 'index.ts'], { stdio: 'inherit' });
    console.log(`types resolve under ${moduleResolution}`);
  }
  // Workflow code runs in Temporal's sandbox only.
  const importable = entries.filter((e) => !e.endsWith('/workflows'));
  for (const entry of importable) run(dir, process.execPath, ['--input-type=module', '-e', `await import('${entry}')`]);
  console.log(`imports of ${importable.join(', ')} work`);
}

/** Workflows of others: what they import goes into their bundle, and the JSON Schemas are there. */
function compose(dir) {
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
  run(dir, process.execPath, ['--input-type=module', '-e', bundle]);
  console.log('workflow-client, workflows and nexus go into the bundle of a stranger, without zod');
  const schema = "import.meta.resolve('element-clone/schemas/cloneVolume.request.schema.json')";
  const read = `const { readFileSync } = await import('node:fs'); JSON.parse(readFileSync(new URL(${schema}), 'utf8'))`;
  run(dir, process.execPath, ['--input-type=module', '-e', read]);
  console.log('the JSON Schemas are in it');
}

const sizeOf = (dir) =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((f) => f.isFile())
    .reduce((sum, f) => sum + statSync(join(f.parentPath ?? f.path, f.name)).size, 0) / 1e6;

const entriesOf = (manifest) =>
  Object.keys(manifest.exports)
    .filter((e) => !e.endsWith('.json'))
    .map((e) => `${manifest.name}${e.slice(1)}`);

try {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const whole = pack(root);
  lint(whole);
  const dir = install(whole);
  use(dir, entriesOf(manifest), 'element-clone/client');
  compose(dir);
  const version = run(dir, join(dir, 'node_modules', '.bin', 'element-clone'), ['--version']).trim();
  if (version !== manifest.version) throw new Error(`element-clone --version prints "${version}"`);
  console.log(`element-clone ${version} runs; installed: ${sizeOf(join(dir, 'node_modules')).toFixed(0)} MB`);

  const clientManifest = stageClientPackage(join(base, 'client'));
  const client = pack(join(base, 'client'));
  lint(client);
  const clientDir = install(client);
  use(clientDir, entriesOf(clientManifest), 'element-clone-client');
  const pulled = UNWANTED.filter((name) => existsSync(join(clientDir, 'node_modules', name)));
  if (pulled.length > 0) throw new Error(`element-clone-client pulls in ${pulled.join(', ')}`);
  const size = sizeOf(join(clientDir, 'node_modules'));
  if (size > CLIENT_MB_MAX) throw new Error(`element-clone-client installs ${size.toFixed(0)} MB`);
  console.log(`element-clone-client ${client.version} works without a worker; installed: ${size.toFixed(0)} MB`);
} finally {
  rmSync(base, { recursive: true, force: true });
}
