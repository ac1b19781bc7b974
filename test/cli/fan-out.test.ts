import { describe, expect, test } from 'vitest';
import { fanOutFromFlags } from '../../client/cli/request-from-flags.ts';
import { resultText } from '../../client/cli/render/result.ts';
import { expected, summed } from '../../client/fan-out-progress.ts';
import type { CloneFanOutResult } from '../../contracts/clone-fan-out-result.ts';
import type { ProgressView } from '../../contracts/progress.ts';
import { fakeIo } from '../support/fake-io.ts';

const io = fakeIo();
const names = async (flags: object) =>
  ((await fanOutFromFlags(flags, io))['clones'] as { name: string }[] | undefined)?.map((c) => c.name);

describe('the names of a fan-out', () => {
  test('are given one by one, or by a count', async () => {
    expect(await names({ name: ['a', 'b'] })).toEqual(['a', 'b']);
    expect(await names({ count: '10', namePrefix: 'dev-' })).toEqual([
      ...Array.from({ length: 9 }, (_, i) => `dev-0${i + 1}`),
      'dev-10',
    ]);
    expect(await names({ name: ['first'], count: '1', namePrefix: 'dev-' })).toEqual(['first', 'dev-1']);
    expect(await names({})).toBeUndefined();
  });

  test.each([
    [{ count: '3' }, /--count and --name-prefix belong together/],
    [{ namePrefix: 'dev-' }, /--count and --name-prefix belong together/],
    [{ count: '0', namePrefix: 'dev-' }, /--count: "0" is no number of clones/],
    [{ count: 'many', namePrefix: 'dev-' }, /--count: "many" is no number of clones/],
  ])('are refused with the remedy: %j', async (flags, why) => {
    await expect(async () => fanOutFromFlags(flags, io)).rejects.toThrow(why);
  });
});

describe('the progress of a fan-out', () => {
  const copy = (percent: number, more: Partial<ProgressView> = {}): ProgressView => ({
    workflowId: 'w',
    phase: 'cloning',
    message: '',
    percent,
    extrapolated: false,
    ...more,
  });

  test('counts what is over and what has been copied of the rest', () => {
    const running = ['1', '2', '3', '4', '5'];
    const view = summed({ total: 10, succeeded: 4, failed: 1, running }, [
      copy(50, { bytesPerSecond: 100 }),
      copy(25, { bytesPerSecond: 50 }),
    ]);
    expect(view).toEqual({
      message: '4 of 10 clones ready, 1 failed, 2 copying, 3 waiting',
      percent: 57.5,
      bytesPerSecond: 150,
    });
  });

  test('ends when the last in line has had its turn and its copy', () => {
    expect(expected([], [{ etaSeconds: 30 }, { etaSeconds: 90 }], { heldSeconds: 60 })).toEqual({ remainingTime: 150 });
    expect(expected([], [{}], { heldSeconds: 60 })).toEqual({});
    expect(expected([copy(1, { remainingTime: 7 }), copy(1, { remainingTime: 9 })], [], undefined)).toEqual({
      remainingTime: 9,
    });
    expect(expected([], [], undefined)).toEqual({});
  });
});

test('the result lists what is ready, and what failed with the reason', () => {
  const result = {
    cluster: 'lab',
    sourceVolumeID: 42,
    snapshotID: 9,
    snapshotDeleted: true,
    succeeded: [
      {
        name: 'dev-1',
        volumeID: 63,
        volume: {
          name: 'dev-1',
          totalSize: 1e9,
          qos: { minIOPS: 1, maxIOPS: 2, burstIOPS: 3 },
          volumeAccessGroups: [3],
          iqn: 'iqn.x',
        },
      },
    ],
    failed: [{ name: 'dev-2', workflowID: 'w', error: 'no room\nat all' }],
    startedAt: '2026-01-01T00:00:00Z',
    finishedAt: '2026-01-01T00:01:00Z',
    bytes: 1e9,
    apiCalls: 20,
  } as unknown as CloneFanOutResult;
  const text = resultText(result, io.out.colours);
  expect(text).toContain('✓ 1 of 2 clones are ready');
  expect(text).toMatch(/63 +dev-1 +1 GB +1\/2\/3 +3 +– +iqn\.x/);
  expect(text).toContain('✗ dev-2: no room at all');
});
