import { describe, expect, test } from 'vitest';
import { parseCloneGroupRequest } from '../../contracts/clone-group.ts';
import { faultsOf } from '../support/faults-of.ts';

const MINIMAL = { cluster: 'lab', volumes: [{ volumeID: 41 }, { volumeID: 42 }] };

const paths = (input: unknown) => faultsOf('cloneGroup', input).map((f) => f.slice(0, f.indexOf(': ')));

test('takes a request with every field, and changes nothing', () => {
  const forEach = {
    access: 'readOnly',
    attributes: { team: 'billing' },
    newAccountID: 3,
    newSize: 2_000_000_000,
    modify: { qosPolicyID: 1, access: 'readWrite', attributes: {}, accountID: 4, totalSize: 3_000_000_000 },
    volumeAccessGroups: [3, 'uat-hosts'],
  };
  const request = {
    cluster: 'lab',
    volumes: [{ volumeID: 41 }, { volumeID: 42, name: 'db-uat', ...forEach }],
    ...forEach,
    enableSnapMirrorReplication: false,
    snapshot: { name: 'before', retention: 'keep', expiresIn: '36h' },
    requestId: 'month-end/2026-11',
    deadline: '2d',
    onFailure: 'keep',
    onMemberFailure: 'keep',
    requestedBy: 'Zoë',
    priority: 1,
  };
  expect(parseCloneGroupRequest(request)).toEqual(request);
  const { snapshot: _snapshot, ...rest } = request;
  const fromGroupSnapshot = { ...rest, groupSnapshotID: 7 };
  expect(parseCloneGroupRequest(fromGroupSnapshot)).toEqual(fromGroupSnapshot);
});

describe('a wrong member is the one that is named', () => {
  test.each<[path: string, change: object]>([
    ['cluster', { cluster: undefined }],
    ['volumes', { volumes: undefined }],
    ['volumes', { volumes: [] }],
    ['volumes', { volumes: 42 }],
    ['volumes', { volumes: Array.from({ length: 1_001 }, (_, i) => ({ volumeID: i + 1 })) }],
    ['volumes.1', { volumes: [{ volumeID: 1 }, 42] }],
    ['volumes.0.volumeID', { volumes: [{}] }],
    ['volumes.0.volumeID', { volumes: [{ volumeID: '42' }] }],
    ['volumes.1.volumeID', { volumes: [{ volumeID: 42 }, { volumeID: 42 }] }],
    ['volumes.2.name', { volumes: [{ volumeID: 1, name: 'a' }, { volumeID: 2 }, { volumeID: 3, name: 'a' }] }],
    ['volumes.0.name', { volumes: [{ volumeID: 1, name: 'x'.repeat(65) }] }],
    ['volumes.0.nmae', { volumes: [{ volumeID: 1, nmae: 'x' }] }],
    ['volumes.0.enable512e', { volumes: [{ volumeID: 1, enable512e: true }] }],
    ['volumes.0.snapshotID', { volumes: [{ volumeID: 1, snapshotID: 3 }] }],
    ['volumes.0.access', { volumes: [{ volumeID: 1, access: 'all' }] }],
    ['volumes.0.attributes', { volumes: [{ volumeID: 1, attributes: { 'element-clone': 'x' } }] }],
    ['volumes.0.modify.qos', { volumes: [{ volumeID: 1, modify: { qos: { minIOPS: 50 }, qosPolicyID: 1 } }] }],
    ['volumes.0.volumeAccessGroups', { volumes: [{ volumeID: 1, volumeAccessGroups: [3, 3] }] }],
    ['groupSnapshotID', { groupSnapshotID: 0 }],
    ['snapshot', { snapshot: {}, groupSnapshotID: 7 }],
    ['snapshot.retention', { snapshot: { retention: 'forever' } }],
    ['modify.totalSize', { modify: { totalSize: 1 } }],
    ['onMemberFailure', { onMemberFailure: 'cleanup' }],
    ['requestId', { requestId: 'a b' }],
    ['volumeID', { volumeID: 42 }],
    ['name', { name: 'x' }],
  ])('%s in %j', (path, change) => {
    expect(paths({ ...MINIMAL, ...change })).toEqual([path]);
  });

  test.each([null, undefined, 'lab', 42, [MINIMAL]])('%j is no request at all', (input) => {
    expect(faultsOf('cloneGroup', input)).toEqual([expect.stringMatching(/^request: /)]);
  });
});

test('reports every fault at once, those between members of the list included', () => {
  expect(
    paths({
      cluster: 'lab',
      volumes: [
        { volumeID: 1, name: 'a' },
        { volumeID: 1, name: 'a', colour: 'blue' },
        { volumeID: 0, modify: { qos: {} } },
      ],
      groupSnapshotID: 1,
      snapshot: { expires: '1d' },
      priority: 9,
      colour: 'blue',
    }).toSorted(),
  ).toEqual(
    [
      'colour',
      'priority',
      'snapshot',
      'snapshot.expires',
      'volumes.1.colour',
      'volumes.1.name',
      'volumes.1.volumeID',
      'volumes.2.modify.qos',
      'volumes.2.volumeID',
    ].toSorted(),
  );
});

test('a fault says what to do', () => {
  expect(faultsOf('cloneGroup', { ...MINIMAL, volumes: [{ volumeID: 42 }, { volumeID: 42 }] })).toEqual([
    'volumes.1.volumeID: volume 42 is named in volumes.0 already; remove one of them',
  ]);
  expect(faultsOf('cloneGroup', { cluster: 'lab' })).toEqual([
    'volumes: is missing; it must be a list of volumes such as [{"volumeID": 42}]',
  ]);
});
