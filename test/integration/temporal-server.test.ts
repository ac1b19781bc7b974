import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { expect, onTestFinished, test } from 'vitest';
import { startTemporal } from '../../scripts/temporal-server.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

// A server that is to be ended is one of our own, whatever the tests otherwise run against.
const { TEMPORAL_ADDRESS: _, ...env } = process.env;

test('a killed server comes back with its state on the same address', async () => {
  const server = await startTemporal({ dbFile: join(await tempDir(), 'temporal.db'), find: { env } });
  onTestFinished(() => server.stop());
  const connection = await Connection.connect({ address: server.address });
  onTestFinished(() => connection.close());
  const { workflow } = new Client({ connection });
  await workflow.start('nobodyRunsThis', { workflowId: 'remembered', taskQueue: 'without-a-worker' });

  await server.kill();
  expect(server.pid).toBeUndefined();
  await server.restart();

  const description = await waitFor('the client to reach the server again', () =>
    workflow.getHandle('remembered').describe(),
  );
  expect(description.status.name).toBe('RUNNING');
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const)(
  'no server outlives a process ended by %s',
  async (signal) => {
    const module = fileURLToPath(new URL('../../scripts/temporal-server.ts', import.meta.url));
    const script = `
    const { startTemporal } = await import(${JSON.stringify(module)});
    const server = await startTemporal();
    console.log(server.pid);
    setInterval(() => {}, 1_000);`;
    const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void parent.kill('SIGKILL'));
    const [line] = await once(parent.stdout, 'data');
    const pid = Number(String(line));
    expect(isRunning(pid)).toBe(true);

    parent.kill(signal);
    await waitFor('the server to end', () => !isRunning(pid));
  },
);

/** Where nobody collects orphans, as in many containers, an ended process stays in the list as a zombie. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
