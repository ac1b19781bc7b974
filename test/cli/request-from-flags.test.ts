import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../client/cli/errors.ts';
import { requestFromFlags } from '../../client/cli/request-from-flags.ts';
import { parseCloneVolumeRequest } from '../../contracts/clone-volume.ts';
import { fakeIo } from '../support/fake-io.ts';
import { tempDir } from '../support/temp-dir.ts';

const io = fakeIo();

const every = {
  cluster: 'lab',
  volumeId: '42',
  name: 'db-uat',
  access: 'readWrite',
  attribute: ['env=uat', 'note=a=b', 'empty='],
  enable512e: false,
  enableSnapmirrorReplication: true,
  newAccountId: '5',
  newSize: '10GiB',
  snapshotName: 'before',
  snapshotRetention: 'keep',
  snapshotExpiresIn: '12h',
  minIops: '500',
  maxIops: '5000',
  burstIops: '8000',
  modifyAccess: 'readOnly',
  modifyAttribute: ['ready=yes'],
  modifyAccountId: '6',
  modifyTotalSize: '20GiB',
  volumeAccessGroup: ['3', 'esx-uat'],
  requestId: 'nightly-1',
  lease: '72h',
  leaseMax: '30d',
  leaseGrace: '1h',
  deadline: '2h',
  onFailure: 'keep',
  requestedBy: 'ann',
  priority: '2',
};

const everyField = {
  cluster: 'lab',
  volumeID: 42,
  name: 'db-uat',
  access: 'readWrite',
  attributes: { env: 'uat', note: 'a=b', empty: '' },
  enable512e: false,
  enableSnapMirrorReplication: true,
  newAccountID: 5,
  newSize: 10_737_418_240,
  snapshot: { name: 'before', retention: 'keep', expiresIn: '12h' },
  modify: {
    qos: { minIOPS: 500, maxIOPS: 5_000, burstIOPS: 8_000 },
    access: 'readOnly',
    attributes: { ready: 'yes' },
    accountID: 6,
    totalSize: 21_474_836_480,
  },
  volumeAccessGroups: [3, 'esx-uat'],
  requestId: 'nightly-1',
  lease: '72h',
  leaseMax: '30d',
  leaseGrace: '1h',
  deadline: '2h',
  onFailure: 'keep',
  requestedBy: 'ann',
  priority: 2,
};

describe('flags', () => {
  test('each becomes its field, and the contract accepts them all', async () => {
    const request = await requestFromFlags(every, io);
    expect(request).toEqual(everyField);
    expect(parseCloneVolumeRequest(request)).toEqual(everyField);
  });

  test('that are not given leave no trace', async () => {
    expect(await requestFromFlags({ name: 'x' }, io)).toEqual({ name: 'x' });
  });

  test('that are no number stay as they are, for the contract to refuse together with all other faults', async () => {
    expect(await requestFromFlags({ volumeId: 'x', priority: '1.5' }, io)).toEqual({ volumeID: 'x', priority: 1.5 });
  });

  test.each([
    [{ newSize: '10G' }, '--new-size'],
    [{ attribute: ['novalue'] }, '--attribute'],
    [{ modifyAttribute: ['=x'] }, '--modify-attribute'],
  ])('that make no sense are refused by name: %j', async (flags, name) => {
    await expect(requestFromFlags(flags, io)).rejects.toThrow(name);
    await expect(requestFromFlags(flags, io)).rejects.toBeInstanceOf(UsageError);
  });
});

describe('a file', () => {
  const file = async (text: string) => {
    const path = join(await tempDir(), 'request.yaml');
    await writeFile(path, text);
    return path;
  };

  test.each([
    ['JSON', JSON.stringify(everyField)],
    ['YAML', 'cluster: lab\nvolumeID: 42\nname: db-uat\nmodify: { qosPolicyID: 3 }\n'],
  ])('holds the request in the shape of the contract, as %s', async (_name, text) => {
    const request = await requestFromFlags({ file: await file(text) }, io);
    expect(parseCloneVolumeRequest(request)).toEqual(request);
    expect(request).toMatchObject({ cluster: 'lab', volumeID: 42 });
  });

  test('comes from standard input with -', async () => {
    const stdin = '{"cluster": "lab"}';
    expect(await requestFromFlags({ file: '-', name: 'x' }, fakeIo({ stdin }))).toEqual({ cluster: 'lab', name: 'x' });
  });

  test('gives way to flags, field by field', async () => {
    const path = await file(JSON.stringify(everyField));
    const request = await requestFromFlags({ file: path, name: 'other', maxIops: '6000', attribute: ['env=dev'] }, io);
    expect(request).toEqual({
      ...everyField,
      name: 'other',
      attributes: { ...everyField.attributes, env: 'dev' },
      modify: { ...everyField.modify, qos: { minIOPS: 500, maxIOPS: 6_000, burstIOPS: 8_000 } },
    });
  });

  test('loses its QoS to a policy, and its snapshot options to a snapshot', async () => {
    const path = await file(JSON.stringify(everyField));
    const request = await requestFromFlags({ file: path, qosPolicyId: '9', snapshotId: '7' }, io);
    expect(request).toMatchObject({ snapshotID: 7, modify: { qosPolicyID: 9 } });
    expect(request).not.toHaveProperty('snapshot');
    expect(request['modify']).not.toHaveProperty('qos');
    expect(parseCloneVolumeRequest(request)).toEqual(request);
  });

  test.each([
    ['is not there', undefined, 'cannot be read'],
    ['is no YAML', 'a: [', 'neither JSON nor YAML'],
    ['is no object', '[1, 2]', 'must hold one request'],
    ['is empty', '', 'must hold one request'],
  ])('that %s is refused', async (_name, text, words) => {
    const path = text === undefined ? '/no/such/file.yaml' : await file(text);
    const error = await requestFromFlags({ file: path }, io).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toContain(words);
    expect((error as Error).message).toContain(path);
  });
});
