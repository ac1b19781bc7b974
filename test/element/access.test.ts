import { describe, expect, test } from 'vitest';
import { accessNeeded, accessTypesFor, missingAccess } from '../../element/access.ts';
import { ElementApiError } from '../../element/errors.ts';
import { isPermitted } from '../../simulator/permissions.ts';
import { ACCESS_TYPES } from '../support/access-types.ts';

const CLONE = ['CreateSnapshot', 'CloneVolume', 'ModifyVolume', 'ListSyncJobs'];

describe('what a cluster admin lacks', () => {
  test.each<[access: string[], missing: [string, string[]][]]>([
    [['administrator'], []],
    [['read', 'volumes', 'write'], []],
    [['read', 'volumes'], []],
    [['read', 'write'], [['volumes', ['CreateSnapshot']]]],
    [
      ['read'],
      [
        ['volumes', ['CreateSnapshot', 'CloneVolume']],
        ['write', ['ModifyVolume']],
      ],
    ],
    [['clusterAdmin', 'write'], [['read', ['ListSyncJobs']]]],
  ])('%j', (access, missing) => {
    expect([...missingAccess(access, CLONE)]).toEqual(missing);
  });

  test('is not known of an access type that the reference does not name', () => {
    expect(missingAccess(['somethingNew'], CLONE).size).toBe(0);
  });

  test('is not known of a method that the reference forgets', () => {
    expect(missingAccess(['reporting'], ['CancelClone', 'NoSuchMethod']).size).toBe(0);
  });
});

test('each access type that is named permits the call on the simulated cluster, and no other does', () => {
  const methods = ['AddVolumesToVolumeAccessGroup', 'CancelClone', 'CloneVolume', 'DeleteSnapshot', 'GetAsyncResult'];
  for (const method of [...methods, ...CLONE, 'GetClusterFullThreshold', 'ListGroupSnapshots', 'ListVolumes']) {
    const permitting = ACCESS_TYPES.filter((type) => isPermitted([type], method));
    expect({ [method]: accessTypesFor(method).toSorted() }).toEqual({ [method]: permitting });
  }
});

test.each(['xPermissionDenied', 'xAPINotPermitted'])('%s says who needs what', (name) => {
  const of = (method: string) => new ElementApiError(method, { name, message: 'no', code: 500 }, { username: 'ada' });
  expect(of('DeleteVolume').message).toBe(
    `DeleteVolume failed with ${name}: no (user "ada" needs the access type volumes or write for DeleteVolume; add it to the cluster admin)`,
  );
  expect(of('NoSuchMethod').message).toContain('user "ada" needs an access type for NoSuchMethod');
  expect(accessNeeded('ListVolumes', 'ada')).toContain('the access type read for');
});

test('another error says nothing of access', () => {
  const error = { name: 'xUnknownAccount', message: 'no', code: 500 };
  expect(new ElementApiError('DeleteVolume', error, { username: 'ada' }).message).toBe(
    'DeleteVolume failed with xUnknownAccount: no',
  );
});
