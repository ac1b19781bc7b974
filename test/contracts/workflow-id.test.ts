import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isRequestID, workflowIDForClone, workflowIDForRequest } from '../../contracts/workflow-id.ts';

const READABLE = /^clone-volume-\d+-of-[A-Za-z0-9._-]+-to-[A-Za-z0-9._-]+-k3j9$/;

test('reads as a sentence', () => {
  expect(workflowIDForClone({ cluster: 'lab', volumeID: 42, name: 'db-uat' }, 'k3j9')).toBe(
    'clone-volume-42-of-lab-to-db-uat-k3j9',
  );
});

test.each([
  ['Ann’s copy (2)', 'Ann-s-copy-2'],
  ['  padded  ', 'padded'],
  ['データ', 'clone'],
])('writes the name "%s" as %s', (name, written) => {
  expect(workflowIDForClone({ cluster: 'lab', volumeID: 1, name }, 'k3j9')).toBe(
    `clone-volume-1-of-lab-to-${written}-k3j9`,
  );
});

test('is a plain, short ID whatever the name', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (name) => {
      const id = workflowIDForClone({ cluster: 'lab', volumeID: 1, name }, 'k3j9');
      expect(id).toMatch(READABLE);
      expect(id.length).toBeLessThan(200);
    }),
  );
});

test('keeps apart two clones of the same name by what is unique to each', () => {
  const request = { cluster: 'lab', volumeID: 1, name: 'db' };
  expect(workflowIDForClone(request, 'a')).not.toBe(workflowIDForClone(request, 'b'));
});

test('is the same for the same requestId and differs between two', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      expect(workflowIDForRequest(a) === workflowIDForRequest(b)).toBe(a === b);
    }),
  );
});

test.each([
  ['nightly/2026-11-24#42', true],
  ['x'.repeat(100), true],
  ['x'.repeat(101), false],
  ['', false],
  ['a b', false],
  ['a\n', false],
  ['ä', false],
  [42, false],
  [undefined, false],
])('whether %j can be a requestId: %s', (value, can) => {
  expect(isRequestID(value)).toBe(can);
});
