import { describe, expect, test } from 'vitest';
import { startService } from '../support/service.ts';

describe.concurrent('clones in line for a clone slot', () => {
  test('as many run as the cluster allows, in order, and none is refused', async () => {
    const service = await startService({ simulator: { behaviour: { cloneSeconds: 2 } } });
    try {
      const names = Array.from({ length: 8 }, (_, i) => `copy-${i}`);
      const handles = [];
      for (const name of names) handles.push(await service.start({ volumeID: 42, name }));
      const results = await Promise.all(handles.map((h) => h.result()));
      expect(new Set(results.map((r) => r.volumeID)).size).toBe(8);
      console.log(service.simulator.cluster.calls);
    } finally {
      await service.stop();
    }
  });
});
