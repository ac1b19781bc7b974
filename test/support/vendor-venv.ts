import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

const step = async (what: string, command: string, args: string[]): Promise<void> => {
  try {
    await run(command, args, { timeout: 300_000 });
  } catch (error) {
    const stderr = typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr) : '';
    throw new Error(`${what} failed: ${stderr.trim() || String(error)}`, { cause: error });
  }
};

/** A Python in `.cache/` that has these packages, made at the first need and made anew when the pinned versions change. */
async function pythonWith(requirements: string, name: string, options: string[] = []): Promise<string> {
  const venv = join(root, '.cache', name);
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
  await step('pip install', python, [...quiet, ...options, '-r', requirements]);
  await writeFile(stampFile, stamp);
  return python;
}

/** A Python that has the vendor's SDK and CLI: VENDOR_PYTHON, or one of our own. */
export const vendorPython = async (): Promise<string> => {
  const given = process.env['VENDOR_PYTHON'];
  if (given !== undefined && given !== '') return given;
  const requirements = join(root, 'test/simulator/requirements.txt');
  try {
    return await pythonWith(requirements, 'vendor-venv', ['--require-hashes']);
  } catch (error) {
    throw new Error(
      `The vendor's Python SDK is needed to test the simulator, and ${error instanceof Error ? error.message : String(error)}. ` +
        `Install Python 3 with venv and pip, or set VENDOR_PYTHON to a Python that has ${requirements} installed.`,
      { cause: error },
    );
  }
};

/** A Python that has what the example in Python needs. */
export const examplePython = (): Promise<string> =>
  pythonWith(join(root, 'examples/python/requirements.txt'), 'examples-venv');
