import { describe, expect, test } from 'vitest';
import { call, manualClock, refusal, result, simulate } from './helpers.ts';

const exact = { cloneSeconds: 100, noiseSyncJobs: false, youngVolumeSeconds: 0 };
const simulateFrozen = async (behaviour = {}) => {
  const clock = manualClock();
  return { clock, sim: await simulate({ clock, behaviour: { ...exact, ...behaviour } }) };
};

describe('a clone', () => {
  test('begins in init without an IQN, a slice or access groups, and inherits the rest', async () => {
    const { sim } = await simulateFrozen();
    const { volume } = await result(sim, 'CloneVolume', { volumeID: 42, name: 'db-uat' });
    expect(volume).toMatchObject({
      status: 'init',
      iqn: '',
      sliceCount: 0,
      volumeAccessGroups: [],
      deleteTime: '',
      totalSize: 4_294_967_296,
      accountID: 1,
      qosPolicyID: 1,
      attributes: { application: 'orders', tier: 'production' },
    });
  });

  test('becomes active when its time has come, and not before', async () => {
    const { sim, clock } = await simulateFrozen();
    const { volumeID } = await result(sim, 'CloneVolume', { volumeID: 42, name: 'db-uat' });
    clock.advance(99.9);
    const look = async () => (await result(sim, 'ListVolumes', { volumeIDs: [volumeID] })).volumes[0];
    expect(await look()).toMatchObject({ status: 'init' });
    clock.advance(0.1);
    expect(await look()).toMatchObject({ status: 'active', sliceCount: 1 });
    expect((await look()).iqn).toMatch(/^iqn\.2010-01\.com\.solidfire:[a-z0-9]{4}\.db-uat\.\d+$/);
  });

  test('shows in ListSyncJobs first without progress, then with rate and remaining time, then not at all', async () => {
    const { sim, clock } = await simulateFrozen();
    const { cloneID, volumeID } = await result(sim, 'CloneVolume', { volumeID: 42, name: 'db-uat' });
    const job = async () => (await result(sim, 'ListSyncJobs')).syncJobs[0];
    clock.advance(5);
    expect(await job()).toMatchObject({ cloneID, dstVolumeID: volumeID, srcVolumeID: 42, type: 'clone' });
    expect(await job()).toMatchObject({ stage: 'metadata', percentComplete: 0, currentBytes: 0 });
    expect(await job()).not.toHaveProperty('snapshotID');
    clock.advance(50);
    const half = await job();
    expect(half).toMatchObject({ stage: 'data', percentComplete: 50, elapsedTime: 55, remainingTime: 45 });
    expect(half.bytesPerSecond).toBeCloseTo(4_294_967_296 / 90);
    clock.advance(45);
    expect(await job()).toBeUndefined();
  });

  test('holds the data of the moment of the call, or of the snapshot', async () => {
    const { sim, clock } = await simulateFrozen();
    const content = (volumeID: number) => sim.cluster.state().volumes.find((v) => v.volumeID === volumeID)?.content;
    const before = content(42);
    const { snapshotID } = await result(sim, 'CreateSnapshot', { volumeID: 42 });
    const after = sim.cluster.write(42);
    const now = await result(sim, 'CloneVolume', { volumeID: 42, name: 'now' });
    const then = await result(sim, 'CloneVolume', { volumeID: 42, name: 'then', snapshotID });
    sim.cluster.write(42);
    clock.advance(100);
    expect(content(now.volumeID)).toBe(after);
    expect(content(then.volumeID)).toBe(before);
  });

  test('takes what is given instead of what it would inherit, with the size in whole MiB', async () => {
    const { sim } = await simulateFrozen();
    const given = { access: 'readOnly', newAccountID: 2, newSize: 1_000_000_000, attributes: { owner: 'me' } };
    const { volume } = await result(sim, 'CloneVolume', { volumeID: 42, name: 'x', enable512e: false, ...given });
    expect(volume).toMatchObject({
      access: 'readOnly',
      accountID: 2,
      totalSize: 1_000_341_504,
      enable512e: false,
      attributes: { owner: 'me' },
    });
  });

  test('merges attributes instead of replacing them when so switched', async () => {
    const { sim } = await simulateFrozen({ cloneAttributes: 'merge' });
    const { volume } = await result(sim, 'CloneVolume', { volumeID: 42, name: 'x', attributes: { owner: 'me' } });
    expect(volume.attributes).toEqual({ application: 'orders', tier: 'production', owner: 'me' });
  });

  test('that is very young cannot be modified yet', async () => {
    const { sim, clock } = await simulateFrozen({ youngVolumeSeconds: 1 });
    const { volumeID } = await result(sim, 'CloneVolume', { volumeID: 42, name: 'x' });
    expect(await refusal(sim, 'ModifyVolume', { volumeID, access: 'locked' })).toBe('xSliceNotRegistered');
    clock.advance(1);
    expect(await result(sim, 'ModifyVolume', { volumeID, access: 'locked' })).toMatchObject({
      volume: { access: 'locked', status: 'init' },
    });
  });

  test('that is deleted half-made ends with an error in its result', async () => {
    const { sim } = await simulateFrozen();
    const { volumeID, asyncHandle } = await result(sim, 'CloneVolume', { volumeID: 42, name: 'x' });
    await result(sim, 'DeleteVolume', { volumeID });
    expect(await result(sim, 'GetAsyncResult', { asyncHandle })).toMatchObject({
      status: 'complete',
      error: { name: 'xVolumeIDDoesNotExist' },
    });
    expect(sim.cluster.state().slots.running).toBe(0);
  });

  test('goes on when its source is deleted, unless the source is purged', async () => {
    const { sim, clock } = await simulateFrozen();
    const first = await result(sim, 'CloneVolume', { volumeID: 42, name: 'first' });
    await result(sim, 'DeleteVolume', { volumeID: 42 });
    clock.advance(100);
    expect(await result(sim, 'GetAsyncResult', { asyncHandle: first.asyncHandle })).toHaveProperty('result');
    await result(sim, 'RestoreDeletedVolume', { volumeID: 42 });
    const second = await result(sim, 'CloneVolume', { volumeID: 42, name: 'second' });
    await result(sim, 'DeleteVolume', { volumeID: 42 });
    await result(sim, 'PurgeDeletedVolume', { volumeID: 42 });
    expect(await result(sim, 'GetAsyncResult', { asyncHandle: second.asyncHandle })).toHaveProperty('error');
  });

  test.each([
    ['removed', 0],
    ['remains', 1],
  ] as const)('that is cancelled frees its slot and its handle, and its volume is %s', async (cancelledClone, left) => {
    const { sim } = await simulateFrozen({ cancelledClone });
    const { cloneID, asyncHandle, volumeID } = await result(sim, 'CloneVolume', { volumeID: 42, name: 'x' });
    expect(await result(sim, 'CancelClone', { cloneID })).toEqual({});
    expect(await refusal(sim, 'GetAsyncResult', { asyncHandle, keepResult: true })).toBe('xDBNoSuchPath');
    expect((await result(sim, 'ListVolumes', { volumeIDs: [volumeID] })).volumes).toHaveLength(left);
    expect(await refusal(sim, 'CancelClone', { cloneID })).toBe('xCloneIDDoesNotExist');
  });

  test('of a demo volume takes some tens of seconds at the default rate', async () => {
    const clock = manualClock();
    const sim = await simulate({ clock });
    await result(sim, 'CloneVolume', { volumeID: 42, name: 'x' });
    const [job] = sim.cluster.state().cloneJobs;
    expect((job!.endMs! - job!.startMs) / 1000).toBeGreaterThan(20);
    expect((job!.endMs! - job!.startMs) / 1000).toBeLessThan(60);
  });

  test('takes as long as the first rule that matches it says', async () => {
    const copyRules = [
      { name: 'slow-*', cloneSeconds: 500 },
      { volumeID: 42, cloneSeconds: 7 },
    ];
    const { sim } = await simulateFrozen({ copyRules });
    await result(sim, 'CloneVolume', { volumeID: 42, name: 'slow-1' });
    await result(sim, 'CloneVolume', { volumeID: 42, name: 'quick' });
    await result(sim, 'CloneVolume', { volumeID: 41, name: 'other' });
    expect(sim.cluster.state().cloneJobs.map((job) => (job.endMs! - job.startMs) / 1000)).toEqual([500, 7, 100]);
  });
});

