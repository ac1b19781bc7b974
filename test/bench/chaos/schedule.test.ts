import { expect, test } from 'vitest';
import { parseCloneFanOutRequest } from '../../../contracts/clone-fan-out.ts';
import { parseCloneGroupRequest } from '../../../contracts/clone-group.ts';
import { parseCloneVolumeRequest } from '../../../contracts/clone-volume.ts';
import { parseCopyVolumeRequest } from '../../../contracts/copy-volume.ts';
import { parseRefreshCloneRequest } from '../../../contracts/refresh-clone.ts';
import { KINDS } from '../../../bench/chaos/kinds.ts';
import { TIMES } from '../../../bench/chaos/plan-faults.ts';
import { makeSchedule } from '../../../bench/chaos/schedule.ts';

const STANDARD = { clones: 300, seed: 1, minutes: 8 };

test('the same seed and size give the same schedule', () => {
  expect(makeSchedule(STANDARD)).toEqual(makeSchedule(STANDARD));
});

test('the hash tells every other schedule apart', () => {
  const others = [{ seed: 2 }, { clones: 299 }, { minutes: 9 }].map((c) => makeSchedule({ ...STANDARD, ...c }).hash);
  expect(new Set([makeSchedule(STANDARD).hash, ...others]).size).toBe(4);
});

test('another seed draws other requests, faults and blows', () => {
  const [a, b] = [makeSchedule(STANDARD), makeSchedule({ ...STANDARD, seed: 2 })];
  const requests = (s: typeof a) => s.requests.map((r) => ({ ...r.request, requestId: undefined }));
  expect(requests(a)).not.toEqual(requests(b));
  for (const what of ['fault', 'worker', 'freeze', 'temporal', 'line', 'person'] as const) {
    const events = (s: typeof a) => s.events.filter((e) => e.what === what);
    expect(events(a).length).toBeGreaterThan(0);
    expect(events(a)).not.toEqual(events(b));
  }
});

test('the standard run kills at least twenty workers and meets clones with every kind of fault', () => {
  const { events, requests } = makeSchedule(STANDARD);
  expect(events.filter((e) => e.what === 'worker' && e.signal === 'SIGKILL').length).toBeGreaterThanOrEqual(20);
  expect(events.filter((e) => e.what === 'temporal').length).toBeGreaterThanOrEqual(3);
  const kinds = new Set(events.flatMap((e) => (e.what === 'fault' ? [e.fault.kind] : [])));
  expect([...kinds].sort()).toEqual(
    [
      ...['actThenCut', 'cloneFails', 'cloneStalls', 'cutBefore', 'cutThenActLater', 'error', 'failover', 'html200'],
      ...['http503', 'loseAsyncResult', 'loseSyncJob', 'refuse', 'slow', 'slowAnswer', 'tlsFailure'],
    ].sort(),
  );
  expect(requests.some((r) => r.terminatesAfterMs !== undefined)).toBe(true);
  expect(requests.some((r) => r.cancelsAfterMs.length === 2)).toBe(true);
  expect(requests.some((r) => r.repeatsAfterMs !== undefined)).toBe(true);
});

const PARSERS = {
  clone: parseCloneVolumeRequest,
  lease: parseCloneVolumeRequest,
  group: parseCloneGroupRequest,
  fanOut: parseCloneFanOutRequest,
  copy: parseCopyVolumeRequest,
  refresh: parseRefreshCloneRequest,
};

test('every kind has its share, and one can be chosen', () => {
  const { requests } = makeSchedule(STANDARD);
  for (const kind of KINDS) expect(requests.filter((r) => r.kind === kind).length).toBeGreaterThan(12);
  const leases = makeSchedule({ ...STANDARD, kinds: ['lease'] }).requests;
  expect(new Set(leases.map((r) => r.kind))).toEqual(new Set(['lease']));
  expect(leases.every((r) => 'lease' in r.request)).toBe(true);
});

test('what is drawn for one request does not depend on the others', () => {
  const clones = (kinds?: readonly ['clone']) => {
    const all = makeSchedule({ ...STANDARD, ...(kinds && { kinds }) }).requests;
    return new Map(all.flatMap((r) => (r.kind === 'clone' ? [[r.index, r] as const] : [])));
  };
  const alone = clones(['clone']);
  for (const [index, planned] of clones()) expect(planned).toEqual(alone.get(index));
});

test('every request is valid as far as can be told without a cluster, and every time lies within the run', () => {
  for (const seed of [1, 2, 3]) {
    const { requests, events } = makeSchedule({ ...STANDARD, seed });
    for (const { kind, request } of requests) expect(PARSERS[kind](request)).toEqual(request);
    const times = [...requests.map((r) => r.startsAtMs), ...events.map((e) => (e.what === 'person' ? 0 : e.atMs))];
    expect(Math.min(...times)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...times)).toBeLessThanOrEqual(8 * 60_000);
  }
});

test('no fault lets a call act later than the configuration of the workers allows for', () => {
  const settleMs = TIMES.settleSeconds * 1_000;
  for (const seed of [1, 2, 3, 4, 5]) {
    for (const e of makeSchedule({ ...STANDARD, seed }).events) {
      if (e.what !== 'fault') continue;
      if (e.fault.kind === 'cutThenActLater') expect(e.fault.delayMs).toBeLessThan(settleMs);
      if (e.fault.kind === 'slow') expect(e.fault.delayMs).toBeLessThan(TIMES.timeoutSeconds * 1_000 + settleMs);
    }
  }
});
