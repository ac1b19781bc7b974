import { describe, expect, test } from 'vitest';
import { checkRequest } from '../../activities/preflight-checks.ts';
import type { Facts } from '../../activities/preflight-facts.ts';
import type { CloneVolumeRequest } from '../../contracts/clone-volume.ts';
import { formatTag } from '../../contracts/tag.ts';
import type { Snapshot, Volume } from '../../element/index.ts';

const GB = 1_000_000_000;
const REQUEST: CloneVolumeRequest = { cluster: 'lab', volumeID: 42, name: 'db-uat' };
const OWNER = { workflowID: 'clone-volume-42-of-lab-to-db-uat-k3j9', request: 'run-1', mayHaveRunBefore: false };

const SOURCE: Volume = {
  volumeID: 42,
  name: 'db',
  accountID: 1,
  status: 'active',
  access: 'readWrite',
  enable512e: true,
  totalSize: 5 * GB,
  iqn: 'iqn.2010-01.com.solidfire:lab.db.42',
  qos: { minIOPS: 50, maxIOPS: 1_000, burstIOPS: 2_000 },
  attributes: {},
  volumeAccessGroups: [],
  createTime: '2026-01-01T00:00:00Z',
  deleteTime: null,
  purgeTime: null,
};

const SNAPSHOT: Snapshot = {
  snapshotID: 7,
  volumeID: 42,
  name: 's',
  status: 'done',
  totalSize: 4 * GB,
  attributes: {},
  createTime: '2026-01-01T00:00:00Z',
  expirationTime: null,
  groupID: 0,
};

const FACTS: Facts = {
  apiVersion: '12.5',
  source: SOURCE,
  snapshot: undefined,
  limits: {
    cloneJobsPerVolumeMax: 2,
    cloneJobsPerNodeMax: 8,
    snapshotsPerVolumeMax: 32,
    volumesPerGroupSnapshotMax: 32,
    volumeAccessGroupsPerVolumeCountMax: 2,
    volumeNameLengthMin: 1,
    volumeNameLengthMax: 32,
    volumeSizeMin: GB,
    volumeSizeMax: 16_000 * GB,
    volumeMinIOPSMin: 50,
    volumeMinIOPSMax: 15_000,
    volumeMaxIOPSMin: 100,
    volumeMaxIOPSMax: 200_000,
    volumeBurstIOPSMin: 100,
    volumeBurstIOPSMax: 200_000,
  },
  fullness: { fullness: 'stage1Happy' },
  missing: [],
  volumeAccessGroups: [],
  groupFaults: [],
  taskQueue: 'element-clone',
};

const check = (request: Partial<CloneVolumeRequest> = {}, facts: Partial<Facts> = {}) =>
  checkRequest({ ...REQUEST, ...request }, { ...FACTS, ...facts }, OWNER);

const group = (volumeAccessGroupID: number) => ({ volumeAccessGroupID, name: `hosts-${volumeAccessGroupID}` });

test('has nothing against what the cluster can do', () => {
  expect(check()).toEqual([]);
  const modify = { qos: { minIOPS: 100, maxIOPS: 500, burstIOPS: 500 }, totalSize: 6 * GB, attributes: { a: 1 } };
  expect(
    check({ newSize: 6 * GB, modify, attributes: { b: 2 } }, { volumeAccessGroups: [group(1), group(2)] }),
  ).toEqual([]);
  expect(check({ snapshotID: 7, modify: { totalSize: 4 * GB } }, { snapshot: SNAPSHOT })).toEqual([]);
});

