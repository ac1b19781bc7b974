import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findTemporal } from '../temporal-server.ts';
import { binDir, SERVER_VERSION } from './places.ts';

const run = promisify(execFile);
const MODULE = 'go.temporal.io/server';

/** The server and its SQL tool, built once by Go, and the command line: all in `binDir`, under the names of the images. */
export async function ensureBinaries(note: (line: string) => void): Promise<void> {
  await mkdir(binDir, { recursive: true });
  const wanted = [
    { name: 'temporal-server', path: `${MODULE}/cmd/server`, built: 'server' },
    { name: 'temporal-sql-tool', path: `${MODULE}/cmd/tools/sql`, built: 'sql' },
  ].filter(({ name }) => !existsSync(join(binDir, name)));
  if (wanted.length > 0) {
    note(`Building ${wanted.map((w) => w.name).join(' and ')} ${SERVER_VERSION}; this takes some minutes …`);
    await run('go', ['install', ...wanted.map((w) => `${w.path}@v${SERVER_VERSION}`)], {
      env: { ...process.env, GOBIN: binDir },
      maxBuffer: 2 ** 26,
    }).catch((err: unknown) => {
      throw new Error(
        `The Temporal server could not be built with Go (${(err as Error).message.slice(-500)}); install Go 1.26 or newer`,
        { cause: err },
      );
    });
    for (const { name, built } of wanted) await rename(join(binDir, built), join(binDir, name));
  }
  const { TEMPORAL_ADDRESS: _theirs, ...env } = process.env;
  const found = await findTemporal({ env, note });
  if (found.kind === 'executable' && found.path !== 'temporal') {
    await rm(join(binDir, 'temporal'), { force: true });
    await symlink(found.path, join(binDir, 'temporal'));
  }
}

/** Where Debian, Fedora and Homebrew keep PostgreSQL's programs, newest first. */
export async function postgresBin(): Promise<string> {
  const { stdout } = await run('sh', [
    '-c',
    'command -v pg_config >/dev/null && pg_config --bindir; ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin 2>/dev/null | sort -rV; true',
  ]);
  const found = stdout.split('\n').find((dir) => dir !== '' && existsSync(join(dir, 'initdb')));
  if (found === undefined) {
    throw new Error('PostgreSQL is not installed (no initdb was found); run: apt-get install postgresql-15');
  }
  return found;
}
