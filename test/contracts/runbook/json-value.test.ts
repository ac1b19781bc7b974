import { describe, expect, test } from 'vitest';
import { bytesOf, jsonFault, REQUEST_BYTES_MAX } from '../../../contracts/runbook/json-value.ts';

const THIRD = Math.floor(REQUEST_BYTES_MAX / 3);

describe('the size of a request is counted in bytes', () => {
  test.each<[what: string, value: unknown]>([
    ['text of umlauts', { text: 'ü'.repeat(REQUEST_BYTES_MAX / 2) }],
    ['text of three bytes each', ['€'.repeat(THIRD + 1)]],
    ['text of four bytes each', '😀'.repeat(REQUEST_BYTES_MAX / 4)],
    ['text that JSON must escape', ['\u0001'.repeat(REQUEST_BYTES_MAX / 6)]],
    ['names of members', { ['ü'.repeat(THIRD)]: 1, ['ä'.repeat(THIRD)]: 1 }],
    ['long numbers', Array.from({ length: 30_000 }, (_, i) => i + 0.123456789012345)],
    ['many small values', Array.from({ length: 100_000 }, () => false)],
  ])('%s: too large', (_what, value) => {
    expect(bytesOf(value)).toBeGreaterThanOrEqual(REQUEST_BYTES_MAX);
    expect(jsonFault(value)?.message).toContain(`is larger than ${REQUEST_BYTES_MAX} bytes of JSON`);
  });

  test.each<[what: string, value: unknown]>([
    ['text', { text: 'a'.repeat(REQUEST_BYTES_MAX - 50) }],
    ['umlauts', ['ü'.repeat(REQUEST_BYTES_MAX / 2 - 50)]],
    ['numbers', Array.from({ length: 200_000 }, () => 1)],
  ])('%s: just fits', (_what, value) => {
    expect(bytesOf(value)).toBeLessThanOrEqual(REQUEST_BYTES_MAX);
    expect(jsonFault(value)).toBeUndefined();
  });
});
