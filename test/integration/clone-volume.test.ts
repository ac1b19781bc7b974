import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startService, type Service } from '../support/service.ts';

describe('cloneVolume', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({ simulator: { behaviour: { cloneSeconds: 3 } } });
  });
  afterAll(() => service.stop());

  test('makes one volume of the asked name and leaves nothing else behind', async () => {
    const result = await service.clone({ volumeID: 42, name: 'db-uat', volumeAccessGroups: ['uat-hosts'] });
    expect(result).toMatchObject({
      cluster: 'lab',
      sourceVolumeID: 42,
      snapshotDeleted: true,
      volume: { name: 'db-uat', status: 'active' },
    });
    const state = service.simulator.cluster.state();
    expect(state.volumes.filter((v) => v.name === 'db-uat')).toHaveLength(1);
    expect(state.snapshots).toEqual([]);
    expect(state.asyncResults).toEqual([]);
  });
});
