// Makes a fresh clone ready with nothing but Node's own modules: dependencies by npm ci, then dist/.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { buildStamp, root, sourceHash } from './source-hash.mjs';

const cache = join(root, '.cache');
const packageLock = join(root, 'package-lock.json');
const installedLock = join(root, 'node_modules', '.package-lock.json');
const installStamp = join(cache, 'install-stamp');
const setupLock = join(cache, 'setup.lock');

/** An error whose message is all that the user needs: shown without a stack. */
export class SetupError extends Error {
  name = 'SetupError';
}

/** Installs and builds whatever is missing or stale. Safe to call from several processes at once. */
export async function ensureReady({ build = false } = {}) {
  requireNode(process.versions.node);
  if (isInstalled() && (!build || isBuilt())) return;
  await withSetupLock(async () => {
    // npm ci builds too, through the package's prepare script; isBuilt() below then has nothing left to do.
    if (!isInstalled()) await install();
    if (build && !isBuilt()) await step('Building dist/', process.execPath, [join(root, 'scripts', 'build.mjs')]);
  });
}

/** Runs a script's main function; a failed set-up ends in its one sentence instead of a stack. */
export async function main(run) {
  try {
    await run();
  } catch (error) {
    console.error(error instanceof SetupError ? error.message : error);
    process.exitCode = 1;
  }
}

export function requireNode(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new SetupError(`element-clone needs Node 20.19 or newer, and this is Node ${version}: install a newer one.`);
  }
}

function isInstalled() {
  if (!existsSync(installedLock)) return false;
  // The time stamp recognizes an npm ci run by hand; the hash a checkout that only touched the file.
  if (statSync(installedLock).mtimeMs >= statSync(packageLock).mtimeMs) return true;
  return readIfThere(installStamp) === hashOf(packageLock);
}

function isBuilt() {
  return existsSync(join(root, 'dist', 'worker', 'workflow-bundle.js')) && readIfThere(buildStamp) === sourceHash();
}

async function install() {
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund'];
  // Under `npm test` the very npm that was called; npm.cmd cannot be spawned without a shell.
  const npm = process.env.npm_execpath;
  const [command, ...first] = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm'];
  await step('Installing dependencies (npm ci)', command, [...first, ...args]);
  writeFileSync(installStamp, hashOf(packageLock));
}

/** One line while it runs; the command's own output only if it fails. */
async function step(title, command, args) {
  console.error(`${title} …`);
  const output = [];
  const code = await new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => output.push(chunk));
    child.once('error', (error) => reject(new SetupError(`${title} failed: ${command}: ${error.message}`)));
    child.once('close', resolve);
  });
  if (code !== 0) {
    process.stderr.write(Buffer.concat(output));
    throw new SetupError(`${title} failed; the output above says why.`);
  }
}

async function withSetupLock(action) {
  mkdirSync(cache, { recursive: true });
  for (let told = false; !tryLock(); await sleep(200)) {
    if (!told) console.error('Waiting for another set-up of this checkout …');
    told = true;
  }
  const unlock = () => rmSync(setupLock, { force: true });
  process.once('exit', unlock);
  try {
    await action();
  } finally {
    process.removeListener('exit', unlock);
    unlock();
  }
}

function tryLock() {
  const mine = `${setupLock}.${process.pid}`;
  // Linked into place with the owner's number in it: a lock without one, left by a kill, could never be told from a fresh one.
  writeFileSync(mine, String(process.pid));
  try {
    linkSync(mine, setupLock);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    const owner = readIfThere(setupLock);
    if (owner !== undefined && !isAlive(Number(owner))) removeLockOf(owner);
    return false;
  } finally {
    rmSync(mine, { force: true });
  }
}

/** An owner that was killed left its lock behind; another process may have noticed, and taken its place, a moment ago. */
function removeLockOf(owner) {
  const aside = `${setupLock}.${process.pid}.stale`;
  try {
    renameSync(setupLock, aside);
    if (readIfThere(aside) !== owner) linkSync(aside, setupLock);
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

const hashOf = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(() => ensureReady({ build: true }));
}
