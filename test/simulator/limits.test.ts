import { describe, expect, test } from 'vitest';
import { manualClock, refusal, result, simulate } from './helpers.ts';

const frozen = { behaviour: { cloneSeconds: 60, noiseSyncJobs: false } };

describe('limits', () => {
  test('of clone jobs per volume refuse the third and allow it when one has ended', async () => {
    const clock = manualClock();
    const sim = await simulate({ ...frozen, clock });
    for (const name of ['a', 'b']) await result(sim, 'CloneVolume', { volumeID: 42, name });
    expect(await refusal(sim, 'CloneVolume', { volumeID: 42, name: 'c' })).toBe('xMaxClonesPerVolumeExceeded');
    await result(sim, 'CloneVolume', { volumeID: 41, name: 'other volume' });
    clock.advance(60);
    await result(sim, 'CloneVolume', { volumeID: 42, name: 'c' });
    const { slots } = sim.cluster.state();
    expect(slots.peak).toMatchObject({ running: 3, byVolume: { 41: 1, 42: 2 } });
    expect(sim.cluster.calls.counts().refused).toEqual({ xMaxClonesPerVolumeExceeded: 1 });
  });

  test('of clone jobs per node are reached only when every node is full, and jobs spread over the nodes', async () => {
    const limits = { cloneJobsPerNodeMax: 2, cloneJobsPerVolumeMax: 100 };
    const sim = await simulate({ ...frozen, clock: manualClock(), nodes: 3, limits });
    for (let i = 0; i < 6; i++) await result(sim, 'CloneVolume', { volumeID: 42, name: `c${i}` });
    expect(await refusal(sim, 'CloneVolume', { volumeID: 41, name: 'x' })).toBe('xMaxClonesPerNodeExceeded');
    expect(sim.cluster.state().cloneJobs.map((job) => job.nodeID)).toEqual([1, 2, 3, 1, 2, 3]);
  });

  test('count a group of clones as a whole', async () => {
    const sim = await simulate({ ...frozen, clock: manualClock() });
    const volumes = [{ volumeID: 42 }, { volumeID: 42 }, { volumeID: 42 }];
    expect(await refusal(sim, 'CloneMultipleVolumes', { volumes })).toBe('xMaxClonesPerVolumeExceeded');
    expect(sim.cluster.state().slots.running).toBe(0);
  });

  test('of snapshots per volume refuse the thirty-third', async () => {
    const sim = await simulate();
    for (let i = 0; i < 32; i++) await result(sim, 'CreateSnapshot', { volumeID: 42 });
    expect(await refusal(sim, 'CreateSnapshot', { volumeID: 42 })).toBe('xMaxSnapshotsPerVolumeExceeded');
    await result(sim, 'CreateSnapshot', { volumeID: 41 });
  });

  test('of volumes, of accounts and of the cluster, refuse one more', async () => {
    const clone = (name: string) => ({ volumeID: 42, name });
    const few = await simulate({ ...frozen, limits: { volumeCountMax: 9 } });
    await result(few, 'CloneVolume', clone('ninth'));
    expect(await refusal(few, 'CloneVolume', clone('tenth'))).toBe('xExceededLimit');
    const poor = await simulate({ ...frozen, limits: { volumesPerAccountCountMax: 6 } });
    expect(await refusal(poor, 'CloneVolume', clone('one more of account 1'))).toBe('xExceededLimit');
    await result(poor, 'CloneVolume', { ...clone('of account 2'), newAccountID: 2 });
  });

  test('are what GetLimits says, with those changed while it runs', async () => {
    const sim = await simulate({ limits: { cloneJobsPerVolumeMax: 3 } });
    expect(await result(sim, 'GetLimits')).toMatchObject({ cloneJobsPerVolumeMax: 3, cloneJobsPerNodeMax: 8 });
    sim.cluster.setLimits({ cloneJobsPerVolumeMax: 5 });
    expect(await result(sim, 'GetLimits')).toMatchObject({ cloneJobsPerVolumeMax: 5 });
  });
});

describe('a full cluster', () => {
  test('refuses snapshots and clones from stage 4 on', async () => {
    const sim = await simulate({ behaviour: { fullnessStage: 3 } });
    await result(sim, 'CreateSnapshot', { volumeID: 42 });
    sim.cluster.setBehaviour({ fullnessStage: 4 });
    expect(await refusal(sim, 'CreateSnapshot', { volumeID: 42 })).toBe('xClusterFull');
    expect(await refusal(sim, 'CreateGroupSnapshot', { volumes: [42] })).toBe('xClusterFull');
    expect(await refusal(sim, 'CloneVolume', { volumeID: 42, name: 'x' })).toBe('xClusterFull');
    expect(await result(sim, 'GetClusterFullThreshold')).toMatchObject({ fullness: 'stage4Critical' });
  });
});
