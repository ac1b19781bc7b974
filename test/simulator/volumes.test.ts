import { describe, expect, test } from 'vitest';
import { control, manualClock, refusal, result, simulate } from './helpers.ts';

const ids = (answer: { volumes: { volumeID: number }[] }) => answer.volumes.map((v) => v.volumeID);
const create = { name: 'new', accountID: 2, totalSize: 1_000_000_000, enable512e: true };

describe('volumes', () => {
  test('are created at once, with whole MiB and default QoS', async () => {
    const sim = await simulate();
    const { volume } = await result(sim, 'CreateVolume', create);
    expect(volume).toMatchObject({ status: 'active', totalSize: 1_000_341_504, qosPolicyID: null, sliceCount: 1 });
    expect(volume.qos).toMatchObject({ minIOPS: 50, maxIOPS: 15_000, burstIOPS: 15_000, burstTime: 60 });
  });

  test.each([
    [{ name: '' }, 'xInvalidParameter'],
    [{ name: 'n'.repeat(65) }, 'xInvalidParameter'],
    [{ totalSize: 999_999_999 }, 'xInvalidParameter'],
    [{ totalSize: 17_592_186_044_417 }, 'xInvalidParameter'],
    [{ accountID: 99 }, 'xUnknownAccount'],
    [{ attributes: { text: 'a'.repeat(990) } }, 'xInvalidParameter'],
    [{ qos: { minIOPS: 49 } }, 'xInvalidParameter'],
    [{ qos: { maxIOPS: 300, minIOPS: 400 } }, 'xInvalidParameter'],
    [{ qos: { minIOPS: 50 }, qosPolicyID: 1 }, 'xInvalidAPIParameter'],
    [{ qosPolicyID: 77 }, 'xQoSPolicyDoesNotExist'],
  ])('are refused with %j', async (wish, name) => {
    const sim = await simulate();
    expect(await refusal(sim, 'CreateVolume', { ...create, ...wish })).toBe(name);
  });

  test('grow and never shrink', async () => {
    const sim = await simulate();
    expect(await refusal(sim, 'ModifyVolume', { volumeID: 42, totalSize: 4_000_000_000 })).toBe(
      'xVolumeShrinkProhibited',
    );
    const { volume } = await result(sim, 'ModifyVolume', { volumeID: 42, totalSize: 4_294_967_297 });
    expect(volume.totalSize).toBe(4_296_015_872);
  });

  test('keep what ModifyVolume does not name, and lose their policy to QoS of their own', async () => {
    const sim = await simulate();
    const { volume } = await result(sim, 'ModifyVolume', { volumeID: 42, qos: { maxIOPS: 9000, burstIOPS: 9500 } });
    expect(volume).toMatchObject({ qosPolicyID: null, accountID: 1, qos: { minIOPS: 5000, maxIOPS: 9000 } });
    const again = await result(sim, 'ModifyVolume', { volumeID: 42, qosPolicyID: 3 });
    expect(again.volume).toMatchObject({ qosPolicyID: 3, qos: { maxIOPS: 1000 } });
    await result(sim, 'ModifyQoSPolicy', { qosPolicyID: 3, qos: { maxIOPS: 1500 } });
    const [listed] = (await result(sim, 'ListVolumes', { volumeIDs: [42] })).volumes;
    expect(listed.qos).toMatchObject({ maxIOPS: 1500, burstIOPS: 2000 });
  });

  test('are listed by every filter, in order of their IDs', async () => {
    const sim = await simulate({ volumes: 20 });
    const list = async (params: object) => ids(await result(sim, 'ListVolumes', { ...params }));
    expect(await list({})).toHaveLength(20);
    expect(await list({ volumeIDs: [60, 42, 9999, 42] })).toEqual([42, 60]);
    expect(await list({ volumeName: 'db-prod' })).toEqual([42]);
    expect(await list({ startVolumeID: 43, limit: 2 })).toEqual([43, 50]);
    expect(await list({ isPaired: true })).toEqual([]);
    await result(sim, 'DeleteVolume', { volumeID: 43 });
    expect(await list({ volumeStatus: 'deleted', accounts: [1] })).toEqual([43]);
    expect(ids(await result(sim, 'ListActiveVolumes', { startVolumeID: 42, limit: 2 }))).toEqual([42, 50]);
    expect(ids(await result(sim, 'ListDeletedVolumes'))).toEqual([43]);
    expect(ids(await result(sim, 'ListVolumesForAccount', { accountID: 1 }))).toContain(43);
    for (const other of [{ accounts: [1] }, { startVolumeID: 1 }, { limit: 1 }]) {
      expect(await refusal(sim, 'ListVolumes', { volumeIDs: [42], ...other })).toBe('xInvalidAPIParameter');
    }
  });

  test('that are deleted can be restored for eight hours, then they are gone with their snapshots', async () => {
    const clock = manualClock();
    const sim = await simulate({ clock });
    await result(sim, 'CreateSnapshot', { volumeID: 42 });
    const { volume } = await result(sim, 'DeleteVolume', { volumeID: 42 });
    expect(volume).toMatchObject({
      status: 'deleted',
      deleteTime: '2026-01-01T00:00:00Z',
      purgeTime: '2026-01-01T08:00:00Z',
    });
    const [group] = (await result(sim, 'ListVolumeAccessGroups', { volumeAccessGroups: [1] })).volumeAccessGroups;
    expect(group.deletedVolumes).toEqual([42]);
    clock.advance(8 * 3600 - 1);
    await result(sim, 'RestoreDeletedVolume', { volumeID: 42 });
    clock.advance(10);
    expect((await result(sim, 'ListSnapshots', { volumeID: 42 })).snapshots).toHaveLength(1);
    await result(sim, 'DeleteVolume', { volumeID: 42 });
    expect(await refusal(sim, 'DeleteVolume', { volumeID: 42 })).toBe('xVolumeIDDoesNotExist');
    clock.advance(8 * 3600);
    expect(await refusal(sim, 'RestoreDeletedVolume', { volumeID: 42 })).toBe('xVolumeIDDoesNotExist');
    expect((await result(sim, 'ListSnapshots')).snapshots).toEqual([]);
  });

  test('lose their iSCSI sessions when they are deleted', async () => {
    const sim = await simulate();
    const session = { volumeID: 60, initiatorName: 'iqn.test', initiatorIP: '10.0.0.1:1' };
    await control(sim, 'POST /sessions', { sessions: [session, { ...session, volumeID: 61 }] });
    expect((await result(sim, 'ListISCSISessions')).sessions).toMatchObject([session, { volumeID: 61 }]);
    await result(sim, 'DeleteVolume', { volumeID: 60 });
    expect((await result(sim, 'ListISCSISessions')).sessions).toMatchObject([{ volumeID: 61 }]);
  });
});

