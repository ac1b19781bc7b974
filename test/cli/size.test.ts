import { expect, test } from 'vitest';
import { parseSize } from '../../client/cli/size.ts';

test.each([
  ['10737418240', 10_737_418_240],
  ['10GiB', 10_737_418_240],
  ['10 gib', 10_737_418_240],
  ['10GB', 10_000_000_000],
  ['1.5TiB', 1_649_267_441_664],
  ['2TB', 2_000_000_000_000],
  ['1000 B', 1_000],
])('%s is %i bytes', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each(['', '10G', 'ten', '-1GB', '1e9', '10 GiB of data', '99999999999TiB', '1,5GB'])('"%s" is no size', (text) => {
  expect(parseSize(text)).toBeUndefined();
});
