import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const requirements = join(root, 'test/simulator/requirements.txt');
const venv = join(root, '.cache/vendor-venv');

const step = async (what: string, command: string, args: string[]): Promise<void> => {
  try {
    await run(command, args, { timeout: 300_000 });
  } catch (error) {
    const stderr = typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr) : '';
    throw new Error(
      `The vendor's Python SDK is needed to test the simulator, and ${what} failed: ${stderr.trim() || String(error)}. ` +
        `Install Python 3 with venv and pip, or set VENDOR_PYTHON to a Python that has ${requirements} installed.`,
      { cause: error },
    );
  }
};

/**
 * A Python that has the vendor's SDK and CLI: VENDOR_PYTHON, or one in `.cache/` that is made at the first need and
 * made anew when the pinned versions change.
 */
export const vendorPython = async (): Promise<string> => {
  const given = process.env['VENDOR_PYTHON'];
  if (given !== undefined && given !== '') return given;
  const python = join(venv, 'bin/python');
  const stampFile = join(venv, 'requirements.sha256');
  const stamp = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex');
  if (existsSync(python) && existsSync(stampFile) && (await readFile(stampFile, 'utf8')) === stamp) return python;
  await rm(venv, { recursive: true, force: true });
  await mkdir(join(root, '.cache'), { recursive: true });
  await step('python3 -m venv', 'python3', ['-m', 'venv', venv]);
  const quiet = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  await step('pip install', python, [...quiet, '--require-hashes', '-r', requirements]);
  await writeFile(stampFile, stamp);
  return python;
};
