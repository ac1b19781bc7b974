// Runs a command under another version of Node, fetched once from the npm registry: node scripts/with-node.mjs 22 npm test
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { root } from './source-hash.mjs';

/** The versions that this package promises to run on, the newest of each that the registry has as a package. */
const VERSIONS = { 20: '20.20.2', 22: '22.23.3', 24: '24.21.0' };

const [wanted, ...command] = process.argv.slice(2);
const version = VERSIONS[wanted];
if (version === undefined || command.length === 0) {
  console.error(`Usage: node scripts/with-node.mjs ${Object.keys(VERSIONS).join('|')} COMMAND…`);
  process.exit(2);
}

/** The folder that holds this version's `node`. */
function nodeDir() {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const dir = join(root, '.cache', `node-${version}`);
  const bin = join(dir, 'node_modules', name, 'bin');
  if (!existsSync(bin)) {
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'package.json'), '{ "private": true }');
    const args = ['install', '--no-audit', '--no-fund', '--no-package-lock', `${name}@${version}`];
    execFileSync('npm', args, { cwd: dir, stdio: ['ignore', 'ignore', 'inherit'] });
  }
  return bin;
}

const env = { ...process.env, PATH: `${nodeDir()}${delimiter}${process.env.PATH}` };
// Under npm this names the node that runs it; its children are to have the other one.
delete env.npm_node_execpath;
const { status, error } = spawnSync(command[0], command.slice(1), { stdio: 'inherit', env });
if (error) console.error(error.message);
process.exitCode = status ?? 1;