describe('an asynchronous result', () => {
  test('is kept as long as every reader asks to keep it, and is gone after the first who does not', async () => {
    const { sim, clock } = await simulateFrozen();
    const { asyncHandle, cloneID, volumeID } = await result(sim, 'CloneVolume', { volumeID: 42, name: 'x' });
    expect(await result(sim, 'GetAsyncResult', { asyncHandle })).toMatchObject({ status: 'running' });
    clock.advance(100);
    const done = { status: 'complete', resultType: 'Clone', result: { cloneID, volumeID, message: 'Clone complete.' } };
    expect(await result(sim, 'GetAsyncResult', { asyncHandle, keepResult: true })).toMatchObject(done);
    expect(await result(sim, 'GetAsyncResult', { asyncHandle })).toMatchObject(done);
    const again = await call(sim, 'GetAsyncResult', { asyncHandle });
    expect(again.error).toEqual({
      code: 500,
      name: 'xDBNoSuchPath',
      message: `DBClient operation requested on a non-existent path at [/asyncresults/${asyncHandle}]`,
    });
  });

  test('is listed without being taken, running and completed', async () => {
    const { sim, clock } = await simulateFrozen();
    const { asyncHandle, volumeID } = await result(sim, 'CloneVolume', { volumeID: 42, name: 'x' });
    const list = async () => (await result(sim, 'ListAsyncResults', { asyncResultTypes: ['Clone'] })).asyncHandles;
    expect(await list()).toMatchObject([{ asyncResultID: asyncHandle, completed: false, data: { volumeID } }]);
    clock.advance(100);
    expect(await list()).toMatchObject([{ completed: true, success: true, data: { volumeID } }]);
    expect(await list()).toHaveLength(1);
    expect((await result(sim, 'ListAsyncResults', { asyncResultTypes: ['DriveAdd'] })).asyncHandles).toEqual([]);
  });
});

