import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';
import { vendorPython } from '../support/vendor-venv.ts';
import { simulate } from './helpers.ts';

const run = promisify(execFile);
const script = fileURLToPath(new URL('vendor_sdk.py', import.meta.url));

describe("the vendor's own tools, unmodified", () => {
  let python = '';
  beforeAll(async () => {
    python = await vendorPython();
  }, 600_000);

  test('the Python SDK connects, clones, modifies, grants and deletes without a surprise', async () => {
    const sim = await simulate({ behaviour: { cloneSeconds: 1.5, youngVolumeSeconds: 0 } });
    const { port } = new URL(sim.endpoint);
    await run(python, [script, port], { timeout: 60_000 });
    expect(sim.cluster.calls.counts().byMethod).toMatchObject({ GetAPI: 1, CloneVolume: 1, CreateSnapshot: 1 });
  });

  test('the command line tool lists volumes, takes a snapshot and clones it', async () => {
    const sim = await simulate({ behaviour: { cloneSeconds: 0 } });
    const { port } = new URL(sim.endpoint);
    // It keeps a cache of connections in the home directory.
    const home = await tempDir();
    const sfcli = async (...args: string[]): Promise<unknown> => {
      const where = ['-m', '127.0.0.1', '-q', port, '-u', 'admin', '-p', 'simulator', '--nocache', '-j'];
      const { stdout } = await run(python, [join(dirname(python), 'sfcli'), ...where, ...args], {
        timeout: 60_000,
        env: { ...process.env, HOME: home },
      });
      return (JSON.parse(stdout.slice(stdout.indexOf('{'))) as { result: unknown }).result;
    };
    expect(await sfcli('volume', 'list', '--volumeids', '42')).toMatchObject({ volumes: [{ name: 'db-prod' }] });
    expect(await sfcli('snapshot', 'create', '--volumeid', '42', '--name', 'cli')).toMatchObject({ snapshotID: 1 });
    const clone = await sfcli('volume', 'clone', '--volumeid', '42', '--name', 'db-cli', '--snapshotid', '1');
    expect(clone).toMatchObject({ volume: { name: 'db-cli' } });
    expect(sim.cluster.state().volumes.at(-1)).toMatchObject({ name: 'db-cli', status: 'active' });
  });
});
