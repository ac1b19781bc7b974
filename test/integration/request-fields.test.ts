import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  expectNothingLeft,
  expectOneClone,
  expectReadableFailure,
  ending,
  ours,
  withoutOwnTag,
} from '../support/invariants.ts';
import { startService, type Service } from '../support/service.ts';
import { readTag } from '../../contracts/tag.ts';

const MIB = 1_048_576;
const GIB = 1024 * MIB;

let service: Service;
beforeAll(async () => {
  // Sources enough that no test waits for another one's clone slot.
  const sources = Array.from({ length: 20 }, (_, i) => ({
    volumeID: 101 + i,
    name: `source-${101 + i}`,
    accountID: 1,
    totalSize: GIB,
    volumeAccessGroups: [1],
    attributes: { application: 'orders', tier: 'production' },
  }));
  service = await startService({
    simulator: { behaviour: { cloneSeconds: 1, youngVolumeSeconds: 0 }, state: { volumes: sources } },
  });
});
afterAll(() => service?.stop());

let last = 100;
/** A volume that no other test clones. */
const nextSource = () => (last += 1);

const volumeOf = (volumeID: number) => service.simulator.cluster.state().volumes.find((v) => v.volumeID === volumeID);

/** Clones with these fields and hands back the new volume as the cluster has it; all else is checked on the way. */
async function cloned(fields: Record<string, unknown>, expected: { groups?: string[]; snapshots?: number } = {}) {
  const volumeID = nextSource();
  const before = volumeOf(volumeID);
  const handle = await service.start({ volumeID, name: `clone-of-${volumeID}`, ...fields });
  const result = await handle.result();
  const volume = expectOneClone(service.simulator, result.volumeID, { workflowID: handle.workflowId, ...expected });
  expect(volumeOf(volumeID)).toEqual(before);
  expect(volume['content']).toBe(before!.content);
  expect(readTag(volume.attributes)).toMatchObject({ workflowID: handle.workflowId, sourceVolumeID: volumeID });
  return { volume, result, handle, volumeID };
}

