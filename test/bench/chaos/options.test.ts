import { expect, test } from 'vitest';
import { KINDS } from '../../../bench/chaos/kinds.ts';
import { chaosArguments, UsageError } from '../../../bench/chaos/options.ts';

test('defaults are small enough for a person', () => {
  expect(chaosArguments([])).toEqual({
    clones: 60,
    seed: 1,
    minutes: 3,
    kinds: KINDS,
    server: 'development',
    output: 'text',
  });
});

test('all of them can be given', () => {
  const args = ['--clones', '300', '--seed', '7', '--minutes', '0.5', '--output', 'json'];
  args.push('--server', 'topology', '--server-blows', '6', '--kinds', 'refresh, clone');
  expect(chaosArguments(args)).toEqual({
    clones: 300,
    seed: 7,
    minutes: 0.5,
    kinds: ['clone', 'refresh'],
    serverBlows: 6,
    server: 'topology',
    output: 'json',
  });
  expect(chaosArguments(['--help'])).toBeUndefined();
});

test.each([
  [['--clones', '0'], '--clones must be a whole number from 1 to 5000, and is "0"'],
  [['--clones', '1.5'], '--clones must be a whole number'],
  [['--seed', 'x'], '--seed must be a whole number'],
  [['--minutes', '-1'], '--minutes'],
  [['--minutes', 'NaN'], '--minutes must be a number from 0.1 to 1440'],
  [['--server', 'cloud'], '--server must be development or topology'],
  [['--server-blows', '0'], '--server-blows must be a whole number from 1 to 500'],
  [
    ['--kinds', 'clone,snapshot'],
    '--kinds must name some of clone, lease, group, fanOut, copy, refresh, and names "snapshot"',
  ],
  [['--output', 'xml'], '--output must be text or json'],
  [['--clone', '3'], '--clone'],
  [['many'], 'many'],
])('%j is refused', (args, message) => {
  expect(() => chaosArguments(args)).toThrow(UsageError);
  expect(() => chaosArguments(args)).toThrow(message);
});

test('every fault is told at once', () => {
  expect(() => chaosArguments(['--clones', 'a', '--minutes', 'b'])).toThrow(/--clones[^]*--minutes/);
});