describe('a group of clones', () => {
  test('has one handle that completes with its last member, and no cloneID in its members', async () => {
    const { sim, clock } = await simulateFrozen({ copyRules: [{ volumeID: 41, cloneSeconds: 10 }] });
    const group = await result(sim, 'CloneMultipleVolumes', {
      volumes: [{ volumeID: 41, name: 'log' }, { volumeID: 42 }],
      access: 'readOnly',
    });
    expect(group.members).toEqual([
      { srcVolumeID: 41, volumeID: expect.any(Number) as number },
      { srcVolumeID: 42, volumeID: expect.any(Number) as number },
    ]);
    clock.advance(10);
    expect((await result(sim, 'ListSyncJobs')).syncJobs).toMatchObject([{ groupCloneID: group.groupCloneID }]);
    expect(await result(sim, 'GetAsyncResult', { asyncHandle: group.asyncHandle })).toMatchObject({
      status: 'running',
    });
    clock.advance(90);
    expect(await result(sim, 'GetAsyncResult', { asyncHandle: group.asyncHandle })).toHaveProperty('result');
  });

  test('is made as a whole or not at all', async () => {
    const { sim } = await simulateFrozen();
    const before = sim.cluster.state().volumes.length;
    const volumes = [{ volumeID: 42 }, { volumeID: 41, name: '' }];
    expect(await refusal(sim, 'CloneMultipleVolumes', { volumes })).toBe('xInvalidParameter');
    expect(sim.cluster.state().volumes).toHaveLength(before);
  });

  test('from a group snapshot reads each member of it', async () => {
    const { sim, clock } = await simulateFrozen();
    const { groupSnapshotID } = await result(sim, 'CreateGroupSnapshot', { volumes: [41, 42] });
    const then = sim.cluster.state().volumes.find((v) => v.volumeID === 42)?.content;
    sim.cluster.write(42);
    const { members } = await result(sim, 'CloneMultipleVolumes', { volumes: [{ volumeID: 42 }], groupSnapshotID });
    clock.advance(100);
    const clone = sim.cluster.state().volumes.find((v) => v.volumeID === members[0].volumeID);
    expect(clone?.content).toBe(then);
    expect(await refusal(sim, 'CloneMultipleVolumes', { volumes: [{ volumeID: 43 }], groupSnapshotID })).toBe(
      'xInvalidParameter',
    );
  });
});

