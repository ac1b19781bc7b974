import { describe, expect, test } from 'vitest';
import { nameFaults } from '../../activities/group/faults.ts';
import { memberRequest } from '../../activities/group/member-request.ts';
import { sortFaults } from '../../activities/member-faults.ts';
import type { CloneGroupRequest } from '../../contracts/clone-group.ts';
import type { Volume } from '../../element/index.ts';

const source = (name: string) => ({ name }) as Volume;
const group = (fields: Partial<CloneGroupRequest>): CloneGroupRequest => ({
  cluster: 'lab',
  volumes: [{ volumeID: 41 }, { volumeID: 42 }],
  ...fields,
});
type Member = CloneGroupRequest['volumes'][number];
const merged = (fields: Partial<CloneGroupRequest>, member: Partial<Member>) =>
  memberRequest(group(fields), { volumeID: 42, ...member }, source('db'));

describe('a member of a group, as a clone by itself', () => {
  test('is called like its source, within the length of a name', () => {
    expect(merged({}, {})).toEqual({ cluster: 'lab', volumeID: 42, name: 'db-clone' });
    expect(merged({}, { name: 'db-uat' }).name).toBe('db-uat');
    const long = memberRequest(group({}), { volumeID: 42 }, source('x'.repeat(64)));
    expect(long.name).toBe(`${'x'.repeat(58)}-clone`);
    expect(memberRequest(group({}), { volumeID: 42 }, undefined).name).toBe('volume-42-clone');
  });

  test('has its own fields above those of the group', () => {
    const fields = { access: 'readOnly', newAccountID: 2, newSize: 5e9, attributes: { a: 1 } } as const;
    expect(merged({ ...fields, volumeAccessGroups: [1] }, {})).toMatchObject({ ...fields, volumeAccessGroups: [1] });
    const own = { access: 'locked', newAccountID: 3, attributes: {}, volumeAccessGroups: [] } as const;
    expect(merged({ ...fields, volumeAccessGroups: [1] }, { ...own, volumeAccessGroups: [] })).toMatchObject({
      ...own,
      newSize: 5e9,
    });
  });

  test('merges modify field by field, where qos and qosPolicyID replace one another', () => {
    const modify = { qosPolicyID: 3, access: 'readOnly', attributes: { a: 1 } } as const;
    expect(merged({ modify }, { modify: { access: 'readWrite' } }).modify).toEqual({ ...modify, access: 'readWrite' });
    expect(merged({ modify }, { modify: { qos: { minIOPS: 50 } } }).modify).toEqual({
      access: 'readOnly',
      attributes: { a: 1 },
      qos: { minIOPS: 50 },
    });
    expect(
      merged({ modify: { qos: { minIOPS: 50, maxIOPS: 100 } } }, { modify: { qos: { maxIOPS: 90 } } }).modify,
    ).toEqual({ qos: { maxIOPS: 90 } });
    expect(merged({ modify: { qos: { minIOPS: 50 } } }, { modify: { qosPolicyID: 1 } }).modify).toEqual({
      qosPolicyID: 1,
    });
  });
});

describe('faults of members', () => {
  const request = group({
    newAccountID: 9,
    modify: { access: 'readOnly', totalSize: 5e9 },
    volumes: [{ volumeID: 41 }, { volumeID: 42, newAccountID: 8, modify: { totalSize: 6e9 } }, { volumeID: 43 }],
  });

  test('stand where the value stands, those of the group once', () => {
    expect(
      sortFaults(request, { path: 'volumes', members: request.volumes }, [
        ['newAccountID: no account 9', 'modify.totalSize: too small', 'modify.access: no'],
        ['newAccountID: no account 8', 'modify.totalSize: too small', 'modify.access: no'],
        ['newAccountID: no account 9', 'modify.access: no', 'volumeID: no volume 43'],
      ]),
    ).toEqual([
      'newAccountID: no account 9 (concerns volumes.0, volumes.2)',
      'modify.totalSize: too small (concerns volumes.0)',
      'modify.access: no',
      'volumes.1.newAccountID: no account 8',
      'volumes.1.modify.totalSize: too small',
      'volumes.2.volumeID: no volume 43',
    ]);
  });

  test('what nobody wrote, such as inherited attributes, is the member’s', () => {
    expect(
      sortFaults(request, { path: 'volumes', members: request.volumes }, [
        [],
        ['attributes: too long (inherited from the source)'],
        [],
      ]),
    ).toEqual(['volumes.1.attributes: too long (inherited from the source)']);
  });

  test('names that are the same by default say so', () => {
    const volumes = [{ volumeID: 41 }, { volumeID: 42 }, { volumeID: 43, name: 'db-clone' }];
    const named = volumes.map((v) => memberRequest(group({ volumes }), v, source('db')));
    expect(nameFaults(group({ volumes }), named)).toEqual([
      'volumes.1.name: volumes.0 is called "db-clone" already, by default for volumes.0 and volumes.1; give it another name',
      'volumes.2.name: volumes.0 is called "db-clone" already, by default for volumes.0; give it another name',
    ]);
  });
});
