import { describe, expect, test } from 'vitest';
import { parseCloneVolumeRequest } from '../../contracts/clone-volume.ts';
import { faultsOf } from '../support/faults-of.ts';

const MINIMAL = { cluster: 'lab', volumeID: 42, name: 'db-uat' };

test('takes a request with every field, and changes nothing', () => {
  const request = {
    ...MINIMAL,
    access: 'readOnly',
    attributes: { team: 'billing', nested: { list: [1, null, true] } },
    enable512e: true,
    enableSnapMirrorReplication: false,
    newAccountID: 3,
    newSize: 2_000_000_000,
    snapshot: { name: 'before', retention: 'keep', expiresIn: '36h' },
    modify: {
      qos: { minIOPS: 50, maxIOPS: 1_000, burstIOPS: 1_000 },
      access: 'readWrite',
      attributes: {},
      accountID: 4,
      totalSize: 3_000_000_000,
    },
    volumeAccessGroups: [3, 'uat-hosts'],
    requestId: 'nightly/2026-11-24#42',
    lease: '72h',
    deadline: '2d',
    onFailure: 'keep',
    requestedBy: 'Zoë',
    priority: 1,
  };
  expect(parseCloneVolumeRequest(request)).toEqual(request);
  const fromSnapshot = { ...MINIMAL, snapshotID: 7, modify: { qosPolicyID: 1 } };
  expect(parseCloneVolumeRequest(fromSnapshot)).toEqual(fromSnapshot);
});

describe('a wrong member is the one that is named', () => {
  test.each<[path: string, change: object]>([
    ['cluster', { cluster: undefined }],
    ['cluster', { cluster: '' }],
    ['cluster', { cluster: 'https://10.0.0.5' }],
    ['cluster', { cluster: '-lab' }],
    ['cluster', { cluster: 'x'.repeat(64) }],
    ['volumeID', { volumeID: undefined }],
    ['volumeID', { volumeID: '42' }],
    ['volumeID', { volumeID: 0 }],
    ['volumeID', { volumeID: 1.5 }],
    ['volumeID', { volumeID: 2 ** 53 }],
    ['name', { name: undefined }],
    ['name', { name: '' }],
    ['name', { name: 'x'.repeat(65) }],
    ['snapshotID', { snapshotID: -1 }],
    ['snapshotID', { snapshotID: null }],
    ['access', { access: 'readwrite' }],
    ['attributes', { attributes: [] }],
    ['attributes', { attributes: { 'element-clone': 'v=1' } }],
    ['attributes.', { attributes: { '': 1 } }],
    ['attributes.made', { attributes: { made: () => 1 } }],
    ['enable512e', { enable512e: 'yes' }],
    ['enableSnapMirrorReplication', { enableSnapMirrorReplication: 1 }],
    ['newAccountID', { newAccountID: 'tenant' }],
    ['newSize', { newSize: 999_999_999 }],
    ['newSize', { newSize: 17_592_186_044_417 }],
    ['newSize', { newSize: '10GB' }],
    ['snapshot', { snapshot: 'keep' }],
    ['snapshot', { snapshot: {}, snapshotID: 7 }],
    ['snapshot.name', { snapshot: { name: '' } }],
    ['snapshot.retention', { snapshot: { retention: '24:00:00' } }],
    ['snapshot.expiresIn', { snapshot: { expiresIn: '366d' } }],
    ['snapshot.expires', { snapshot: { expires: '1d' } }],
    ['modify.qos', { modify: { qos: {} } }],
    ['modify.qos.minIOPS', { modify: { qos: { minIOPS: 0 } } }],
    ['modify.qos.minIOPS', { modify: { qos: { minIOPS: 2, maxIOPS: 1 } } }],
    ['modify.qos.minIOPS', { modify: { qos: { minIOPS: 2, burstIOPS: 1 } } }],
    ['modify.qos.maxIOPS', { modify: { qos: { maxIOPS: 2, burstIOPS: 1 } } }],
    ['modify.qos.burstIOPS', { modify: { qos: { burstIOPS: '1000' } } }],
    ['modify.qos', { modify: { qos: { minIOPS: 50 }, qosPolicyID: 1 } }],
    ['modify.qosPolicyID', { modify: { qosPolicyID: 'gold' } }],
    ['modify.access', { modify: { access: 'none' } }],
    ['modify.attributes', { modify: { attributes: { 'element-clone': '' } } }],
    ['modify.accountID', { modify: { accountID: 0 } }],
    ['modify.totalSize', { modify: { totalSize: 1 } }],
    ['modify.name', { modify: { name: 'x' } }],
    ['volumeAccessGroups', { volumeAccessGroups: 3 }],
    ['volumeAccessGroups', { volumeAccessGroups: [3, 3] }],
    ['volumeAccessGroups', { volumeAccessGroups: Array.from({ length: 65 }, (_, i) => i + 1) }],
    ['volumeAccessGroups.1', { volumeAccessGroups: [3, 0] }],
    ['volumeAccessGroups.0', { volumeAccessGroups: [{}] }],
    ['requestId', { requestId: '' }],
    ['requestId', { requestId: 'a b' }],
    ['requestId', { requestId: 'ä' }],
    ['requestId', { requestId: 'x'.repeat(101) }],
    ['lease', { lease: '72' }],
    ['lease', { lease: 72 }],
    ['lease', { lease: '3651d' }],
    ['deadline', { deadline: '31d' }],
    ['deadline', { deadline: '999ms' }],
    ['onFailure', { onFailure: 'retry' }],
    ['requestedBy', { requestedBy: '' }],
    ['priority', { priority: 0 }],
    ['priority', { priority: 6 }],
    ['priority', { priority: 2.5 }],
    ['volumeId', { volumeId: 42 }],
  ])('%s in %j', (path, change) => {
    const faults = faultsOf('cloneVolume', { ...MINIMAL, ...change });
    expect(faults.map((f) => f.slice(0, f.indexOf(': ')))).toEqual([path]);
  });

  test.each([null, undefined, 'lab', 42, [MINIMAL]])('%j is no request at all', (input) => {
    expect(faultsOf('cloneVolume', input)).toEqual([expect.stringMatching(/^request: /)]);
  });
});

