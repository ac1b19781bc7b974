import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCloneVolumeRequest } from '../../contracts/clone-volume.ts';
import { extensionFaults, isoTime, leaseWorkflowID, newEnd, noticeMs, parseTime } from '../../contracts/lease.ts';
import { overShared } from '../../contracts/members.ts';
import { faultsOf } from '../support/faults-of.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.parse('2026-11-25T00:00:00Z');

test('the workflow ID of a lease reads as a sentence, and tells the services of one Temporal apart', () => {
  expect(leaseWorkflowID('lab', 63, 'element-clone')).toBe('lease-of-volume-63-of-lab');
  expect(leaseWorkflowID('lab', 63, 'other')).toBe('lease-of-volume-63-of-lab-on-other');
});

test.each([
  ['2026-12-01T08:00:00Z', Date.parse('2026-12-01T08:00:00Z')],
  ['2026-12-01T08:00Z', Date.parse('2026-12-01T08:00:00Z')],
  ['2026-12-01T08:00:00.5+02:00', Date.parse('2026-12-01T06:00:00.5Z')],
  ['2026-12-01', undefined],
  ['2026-12-01T08:00:00', undefined],
  ['2026-13-01T08:00:00Z', undefined],
  ['tomorrow', undefined],
  [1_764_547_200_000, undefined],
  [undefined, undefined],
])('the time %s', (text, ms) => {
  expect(parseTime(text)).toBe(ms);
});

describe('an extension', () => {
  const lease = { endsAt: NOW + 2 * HOUR, now: NOW, maxMs: 3 * DAY };
  const end = (ms: number) => ({ end: NOW + ms });
  const fault = (text: string) => ({ fault: expect.stringContaining(text) as string });

  test.each([
    [{ by: '24h' }, end(26 * HOUR)],
    [{ until: isoTime(NOW + 5 * HOUR) }, end(5 * HOUR)],
    [{ until: isoTime(NOW + 2 * HOUR) }, end(2 * HOUR)],
    [{ by: '70h' }, end(3 * DAY)],
    [{ by: '71h' }, fault('by: the lease would end at 2026-11-28T01:00:00.000Z, and must end by 2026-11-28T00:00')],
    [{ until: isoTime(NOW + 4 * DAY) }, fault('until: the lease would end at')],
    [{ until: isoTime(NOW - 1) }, fault('has passed')],
    [{ until: isoTime(NOW + HOUR) }, fault('never shortened')],
  ])('%j', (extension, expected) => {
    expect(newEnd(extension, lease)).toEqual(expected);
  });

  test('of a lease that is over counts from now', () => {
    expect(newEnd({ by: '1h' }, { ...lease, endsAt: NOW - 10 * HOUR })).toEqual(end(HOUR));
  });

  test('never ends sooner than before, nor later than the maximum', () => {
    const duration = fc.integer({ min: 1, max: 10_000 }).map((n) => `${n}m`);
    fc.assert(
      fc.property(duration, fc.integer({ min: -DAY, max: 3 * DAY }), (by, left) => {
        const asked = newEnd({ by }, { ...lease, endsAt: NOW + left });
        if (!('end' in asked)) return;
        expect(asked.end).toBeGreaterThan(Math.max(NOW, NOW + left));
        expect(asked.end).toBeLessThanOrEqual(NOW + 3 * DAY + 1_000);
      }),
    );
  });

  test('reports every fault of its form at once', () => {
    expect(extensionFaults(null)).toEqual(['request: must be an object such as {"by": "24h"}']);
    expect(extensionFaults({ by: '24', for: 1, requestedBy: '' })).toEqual([
      expect.stringMatching(/^for: unknown field/),
      expect.stringMatching(/^requestedBy: must be text/),
      expect.stringMatching(/^by: must be a duration with a unit/),
    ]);
    expect(extensionFaults({ by: '24h' })).toEqual([]);
  });
});

test('the warning comes a quarter of the time before the end, at most a day', () => {
  expect(noticeMs(HOUR)).toBe(HOUR / 4);
  expect(noticeMs(30 * DAY)).toBe(DAY);
  expect(noticeMs(-1)).toBe(0);
});

describe('leaseMax and leaseGrace', () => {
  const clone = { cluster: 'lab', volumeID: 42, name: 'db-uat' };
  const stray = 'is for a clone with a lease; give lease too, or leave this out';

  test('are for a clone with a lease', () => {
    const full = { ...clone, lease: '72h', leaseMax: '30d', leaseGrace: '1h' };
    expect(parseCloneVolumeRequest(full)).toEqual(full);
    expect(faultsOf('cloneVolume', { ...clone, leaseMax: '30d', leaseGrace: '1h' })).toEqual([
      `leaseMax: ${stray}`,
      `leaseGrace: ${stray}`,
    ]);
  });

  test('of several clones are for those with a lease', () => {
    const fanOut = { cluster: 'lab', volumeID: 42, clones: [{ name: 'a', lease: '1h' }, { name: 'b' }] };
    expect(faultsOf('cloneFanOut', { ...fanOut, leaseMax: '30d' })).toEqual([]);
    const own = { ...fanOut, clones: [{ name: 'a' }, { name: 'b', leaseGrace: '1h' }] };
    expect(faultsOf('cloneFanOut', own)).toEqual([`clones.1.leaseGrace: ${stray}`]);
    const group = { cluster: 'lab', volumes: [{ volumeID: 1 }, { volumeID: 2, leaseMax: '2d' }] };
    expect(faultsOf('cloneGroup', group)).toEqual([`volumes.1.leaseMax: ${stray}`]);
    expect(faultsOf('cloneGroup', { ...group, lease: '1d' })).toEqual([]);
  });

  test('that are shared leave those alone that have no lease', () => {
    expect(overShared({ leaseMax: '30d' }, { access: 'readOnly' })).toEqual({ access: 'readOnly' });
    expect(overShared({ leaseMax: '30d' }, { lease: '1h' })).toEqual({ lease: '1h', leaseMax: '30d' });
    expect(overShared({ lease: '2h', leaseGrace: '5m' }, { leaseGrace: '1m' })).toEqual({
      lease: '2h',
      leaseGrace: '1m',
    });
  });
});

test('a lease that is started by hand says when it ends, once', () => {
  const lease = { cluster: 'lab', volumeID: 63 };
  expect(faultsOf('cloneLease', { ...lease, lease: '1h' })).toEqual([]);
  expect(faultsOf('cloneLease', { ...lease, endsAt: '2026-12-01T08:00:00Z' })).toEqual([]);
  const either = 'lease: give either lease, such as "72h", or endsAt';
  expect(faultsOf('cloneLease', lease)).toEqual([either]);
  expect(faultsOf('cloneLease', { ...lease, lease: '1h', endsAt: 'soon' })).toEqual([
    'endsAt: must be a time with a zone, such as "2026-12-01T08:00:00Z"',
    either,
  ]);
});