describe('each field of a request is honoured', () => {
  test.concurrent('nothing but what is required: everything is inherited from the source, groups are not', async () => {
    const { volume, result, volumeID } = await cloned({});
    const source = volumeOf(volumeID)!;
    for (const field of ['access', 'accountID', 'enable512e', 'qos', 'qosPolicyID', 'totalSize'])
      expect({ [field]: volume[field] }).toEqual({ [field]: source[field] });
    expect(withoutOwnTag(volume.attributes)).toEqual(source['attributes']);
    expect(volume).toMatchObject({ name: `clone-of-${volumeID}`, volumeAccessGroups: [] });
    expect(result).toMatchObject({
      cluster: 'lab',
      sourceVolumeID: volumeID,
      snapshotDeleted: true,
      bytes: GIB,
      volume: { name: volume.name, status: 'active', attributes: source['attributes'] },
    });
    expect(result.cloneID).toBeGreaterThan(0);
    expect(result.asyncHandle).toBeGreaterThan(0);
    expect(result.apiCalls).toBeGreaterThan(5);
    expect(Date.parse(result.finishedAt)).toBeGreaterThan(Date.parse(result.startedAt));
  });

  test.concurrent.each(['readOnly', 'readWrite', 'locked'])('access %s', async (access) => {
    expect((await cloned({ access })).volume).toMatchObject({ access });
  });

  test.concurrent('access replicationTarget, which an unpaired volume may show in another way', async () => {
    const { handle } = await cloned({ access: 'replicationTarget' });
    const call = service.simulator.cluster.calls
      .log()
      .find((c) => c.method === 'CloneVolume' && JSON.stringify(c.params['attributes']).includes(handle.workflowId));
    expect(call?.params).toMatchObject({ access: 'replicationTarget' });
  });

  test.concurrent('attributes replace those of the source, and nothing of them is lost to the tag', async () => {
    const attributes = { team: 'ümläut & =', nested: { a: [1, null, true] } };
    const { volume, result } = await cloned({ attributes });
    expect(withoutOwnTag(volume.attributes)).toEqual(attributes);
    expect(result.volume.attributes).toEqual(attributes);
  });

  test.concurrent('enable512e, newAccountID and newSize, which is rounded up to a whole MiB', async () => {
    const { volume, result } = await cloned({ enable512e: false, newAccountID: 2, newSize: 2 * GIB + 1 });
    expect(volume).toMatchObject({ enable512e: false, accountID: 2, totalSize: 2 * GIB + MIB });
    expect(result.bytes).toBe(2 * GIB + MIB);
  });

  test.concurrent('enableSnapMirrorReplication', async () => {
    const { volume } = await cloned({ enableSnapMirrorReplication: true });
    expect(volume).toMatchObject({ enableSnapMirrorReplication: true });
  });

  test.concurrent('snapshotID: that state is cloned, no snapshot is taken, and the one named stays', async () => {
    const volumeID = nextSource();
    const { cluster } = service.simulator;
    const then = volumeOf(volumeID)!.content;
    const { snapshotID } = cluster.act('CreateSnapshot', { volumeID, name: 'by-hand' }) as { snapshotID: number };
    cluster.write(volumeID);
    const handle = await service.start({ volumeID, name: 'from-a-snapshot', snapshotID });
    const result = await handle.result();
    const volume = expectOneClone(service.simulator, result.volumeID, { workflowID: handle.workflowId });
    expect(volume['content']).toBe(then);
    expect(result).toMatchObject({ snapshotID, snapshotDeleted: false });
    expect(cluster.state().snapshots.filter((s) => s.volumeID === volumeID)).toMatchObject([{ name: 'by-hand' }]);
    expect(cluster.calls.log().some((c) => c.method === 'CreateSnapshot' && c.params['volumeID'] === volumeID)).toBe(
      false,
    );
  });

  test.concurrent('snapshot: name, retention keep, and the time after which the cluster removes it', async () => {
    const { result, handle } = await cloned(
      { snapshot: { name: 'kept for audit', retention: 'keep', expiresIn: '90m' } },
      { snapshots: 1 },
    );
    expect(result.snapshotDeleted).toBe(false);
    const [snapshot] = ours(service.simulator.cluster.state(), handle.workflowId).snapshots as unknown as {
      snapshotID: number;
      name: string;
      createTime: string;
      expirationTime: string;
      attributes: unknown;
    }[];
    expect(snapshot).toMatchObject({ snapshotID: result.snapshotID, name: 'kept for audit' });
    const lifetime = Date.parse(snapshot!.expirationTime) - Date.parse(snapshot!.createTime);
    expect(Math.abs(lifetime - 5_400_000)).toBeLessThan(2_000);
    expect(readTag(snapshot!.attributes)).toMatchObject({ step: 'snapshot', workflowID: handle.workflowId });
  });

  test.concurrent('without a word on it, the snapshot would expire a day later by itself', async () => {
    const { volumeID } = await cloned({ requestedBy: 'nobody' });
    const call = service.simulator.cluster.calls
      .log()
      .find((c) => c.method === 'CreateSnapshot' && c.params['volumeID'] === volumeID);
    expect(call?.params).toMatchObject({ retention: '24:00:00', name: `clone-of-${volumeID}` });
  });

  test.concurrent('modify: qos, access, account, attributes and size, after the clone', async () => {
    const modify = {
      qos: { minIOPS: 100, maxIOPS: 2_000, burstIOPS: 4_000 },
      access: 'readOnly',
      accountID: 3,
      attributes: { stage: 'modified' },
      totalSize: 3 * GIB + 5,
    };
    const { volume, result } = await cloned({ modify, access: 'locked', newAccountID: 2 });
    expect(volume).toMatchObject({ access: 'readOnly', accountID: 3, totalSize: 3 * GIB + MIB, qos: modify.qos });
    expect(withoutOwnTag(volume.attributes)).toEqual({ stage: 'modified' });
    expect(result.bytes).toBe(3 * GIB + MIB);
  });

  test.concurrent('modify.qosPolicyID', async () => {
    const { volume } = await cloned({ modify: { qosPolicyID: 2 } });
    expect(volume).toMatchObject({ qosPolicyID: 2, qos: { minIOPS: 1000, maxIOPS: 5000, burstIOPS: 8000 } });
  });

  test.concurrent('part of the qos: the rest stays as the source has it', async () => {
    const { volume } = await cloned({ modify: { qos: { minIOPS: 777 } } });
    expect(volume).toMatchObject({ qos: { minIOPS: 777, maxIOPS: 15_000, burstIOPS: 15_000 } });
  });

  test.concurrent('volumeAccessGroups by ID and by name; one named in both ways counts once', async () => {
    const { volume } = await cloned(
      { volumeAccessGroups: [2, 'uat-hosts', 3] },
      { groups: ['reporting-hosts', 'uat-hosts'] },
    );
    expect(volume['volumeAccessGroups']).toEqual([2, 3]);
  });

  test.concurrent('requestedBy is kept on the volume', async () => {
    const { volume } = await cloned({ requestedBy: 'Zoë & friends' });
    expect(readTag(volume.attributes)).toMatchObject({ requestedBy: 'Zoë & friends' });
  });

  test.concurrent('name of 64 characters, with everything a name may hold', async () => {
    const name = `x'"\\&<é漢>`.padEnd(64, '-');
    expect((await cloned({ name })).volume).toMatchObject({ name });
  });
});

describe('what ends a clone before its time', () => {
  test.concurrent('deadline: given up and undone, with the last progress in the failure', async () => {
    const own = await startService({ simulator: { behaviour: { cloneSeconds: 600 } } });
    try {
      const handle = await own.start({ volumeID: 42, name: 'too-slow', deadline: '25s' });
      const end = await ending(handle);
      expectReadableFailure(end, { step: 'awaitClone', cancelled: false });
      expect(end).toMatchObject({ message: expect.stringContaining('the deadline passed') });
      expectNothingLeft(own.simulator);
    } finally {
      await own.stop();
    }
  });

  test.concurrent('onFailure keep: nothing is undone, and everything that stays is named', async () => {
    const own = await startService({
      simulator: {
        behaviour: { cloneSeconds: 1 },
        faults: [{ kind: 'error', method: 'ModifyVolume', name: 'xUnknownAccount' }],
      },
    });
    try {
      const handle = await own.start({ volumeID: 42, name: 'kept', onFailure: 'keep' });
      const end = await ending(handle);
      const left = ours(own.simulator.cluster.state());
      expect(left).toMatchObject({
        volumes: [{ name: 'kept', status: 'active' }],
        snapshots: [{}],
        asyncResults: [{}],
      });
      expect(end).toMatchObject({
        ended: 'failed',
        type: 'CloneFailed',
        message: expect.stringContaining(`volume ${left.volumes[0]!.volumeID} (kept, as onFailure says)`),
        details: {
          step: 'modifyVolume',
          apiName: 'xUnknownAccount',
          undone: [],
          leftBehind: [
            { kind: 'volume', id: left.volumes[0]!.volumeID },
            { kind: 'asyncResult', id: left.asyncResults[0]!.asyncHandle },
            { kind: 'snapshot', id: left.snapshots[0]!.snapshotID },
          ],
        },
      });
    } finally {
      await own.stop();
    }
  });
});