test('says of a field that is not there that it is missing', () => {
  expect(faultsOf('cloneVolume', {})).toEqual([
    'cluster: is missing; it must be the alias of a cluster',
    'volumeID: is missing; it must be the ID of the volume to clone, a whole number',
    'name: is missing; it must be text',
  ]);
});

test('reports every fault at once, those between members and unknown ones included', () => {
  const faults = faultsOf('cloneVolume', {
    cluster: 'lab',
    volumeID: 'x',
    name: '',
    snapshotID: 1,
    snapshot: { expires: '1d' },
    attributes: { 'element-clone': 'v=1', '': 1 },
    modify: { qos: { minIOPS: 9, maxIOPS: 5, IOPS: 1 }, qosPolicyID: 'gold' },
    volumeAccessGroups: [3, 3, 0],
    priority: 9,
    colour: 'blue',
  });
  expect(faults.map((f) => f.slice(0, f.indexOf(': '))).sort()).toEqual([
    'attributes',
    'attributes.',
    'colour',
    'modify.qos',
    'modify.qos.IOPS',
    'modify.qos.minIOPS',
    'modify.qosPolicyID',
    'name',
    'priority',
    'snapshot',
    'snapshot.expires',
    'volumeAccessGroups',
    'volumeAccessGroups.2',
    'volumeID',
  ]);
});

test('the message of the error lists what is wrong, one fault in one line', () => {
  expect(() => parseCloneVolumeRequest({ ...MINIMAL, priority: 9 })).toThrow(
    'The request is not valid: priority: must be 1 to 5',
  );
  expect(() => parseCloneVolumeRequest({ ...MINIMAL, priority: 9, colour: 'blue' })).toThrow(
    'The request is not valid, 2 faults:\n  - priority: must be 1 to 5\n  - colour: unknown field; remove it or correct its spelling',
  );
});
