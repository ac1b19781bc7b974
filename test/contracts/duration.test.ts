import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { durationSchema } from '../../contracts/duration-schema.ts';
import { parseDuration } from '../../contracts/duration.ts';

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

test('a whole number with a unit is that many of it', () => {
  const unit = fc.constantFrom(...(Object.keys(UNITS) as (keyof typeof UNITS)[]));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), unit, fc.constantFrom('', ' '), (n, u, space) => {
      expect(parseDuration(`${n}${space}${u}`)).toBe(n * UNITS[u]);
    }),
  );
});

test.each([
  ['1.5h', 5_400_000],
  ['.5s', 500],
  ['90 minutes', 5_400_000],
  ['250ms', 250],
])('takes "%s" for %i ms', (text, value) => {
  expect(parseDuration(text)).toBe(value);
});

test.each([
  '',
  '5',
  '1.5',
  ' ',
  '-',
  's',
  '0s',
  '-5m',
  '1h30m',
  '5 apples',
  'soon',
  '1e3s',
  '9'.repeat(41) + 's',
  5,
  null,
  {},
])('does not take %j for a duration', (input) => {
  expect(parseDuration(input)).toBeUndefined();
});

test('any text is a positive duration or none', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.float().map(String)), (text) => {
      expect(parseDuration(text) ?? 1).toBeGreaterThan(0);
    }),
  );
});

test('whatever is a duration matches what JSON Schema says of one', () => {
  const { pattern } = durationSchema(7).meta() as { pattern: string };
  const digits = fc.stringMatching(/^\d{0,3}\.?\d{1,3}$/);
  const spaces = fc.stringMatching(/^ {0,2}$/);
  fc.assert(
    fc.property(digits, spaces, fc.constantFrom('ms', 's', 'mins', 'Hours', 'D', 'weeks', 'yr'), (...parts) => {
      const text = parts.join('');
      fc.pre(parseDuration(text) !== undefined);
      expect(text).toMatch(new RegExp(pattern, 'u'));
    }),
  );
});

test.each([
  ['10', 'must be a duration with a unit, such as "30s", "15m", "24h" or "7d"'],
  [10, 'must be a duration with a unit, such as "30s", "15m", "24h" or "7d"'],
  ['999ms', 'must be at least "1s"'],
  ['8d', 'must be at most "7d"'],
])('in a request, %j %s', (input, message) => {
  expect(
    durationSchema(7)
      .safeParse(input)
      .error?.issues.map((i) => i.message),
  ).toEqual([message]);
});

test.each(['1s', '7d', '168h'])('in a request, "%s" is fine', (text) => {
  expect(durationSchema(7).parse(text)).toBe(text);
});
