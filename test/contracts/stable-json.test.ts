import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { stableJSON } from '../../contracts/stable-json.ts';

/** The same value with the members of every object the other way round. */
const turned = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(turned);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([k, v]) => [k, turned(v)])
      .toReversed(),
  );
};

test('says the same of equal values, in whatever order their members came', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(stableJSON(turned(value))).toBe(stableJSON(value));
    }),
  );
});

test('says another thing of another value, and loses nothing', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(stableJSON(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('sorts the members at every depth, and keeps the order of lists', () => {
  expect(stableJSON({ b: [{ d: 1, c: 2 }, 3], a: null })).toBe('{"a":null,"b":[{"c":2,"d":1},3]}');
});

test('takes a member that is undefined for one that is not there', () => {
  expect(stableJSON({ a: 1, b: undefined })).toBe(stableJSON({ a: 1 }));
});
