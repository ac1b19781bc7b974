// Stages the package element-clone-client: the client library and the contracts of this build, for services that only start and
// watch clones. Its dependencies are what its files import, at the versions of the whole package.
//   node scripts/client-package.mjs FOLDER && npm publish FOLDER
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from './source-hash.mjs';

/** Must not be in what a service installs: the worker's native module alone is 137 MB. */
export const UNWANTED = [
  '@temporalio/worker',
  '@temporalio/core-bridge',
  '@temporalio/workflow',
  '@temporalio/activity',
];

const README = `# element-clone-client

Starts and watches clones of NetApp Element volumes that [element-clone](https://www.npmjs.com/package/element-clone) carries
out: its client library without its worker. It needs a Temporal address and nothing else.

    import { CloneClient } from 'element-clone-client';

    const clones = await CloneClient.connect();
    const clone = await clones.start({ cluster: 'lab', volumeID: 42, name: 'db-uat' });
    const { volumeID } = await clone.result();

It is made of the same build and has the same version as \`element-clone\`, whose \`element-clone/client\` is this very code.
`;

/** Writes the package into `dir`, which must not hold anything else, and returns its package.json. */
export function stageClientPackage(dir) {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  for (const part of ['client', 'contracts', 'connection']) {
    cpSync(join(root, 'dist', part), join(dir, 'dist', part), {
      recursive: true,
      filter: (path) => !/[/\\]client[/\\]cli$/.test(path) && !path.endsWith('.map'),
    });
  }
  for (const file of ['LICENSE', 'CHANGELOG.md']) cpSync(join(root, file), join(dir, file));
  writeFileSync(join(dir, 'README.md'), README);
  const whole = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { version, license, type, engines } = whole;
  const entry = (path) => ({ types: `./dist/${path}.d.ts`, default: `./dist/${path}.js` });
  const manifest = {
    ...{ name: 'element-clone-client', version },
    description: 'Starts and watches clones of NetApp Element (SolidFire) volumes; the client library of element-clone',
    ...{ license, type, engines },
    exports: {
      '.': entry('client/index'),
      './contracts': entry('contracts/index'),
      './package.json': './package.json',
    },
    files: ['dist', 'CHANGELOG.md'],
    dependencies: Object.fromEntries(importsOf(join(dir, 'dist')).map((name) => [name, versionOf(name, whole)])),
  };
  writeFileSync(join(dir, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

/** Names of the packages that the files below `dir` import, types included. */
function importsOf(dir) {
  const names = new Set();
  for (const file of readdirSync(dir, { recursive: true }).map(String)) {
    if (!/\.(js|d\.ts)$/.test(file)) continue;
    const text = readFileSync(join(dir, file), 'utf8');
    for (const [, specifier] of text.matchAll(/(?:from\s+|import\s*\(\s*|import\s+)'([^']+)'/g)) {
      if (specifier.startsWith('.')) checkInside(dir, file, specifier);
      else names.add(specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/'));
    }
  }
  return [...names]
    .filter((name) => !name.startsWith('node:') && !builtinModules.includes(name))
    .sort((a, b) => a.localeCompare(b));
}

function checkInside(dir, file, specifier) {
  const target = fileURLToPath(new URL(specifier, `file://${join(dir, file)}`));
  if (!/^(client|contracts|connection)[/\\]/.test(target.slice(dir.length + 1)) || /[/\\]cli[/\\]/.test(target)) {
    throw new Error(`dist/${file} imports ${specifier}, which is not part of the client package`);
  }
}

function versionOf(name, { dependencies }) {
  if (UNWANTED.includes(name)) throw new Error(`the client library imports ${name}`);
  if (!(name in dependencies)) throw new Error(`the client library imports ${name}, which is no dependency`);
  return dependencies[name];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [dir] = process.argv.slice(2);
  if (dir === undefined) {
    console.error('Usage: node scripts/client-package.mjs FOLDER');
    process.exit(2);
  }
  const { name, version } = stageClientPackage(dir);
  console.log(`${name} ${version} is staged in ${dir}`);
}
