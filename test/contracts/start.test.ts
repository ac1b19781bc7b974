import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { PUBLISHED } from '../../contracts/published-schemas.ts';
import { startOfType, startOfUnchecked } from '../../contracts/start.ts';

const request = { cluster: 'lab', volumeID: 42, name: 'db-uat' };

test('a request that is right is started alike, checked or not', () => {
  const keyed = { ...request, requestId: 'nightly-1', priority: 1 };
  for (const asked of [request, keyed]) {
    expect(startOfUnchecked('cloneVolume', asked, 'u', 'q')).toEqual(startOfType('cloneVolume', asked, 'u', 'q'));
  }
});

test.each([
  ['undoCopy', { cluster: 'lab', dstVolumeID: 57, workflowID: 'copy-1' }, 'undo-copy-1'],
  ['cloneLease', { cluster: 'lab', volumeID: 63, lease: '1h' }, 'lease-of-volume-63-of-lab-on-q'],
] as const)('%s has the one ID that there is for it', (type, asked, workflowId) => {
  expect(startOfType(type, asked as never, 'u', 'q')).toMatchObject({ workflowId });
});

test('an ID that would not fit into every database of Temporal gives way to a short one', () => {
  const start = (length: number) =>
    startOfUnchecked('undoCopy', { cluster: 'lab', dstVolumeID: 57, workflowID: 'x'.repeat(length) }, 'u', 'q');
  expect(start(250).workflowId).toBe(`undo-${'x'.repeat(250)}`);
  expect(start(251).workflowId).toBe('undoCopy-u');
});

test('whatever a request holds, it can be started, to be refused by the workflow itself', () => {
  const wrong = fc.record(
    {
      ...{ cluster: fc.jsonValue(), volumeID: fc.jsonValue(), name: fc.jsonValue(), requestId: fc.jsonValue() },
      ...{ priority: fc.jsonValue(), clones: fc.jsonValue(), volumes: fc.jsonValue(), clone: fc.jsonValue() },
      ...{ series: fc.jsonValue(), dstVolumeID: fc.jsonValue(), workflowID: fc.jsonValue() },
    },
    { requiredKeys: [] },
  );
  const types = fc.constantFrom(...(Object.keys(PUBLISHED) as 'cloneVolume'[]));
  fc.assert(
    fc.property(types, fc.oneof(wrong, fc.jsonValue()), (type, asked) => {
      const start = startOfUnchecked(type, asked as never, 'u', 'q');
      expect(Buffer.byteLength(start.workflowId)).toBeLessThanOrEqual(255);
      expect(start.workflowId).not.toBe('');
      expect(start.memo).toEqual({ request: asked });
      for (const { key, value } of start.typedSearchAttributes) {
        expect(typeof value).toBe(key.type === 'INT' ? 'number' : 'string');
      }
      if (start.priorityKey !== undefined) expect([1, 2, 3, 4, 5]).toContain(start.priorityKey);
      expect(start.staticSummary).toBeTypeOf('string');
    }),
    { numRuns: 500 },
  );
});
