import { join } from 'node:path';
import { NativeConnection } from '@temporalio/worker';
import { expect, onTestFinished, test } from 'vitest';
import { startTemporal } from '../../scripts/temporal-server.ts';
import { ensureSearchAttributes } from '../../worker/search-attributes.ts';
import { ending, expectOneClone } from '../support/invariants.ts';
import { startService } from '../support/service.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

test('Temporal is killed and started again while clones are being asked for and copied: each is made once', async () => {
  const { TEMPORAL_ADDRESS: _other, ...env } = process.env;
  const server = await startTemporal({ dbFile: join(await tempDir(), 'temporal.db'), find: { env } });
  onTestFinished(() => server.stop());
  const connection = await NativeConnection.connect({ address: server.address });
  await ensureSearchAttributes(connection, 'default');
  await connection.close();
  const service = await startService({
    address: server.address,
    simulator: {
      behaviour: { cloneSeconds: 8 },
      // One answer comes while Temporal is down.
      faults: [{ kind: 'slowAnswer', method: 'CloneVolume', match: { name: 'asked-for' }, delayMs: 4_000, count: 1 }],
    },
  });
  onTestFinished(() => service.stop());
  const { calls } = service.simulator.cluster;

  const names = ['copied', 'asked-for'];
  const copied = await service.start({ volumeID: 42, name: 'copied' });
  await waitFor('a look at the copy', () => calls.counts().byMethod['ListSyncJobs']);
  const asked = await service.start({ volumeID: 41, name: 'asked-for' });
  await waitFor('the second CloneVolume', () => calls.counts().byMethod['CloneVolume'] === 2);
  await server.restart({ signal: 'SIGKILL', downFor: 5_000 });

  for (const [i, handle] of [copied, asked].entries()) {
    await waitFor('the end of the clone', async () => (await handle.describe()).status.name !== 'RUNNING');
    const end = await ending(handle);
    expect(end).toMatchObject({ ended: 'completed', result: { volume: { name: names[i] } } });
    const made = service.simulator.cluster.state().volumes.filter((v) => v.name === names[i] && v.status !== 'deleted');
    expect(made).toHaveLength(1);
    expectOneClone(service.simulator, made[0]!.volumeID, { workflowID: handle.workflowId });
  }
});
