import { expect, test } from 'vitest';
import { detailsOf, startOptions, uniqueSuffix } from '../../client/start-options.ts';

const request = { cluster: 'lab', volumeID: 42, name: 'db-uat' };

test('the workflow ID reads as a sentence', () => {
  expect(startOptions('cloneVolume', request, 'q', 'k3j9x2p0aq').workflowId).toBe(
    'clone-volume-42-of-lab-to-db-uat-k3j9x2p0aq',
  );
});

test('a requestId is the workflow ID, and starts again only after a failure', () => {
  expect(startOptions('cloneVolume', { ...request, requestId: 'nightly-1' }, 'q')).toMatchObject({
    workflowId: 'clone-for-request-nightly-1',
    workflowIdConflictPolicy: 'FAIL',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
  });
});

test('people find the clone by cluster, phase and source, and its request in the memo', () => {
  const options = startOptions('cloneVolume', request, 'q');
  expect(options.memo).toEqual({ request });
  expect(options.staticSummary).toBe('Clone volume 42 of lab → db-uat');
  expect(JSON.parse(JSON.stringify(options.typedSearchAttributes))).toEqual([
    { key: { name: 'ElementCluster', type: 'KEYWORD' }, value: 'lab' },
    { key: { name: 'ElementPhase', type: 'KEYWORD' }, value: 'waiting' },
    { key: { name: 'ElementSourceVolumeID', type: 'INT' }, value: 42 },
  ]);
});

test('priority 3 unless asked otherwise', () => {
  expect(startOptions('cloneVolume', request, 'q').priority).toEqual({ priorityKey: 3 });
  expect(startOptions('cloneVolume', { ...request, priority: 1 }, 'q').priority).toEqual({ priorityKey: 1 });
});

test('the details say what, for whom and until when, without links or markup from the request', () => {
  const details = detailsOf('cloneVolume', {
    ...request,
    name: 'db_[uat](http://evil)',
    requestedBy: 'ann@example.com',
    modify: { qos: { minIOPS: 500 }, access: 'readOnly' },
    volumeAccessGroups: [3, 'esx'],
    deadline: '2h',
  });
  expect(details).toContain('For: ann@example.com');
  expect(details).toContain('minIOPS 500, access readOnly');
  expect(details).toContain('3, esx');
  expect(details).toContain('Deadline: 2h');
  expect(details).not.toMatch(/[^\\]\[uat/);
});

test('two suffixes differ, and nothing needs to escape them', () => {
  const suffixes = new Set(Array.from({ length: 200 }, uniqueSuffix));
  expect(suffixes.size).toBe(200);
  for (const suffix of suffixes) expect(suffix).toMatch(/^[a-z0-9]{10}$/);
});