describe('one reason, beginning with its field', () => {
  test.each<[fault: string, request: Partial<CloneVolumeRequest>, facts: Partial<Facts>]>([
    ['volumeID: cluster lab has no volume 42, or it was deleted', {}, { source: undefined }],
    ['volumeID: volume 42 is "init", not "active"; wait until it is', {}, { source: { ...SOURCE, status: 'init' } }],
    ['snapshotID: volume 42 has no snapshot 7', { snapshotID: 7 }, {}],
    ['newAccountID: cluster lab has no account 9', {}, { missing: [{ field: 'newAccountID', what: 'account 9' }] }],
    ['volumeAccessGroups.0: unknown', {}, { groupFaults: ['volumeAccessGroups.0: unknown'] }],
    [
      'volumeAccessGroups: a volume can be in at most 2 groups',
      {},
      { volumeAccessGroups: [group(1), group(2), group(3)] },
    ],
    ['name: must be 1 to 32 characters on this cluster', { name: 'x'.repeat(33) }, {}],
    [
      'cluster: lab is too full (stage4CriticallyConsumed) to make snapshots or clones; free space or add capacity, then ask again',
      {},
      { fullness: { fullness: 'stage4CriticallyConsumed' } },
    ],
    ['cluster: needs Element API 9.6, cluster lab is used at 9.5; raise apiVersion', {}, { apiVersion: '9.5' }],
    [
      'modify.qosPolicyID: needs Element API 10.0, cluster lab is used at 9.6',
      { modify: { qosPolicyID: 1 } },
      { apiVersion: '9.6' },
    ],
    [
      'enableSnapMirrorReplication: needs Element API 10.0',
      { enableSnapMirrorReplication: false },
      { apiVersion: '9.6' },
    ],
    ['newSize: must be 1000000000 to 16000000000000 bytes on this cluster', { newSize: 17_000 * GB }, {}],
    ['modify.totalSize: must be 1000000000 to', { modify: { totalSize: 17_000 * GB } }, {}],
    [
      "modify.totalSize: 4000000000 bytes is less than the clone's 5000000000 bytes, and ModifyVolume can only grow; use newSize",
      { modify: { totalSize: 4 * GB } },
      {},
    ],
    [
      "modify.totalSize: 4000000000 bytes is less than the clone's 6000000000 bytes",
      { newSize: 6 * GB, modify: { totalSize: 4 * GB } },
      {},
    ],
    [
      "modify.totalSize: 3000000000 bytes is less than the clone's 4000000000 bytes",
      { snapshotID: 7, modify: { totalSize: 3 * GB } },
      { snapshot: SNAPSHOT },
    ],
    [
      'modify.qos.minIOPS: 49 is out of range; this cluster takes 50 to 15000',
      { modify: { qos: { minIOPS: 49 } } },
      {},
    ],
    [
      'modify.qos.burstIOPS: 200001 is out of range; this cluster takes 100 to 200000',
      { modify: { qos: { burstIOPS: 200_001 } } },
      {},
    ],
    [
      'modify.qos: minIOPS 1500 would exceed maxIOPS 1000 with the value inherited from the source; give both',
      { modify: { qos: { minIOPS: 1_500 } } },
      {},
    ],
    [
      'modify.qos: maxIOPS 3000 would exceed burstIOPS 2000 with the value inherited from the source; give both',
      { modify: { qos: { maxIOPS: 3_000 } } },
      {},
    ],
    ['leaseMax: must be at least the lease, "72h"', { lease: '72h', leaseMax: '71h' }, {}],
    [
      "lease: is longer than leaseMaxDays allows, which is 2 in the worker's configuration; ask for less and extend",
      { lease: '72h' },
      { leaseMaxMs: 48 * 3_600_000 },
    ],
    [
      'leaseMax: is longer than leaseMaxDays allows, which is 2',
      { lease: '1h', leaseMax: '3d' },
      { leaseMaxMs: 48 * 3_600_000 },
    ],
  ])('%s', (fault, request, facts) => {
    expect(check(request, facts)).toEqual([expect.stringContaining(fault)]);
  });
});

test('gives all the reasons at once', () => {
  const faults = check(
    { name: 'x'.repeat(33), newSize: 17_000 * GB, modify: { qos: { minIOPS: 49 } } },
    { source: undefined, fullness: { fullness: 'stage5CompletelyConsumed' } },
  );
  expect(faults.map((f) => f.slice(0, f.indexOf(':')))).toEqual([
    'cluster',
    'volumeID',
    'name',
    'newSize',
    'modify.qos.minIOPS',
  ]);
});

test('does not look for the snapshot of a volume that is not there', () => {
  expect(check({ snapshotID: 7 }, { source: undefined })).toEqual([expect.stringMatching(/^volumeID: /)]);
});

test.each(['stage1Happy', 'stage2Aware', 'stage3Low'])('makes clones on a cluster at %s', (fullness) => {
  expect(check({}, { fullness: { fullness } })).toEqual([]);
});

describe('the room for attributes, which the ownership tag shares', () => {
  const long = (length: number) => ({ note: 'x'.repeat(length) });
  const overBy = (faults: string[]) => Number(/shorten them by (\d+) bytes/.exec(faults[0] ?? '')?.[1] ?? 0);

  test('ends one byte below a thousand', () => {
    const excess = overBy(check({ attributes: long(990) }));
    expect(check({ attributes: long(990 - excess) })).toEqual([]);
    expect(overBy(check({ attributes: long(990 - excess + 1) }))).toBe(1);
  });

  test('is taken by the name of the lease too', () => {
    const leased = (fields: Partial<CloneVolumeRequest>) => overBy(check({ attributes: long(990), ...fields }));
    expect(leased({ lease: '1h' }) - leased({})).toBe('&lease=lease-of-volume-999999999-of-lab'.length);
  });

  test('is measured in bytes, not in characters', () => {
    const excess = overBy(check({ attributes: long(990) }));
    expect(overBy(check({ attributes: { note: `${'x'.repeat(990 - excess - 1)}é` } }))).toBe(1);
  });

  test('is taken by what the clone inherits when it is given none, without the tag of an older clone', () => {
    const tag = formatTag({ request: 'r', workflowID: 'w'.repeat(600), step: 'clone', sourceVolumeID: 1 });
    expect(check({}, { source: { ...SOURCE, attributes: { 'element-clone': tag } } })).toEqual([]);
    const full = { ...SOURCE, attributes: long(950) };
    expect(check({}, { source: full })).toEqual([
      expect.stringMatching(/^attributes: .* \(inherited from the source\)/),
    ]);
    expect(check({ attributes: {} }, { source: full })).toEqual([]);
  });

  test('is looked at for the attributes of the clone and for those that replace them', () => {
    const faults = check({ attributes: long(950), modify: { attributes: long(960) } });
    expect(faults).toEqual([expect.stringMatching(/^attributes: /), expect.stringMatching(/^modify\.attributes: /)]);
  });
});
