import { expect, test } from 'vitest';
import { ElementProtocolError } from '../../element/index.ts';
import { clientOf, failureOf, startApi } from './api-server.ts';

/** A client of a cluster that has this one answer. */
const answering = async (result: unknown) => clientOf(await startApi(() => ({ result })));

/** As the reference's page of ListVolumes shows one, and a member that no version has yet. */
const volume = {
  access: 'readWrite',
  accountID: 1,
  attributes: {},
  blockSize: 4096,
  createTime: '2016-03-28T14:39:05Z',
  deleteTime: '',
  enable512e: true,
  iqn: 'iqn.2010-01.com.solidfire:testvolume1.1',
  name: 'testVolume1',
  purgeTime: '',
  qos: { burstIOPS: 15000, burstTime: 60, curve: { '4096': 100 }, maxIOPS: 15000, minIOPS: 50 },
  scsiEUIDeviceID: '6a79617900000001f47acc0100000000',
  scsiNAADeviceID: '6f47acc1000000006a79617900000001',
  sliceCount: 1,
  status: 'active',
  totalSize: 5000658944,
  virtualVolumeID: null,
  volumeAccessGroups: [],
  volumeID: 1,
  volumePairs: [],
  invented: { later: true },
};

test('reads a volume, drops what it does not know and has one way to say "no date"', async () => {
  const { volumes } = await (await answering({ volumes: [volume] })).listVolumes({});
  expect(volumes[0]).toMatchObject({ volumeID: 1, totalSize: 5000658944, deleteTime: null, purgeTime: null });
  expect(volumes[0]).not.toHaveProperty('invented');
});

test('reads a volume whose attributes are null', async () => {
  const client = await answering({ volumes: [{ ...volume, attributes: null, qosPolicyID: null }] });
  expect((await client.listVolumes({})).volumes[0]).toMatchObject({ attributes: {}, qosPolicyID: null });
});

test.each<[string, object, string]>([
  ['an ID in quotes', { volumeID: '1' }, 'volumes.0.volumeID'],
  ['a size beyond exact numbers', { totalSize: 2 ** 60 }, 'volumes.0.totalSize'],
  ['a broken IOPS value', { qos: { minIOPS: 1.5, maxIOPS: 1, burstIOPS: 1 } }, 'volumes.0.qos.minIOPS'],
])('refuses %s, naming its place and not the whole answer', async (_what, change, path) => {
  const client = await answering({ volumes: [{ ...volume, ...change, name: 'do-not-show' }] });
  const err = await failureOf(ElementProtocolError, client.listVolumes({}));
  expect(err).toMatchObject({ method: 'ListVolumes', path });
  expect(err.message).toContain(`ListVolumes: unexpected answer at ${path}`);
  expect(err.message).not.toContain('do-not-show');
});

test('reads snapshots with and without expiry and group', async () => {
  const snapshot = {
    attributes: {},
    createTime: '2016-04-04T17:14:03Z',
    expirationTime: null,
    groupID: 0,
    name: 's',
    snapshotID: 3110,
    status: 'done',
    totalSize: 5000658944,
    volumeID: 1,
  };
  const expiring = { ...snapshot, expirationTime: '2016-04-05T17:14:03Z', groupID: null };
  const { snapshots } = await (await answering({ snapshots: [snapshot, expiring] })).listSnapshots({});
  expect(snapshots).toMatchObject([
    { expirationTime: null, groupID: 0 },
    { expirationTime: '2016-04-05T17:14:03Z', groupID: 0 },
  ]);
});

const cloneJob = {
  bytesPerSecond: 305461.3198607744,
  cloneID: 1,
  currentBytes: 81788928,
  dstVolumeID: 6,
  elapsedTime: 291.7847648200743,
  nodeID: 1,
  percentComplete: 8.167539267015707,
  remainingTime: 3280.708270981153,
  srcVolumeID: 5,
  stage: 'whole',
  totalBytes: 1001390080,
  type: 'clone',
};

test('sees clone jobs among jobs of every other shape', async () => {
  const noise = [{ type: 'slice', sliceID: 'five' }, { type: 'remote', stage: null }, { type: 'new' }, {}, null, 7];
  const { cloneJobs } = await (await answering({ syncJobs: [...noise, cloneJob] })).listSyncJobs({});
  expect(cloneJobs).toEqual([cloneJob]);
});

test('reads a clone job that has nothing to report yet', async () => {
  const early = { type: 'clone', cloneID: 2, srcVolumeID: 5, dstVolumeID: 7, stage: 'metadata', snapshotID: null };
  const { cloneJobs } = await (await answering({ syncJobs: [{ ...early, remainingTime: null }] })).listSyncJobs({});
  expect(cloneJobs[0]).toMatchObject({
    percentComplete: 0,
    remainingTime: 0,
    bytesPerSecond: 0,
    snapshotID: undefined,
  });
});

test('refuses a broken clone job: to overlook one would free a slot that is taken', async () => {
  const client = await answering({ syncJobs: [{ type: 'slice' }, { ...cloneJob, dstVolumeID: undefined }] });
  const err = await failureOf(ElementProtocolError, client.listSyncJobs({}));
  expect(err.path).toBe('syncJobs.1.dstVolumeID');
});

test.each<[string, object, object]>([
  ['running', { status: 'running', resultType: 'Clone', details: {} }, { status: 'running' }],
  [
    'complete',
    { status: 'complete', result: { cloneID: 25, message: 'Clone complete.', volumeID: 47 } },
    { status: 'complete', result: { cloneID: 25, volumeID: 47 } },
  ],
  [
    'failed',
    { status: 'complete', result: null, error: { name: 'xBulkVolumeScriptFailure', message: 'failed', volumeID: 34 } },
    { status: 'complete', result: undefined, error: { name: 'xBulkVolumeScriptFailure', message: 'failed' } },
  ],
])('reads the result of a %s job', async (_state, result, expected) => {
  const client = await answering(result);
  expect(await client.getAsyncResult({ asyncHandle: 1, keepResult: true })).toMatchObject(expected);
});

test('lists asynchronous results, those of other kinds without their data', async () => {
  const common = { completed: true, success: true, createTime: '2016-01-01T22:29:19Z' };
  const client = await answering({
    asyncHandles: [
      { ...common, asyncResultID: 47, resultType: 'Clone', data: { cloneID: 26, volumeID: 48 } },
      { ...common, asyncResultID: 48, resultType: 'BulkVolume', data: 'done' },
    ],
  });
  const { asyncHandles } = await client.listAsyncResults({});
  expect(asyncHandles.map(({ asyncResultID, data }) => [asyncResultID, data?.volumeID])).toEqual([
    [47, 48],
    [48, undefined],
  ]);
});

test('does not hold the CHAP secrets of an account', async () => {
  const account = { accountID: 3, username: 'tenant', status: 'active', initiatorSecret: 's1', targetSecret: 's2' };
  const client = await answering({ account });
  expect(await client.getAccountByID({ accountID: 3 })).toEqual({
    account: { accountID: 3, username: 'tenant', status: 'active' },
  });
});

test('lists iSCSI sessions, among them a discovery session without a volume', async () => {
  const client = await answering({ sessions: [{ volumeID: 3, initiatorIP: '10.1.1.1:37138' }, { volumeID: null }] });
  expect((await client.listISCSISessions({})).sessions.map((s) => s.volumeID)).toEqual([3, null]);
});
