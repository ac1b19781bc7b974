import { expect, test } from 'vitest';
import { CloneClient } from '../../client/index.ts';
import { expectOneClone } from '../support/invariants.ts';
import { startService } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

test('a clone that takes a day outlives the patience of any test: the cluster’s clock is moved on', async () => {
  const service = await startService({ simulator: { behaviour: { cloneSeconds: 86_400, metadataSeconds: 1 } } });
  try {
    const clones = new CloneClient(service.client, { taskQueue: service.taskQueue });
    const request = { cluster: 'lab', volumeID: 42, name: 'db-uat', deadline: '7d' };
    const clone = await clones.start(request);
    const view = () => clone.describe().then((d) => d.progress);
    await waitFor('the copy to be seen', async () => (await view())?.stage !== undefined);

    service.simulator.cluster.clock.set({ advanceSeconds: 43_200 });
    // A tenth of the time goes into metadata, which shows no progress.
    const half = await waitFor('a look at half of the copy', async () => {
      const now = await view();
      return now !== undefined && now.percent >= 40 && now;
    });
    expect(half).toMatchObject({ phase: 'cloning', stage: 'data' });
    expect(half.percent).toBeLessThan(50);

    service.simulator.cluster.clock.set({ advanceSeconds: 43_200 });
    const result = await clone.result();
    expectOneClone(service.simulator, result.volumeID, { request, before: service.before });
  } finally {
    await service.stop();
  }
});