describe('CopyVolume', () => {
  test('overwrites the data and keeps the identity of a volume of the same size', async () => {
    const { sim, clock } = await simulateFrozen();
    const look = (id: number) => sim.cluster.state().volumes.find((v) => v.volumeID === id)!;
    const before = look(60);
    await result(sim, 'CopyVolume', { volumeID: 42, dstVolumeID: 60 });
    clock.advance(100);
    expect(look(60)).toEqual({ ...before, content: look(42).content });
    expect(await refusal(sim, 'CopyVolume', { volumeID: 42, dstVolumeID: 61 })).toBe('xVolumeSizeMismatch');
  });

  test('holds a mixture until it is whole, which its snapshots keep and a rollback takes back', async () => {
    const { sim, clock } = await simulateFrozen();
    const content = () => sim.cluster.state().volumes.find((v) => v.volumeID === 60)!.content;
    const before = content();
    const { snapshotID: back } = await result(sim, 'CreateSnapshot', { volumeID: 60 });
    const { cloneID } = await result(sim, 'CopyVolume', { volumeID: 42, dstVolumeID: 60 });
    const mixed = content();
    const source = sim.cluster.state().volumes.find((v) => v.volumeID === 42)!.content;
    expect([before, source]).not.toContain(mixed);
    await result(sim, 'CreateSnapshot', { volumeID: 60 });
    expect(sim.cluster.state().snapshots.at(-1)).toMatchObject({ volumeID: 60, content: mixed });
    for (const method of ['CopyVolume', 'RollbackToSnapshot']) {
      const params = method === 'CopyVolume' ? { volumeID: 42, dstVolumeID: 60 } : { volumeID: 60, snapshotID: back };
      expect(await refusal(sim, method, params)).toBe('xNotReadyForIO');
    }
    await result(sim, 'CancelClone', { cloneID });
    expect(content()).toBe(mixed);
    await result(sim, 'RollbackToSnapshot', { volumeID: 60, snapshotID: back });
    expect(content()).toBe(before);
    clock.advance(100);
    expect(content()).toBe(before);
  });

  test('cancelled may leave the destination with its old data', async () => {
    const { sim } = await simulateFrozen({ abortedCopy: 'unchanged' });
    const before = sim.cluster.state().volumes.find((v) => v.volumeID === 60);
    const { cloneID } = await result(sim, 'CopyVolume', { volumeID: 42, dstVolumeID: 60 });
    await result(sim, 'CancelClone', { cloneID });
    expect(sim.cluster.state().volumes.find((v) => v.volumeID === 60)).toEqual(before);
  });

  test('may bring the attributes of the source along', async () => {
    const { sim, clock } = await simulateFrozen({ copyAttributes: 'copied' });
    await result(sim, 'ModifyVolume', { volumeID: 42, attributes: { stage: 'production' } });
    await result(sim, 'CopyVolume', { volumeID: 42, dstVolumeID: 60 });
    clock.advance(100);
    expect(sim.cluster.state().volumes.find((v) => v.volumeID === 60)).toMatchObject({
      attributes: { stage: 'production' },
    });
  });
});
