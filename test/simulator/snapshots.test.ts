import { describe, expect, test } from 'vitest';
import { manualClock, refusal, result, simulate } from './helpers.ts';

const simulateFrozen = async () => {
  const clock = manualClock();
  return { clock, sim: await simulate({ clock, behaviour: { cloneSeconds: 100 } }) };
};

describe('snapshots', () => {
  test('are named by their time unless told otherwise, and never expire unless told', async () => {
    const { sim, clock } = await simulateFrozen();
    const { snapshot } = await result(sim, 'CreateSnapshot', { volumeID: 42 });
    expect(snapshot).toMatchObject({
      name: '2026-01-01T00:00:00Z',
      status: 'done',
      expirationTime: null,
      expirationReason: 'None',
      groupID: 0,
      volumeName: 'db-prod',
    });
    clock.advance(1e7);
    expect((await result(sim, 'ListSnapshots', { volumeID: 42 })).snapshots).toHaveLength(1);
  });

  test('expire by the clock, after their retention or at their time', async () => {
    const { sim, clock } = await simulateFrozen();
    await result(sim, 'CreateSnapshot', { volumeID: 42, name: 'hour', retention: '01:00:00' });
    await result(sim, 'CreateSnapshot', { volumeID: 42, name: 'day', expirationTime: '2026-01-02T00:00:00Z' });
    const names = async () =>
      (await result(sim, 'ListSnapshots')).snapshots.map((s: { name: string }) => s.name) as string[];
    clock.advance(3599);
    expect(await names()).toEqual(['hour', 'day']);
    clock.advance(1);
    expect(await names()).toEqual(['day']);
    clock.advance(86_400);
    expect(await names()).toEqual([]);
    expect(
      await refusal(sim, 'CreateSnapshot', {
        volumeID: 42,
        retention: '01:00:00',
        expirationTime: '2027-01-01T00:00:00Z',
      }),
    ).toBe('xInvalidAPIParameter');
    expect(await refusal(sim, 'CreateSnapshot', { volumeID: 42, retention: 'an hour' })).toBe('xInvalidParameter');
  });

  test('can be kept for ever, or shorter, after all', async () => {
    const { sim, clock } = await simulateFrozen();
    const { snapshotID } = await result(sim, 'CreateSnapshot', { volumeID: 42, retention: '01:00:00' });
    await result(sim, 'ModifySnapshot', { snapshotID, expirationTime: null });
    clock.advance(7200);
    expect((await result(sim, 'ListSnapshots', { snapshotID })).snapshots).toHaveLength(1);
    await result(sim, 'ModifySnapshot', { snapshotID, expirationTime: '2026-01-01T03:00:00Z' });
    clock.advance(3600);
    expect(await refusal(sim, 'ListSnapshots', { snapshotID })).toBe('xSnapshotIDDoesNotExist');
  });

  test('cannot be deleted, and do not expire, while a clone reads them', async () => {
    const { sim, clock } = await simulateFrozen();
    const { snapshotID } = await result(sim, 'CreateSnapshot', { volumeID: 42, retention: '00:00:10' });
    await result(sim, 'CloneVolume', { volumeID: 42, snapshotID, name: 'x' });
    expect(await refusal(sim, 'DeleteSnapshot', { snapshotID })).toBe('xSnapshotInUse');
    clock.advance(50);
    expect((await result(sim, 'ListSnapshots', { snapshotID })).snapshots).toHaveLength(1);
    clock.advance(50);
    expect(await refusal(sim, 'DeleteSnapshot', { snapshotID })).toBe('xSnapshotIDDoesNotExist');
  });

  test('must be of the volume they are used with', async () => {
    const { sim } = await simulateFrozen();
    const { snapshotID } = await result(sim, 'CreateSnapshot', { volumeID: 41 });
    expect(await refusal(sim, 'CloneVolume', { volumeID: 42, snapshotID, name: 'x' })).toBe('xSnapshotIDDoesNotExist');
    expect(await refusal(sim, 'RollbackToSnapshot', { volumeID: 42, snapshotID })).toBe('xSnapshotIDDoesNotExist');
  });

  test('of the FIFO kind make room for one another', async () => {
    const { sim } = await simulateFrozen();
    await result(sim, 'ModifyVolume', { volumeID: 42, fifoSize: 2 });
    for (const name of ['a', 'b', 'c']) {
      await result(sim, 'CreateSnapshot', { volumeID: 42, name, expirationTime: 'fifo' });
    }
    const { snapshots } = await result(sim, 'ListSnapshots', { volumeID: 42 });
    expect(snapshots).toMatchObject([{ name: 'b', expirationReason: 'fifo' }, { name: 'c' }]);
  });

  test('bring old data back, and the present can be saved', async () => {
    const { sim } = await simulateFrozen();
    const content = () => sim.cluster.state().volumes.find((v) => v.volumeID === 42)?.content;
    const old = content();
    const { snapshotID } = await result(sim, 'CreateSnapshot', { volumeID: 42, name: 'old' });
    sim.cluster.write(42);
    const plain = await result(sim, 'RollbackToSnapshot', { volumeID: 42, snapshotID });
    expect(plain).toMatchObject({ snapshot: null, snapshotID: null });
    expect(content()).toBe(old);
    const present = sim.cluster.write(42);
    const saved = await result(sim, 'RollbackToSnapshot', { volumeID: 42, snapshotID, saveCurrentState: true });
    expect(saved.snapshot).toMatchObject({ name: 'old-copy' });
    expect(content()).toBe(old);
    await result(sim, 'RollbackToSnapshot', { volumeID: 42, snapshotID: saved.snapshotID });
    expect(content()).toBe(present);
  });
});

describe('group snapshots', () => {
  test('hold one snapshot of each volume, and go with them or leave them', async () => {
    const { sim } = await simulateFrozen();
    const first = await result(sim, 'CreateGroupSnapshot', { volumes: [41, 42], name: 'nightly' });
    expect(first.groupSnapshot).toMatchObject({ name: 'nightly', members: [{ volumeID: 41 }, { volumeID: 42 }] });
    expect(first.members[0]).toMatchObject({ volumeID: 41, checksum: '0x0' });
    const second = await result(sim, 'CreateGroupSnapshot', { volumes: [42] });
    await result(sim, 'DeleteGroupSnapshot', { groupSnapshotID: first.groupSnapshotID });
    await result(sim, 'DeleteGroupSnapshot', { groupSnapshotID: second.groupSnapshotID, saveMembers: true });
    expect((await result(sim, 'ListSnapshots')).snapshots).toMatchObject([{ volumeID: 42, groupID: 0 }]);
    expect((await result(sim, 'ListGroupSnapshots')).groupSnapshots).toEqual([]);
  });

  test('are taken of at most as many volumes as GetLimits says, and of all or none', async () => {
    const sim = await simulate({ volumes: 40, limits: { snapshotsPerVolumeMax: 1 } });
    const { volumes } = await result(sim, 'ListVolumes');
    const all = volumes.map((v: { volumeID: number }) => v.volumeID) as number[];
    expect(await refusal(sim, 'CreateGroupSnapshot', { volumes: all })).toBe('xExceededLimit');
    await result(sim, 'CreateSnapshot', { volumeID: 42 });
    expect(await refusal(sim, 'CreateGroupSnapshot', { volumes: [41, 42] })).toBe('xMaxSnapshotsPerVolumeExceeded');
    expect((await result(sim, 'ListSnapshots', { volumeID: 41 })).snapshots).toEqual([]);
  });
});