describe('volume access groups', () => {
  test('take and give back volumes, and say so when there is nothing to do', async () => {
    const sim = await simulate();
    const params = { volumeAccessGroupID: 3, volumes: [42] };
    const { volumeAccessGroup } = await result(sim, 'AddVolumesToVolumeAccessGroup', params);
    expect(volumeAccessGroup).toMatchObject({ name: 'uat-hosts', volumes: [42, 60] });
    expect((await result(sim, 'ListVolumes', { volumeIDs: [42] })).volumes[0].volumeAccessGroups).toEqual([1, 3]);
    expect(await refusal(sim, 'AddVolumesToVolumeAccessGroup', params)).toBe('xAlreadyInVolumeAccessGroup');
    await result(sim, 'RemoveVolumesFromVolumeAccessGroup', params);
    expect(await refusal(sim, 'RemoveVolumesFromVolumeAccessGroup', params)).toBe('xNotInVolumeAccessGroup');
    expect(await refusal(sim, 'AddVolumesToVolumeAccessGroup', { ...params, volumeAccessGroupID: 99 })).toBe(
      'xVolumeAccessGroupIDDoesNotExist',
    );
    expect(await refusal(sim, 'AddVolumesToVolumeAccessGroup', { ...params, volumes: [999] })).toBe(
      'xVolumeIDDoesNotExist',
    );
  });

  test('are created, modified and deleted, and their volumes know', async () => {
    const sim = await simulate();
    const made = await result(sim, 'CreateVolumeAccessGroup', { name: 'mine', volumes: [42], initiators: ['iqn.a'] });
    const { volumeAccessGroupID } = made;
    expect(made.volumeAccessGroup).toMatchObject({ volumes: [42], initiators: ['iqn.a'] });
    await result(sim, 'ModifyVolumeAccessGroup', { volumeAccessGroupID, volumes: [60] });
    await result(sim, 'DeleteVolumeAccessGroup', { volumeAccessGroupID });
    const { volumes } = await result(sim, 'ListVolumes', { volumeIDs: [42, 60] });
    expect(volumes.map((v: { volumeAccessGroups: number[] }) => v.volumeAccessGroups)).toEqual([[1], [3]]);
  });
});
