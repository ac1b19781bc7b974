import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toProgressView, type Observed, type PendingStep } from '../../client/progress-view.ts';
import { FAILURE } from '../../contracts/names.ts';
import type { CloneProgress } from '../../contracts/progress.ts';

const NOW = Date.parse('2026-11-24T12:00:00.000Z');
const secondsAgo = (seconds: number) => new Date(NOW - seconds * 1_000).toISOString();

const look: CloneProgress = {
  volumeID: 100,
  cloneID: 7,
  asyncHandle: 9,
  percent: 40,
  currentBytes: 4_000,
  totalBytes: 10_000,
  bytesPerSecond: 100,
  remainingTime: 60,
  stage: 'data',
  lookedAt: secondsAgo(10),
  looks: 3,
};

const step = (activityType: string, rest: Partial<PendingStep> = {}): PendingStep => ({
  activityType,
  attempt: 1,
  paused: false,
  scheduledAt: NOW,
  neverStarted: false,
  nextAttemptAt: undefined,
  memory: undefined,
  lastFailure: undefined,
  ...rest,
});

const copying = (progress: Partial<CloneProgress> = {}) =>
  step('awaitClone', {
    attempt: 4,
    memory: { apiCalls: 1, suspects: 0, progress: { ...look, ...progress } },
    lastFailure: { type: FAILURE.notReady, message: '40 % · 120 MB/s' },
  });

const observed = (rest: Partial<Observed>): Observed => ({
  workflowId: 'clone-1',
  status: 'RUNNING',
  taskQueue: 'element-clone',
  phase: 'cloning',
  cloneVolumeID: undefined,
  pending: undefined,
  workflowTask: undefined,
  pendingChild: undefined,
  ...rest,
});

describe('while the cluster copies', () => {
  test('the bytes go on at the last rate, and the view says so', () => {
    const view = toProgressView(observed({ pending: copying() }), NOW);
    expect(view).toMatchObject({ currentBytes: 5_000, percent: 50, remainingTime: 50, extrapolated: true });
  });

  test('a look taken just now is shown as it was', () => {
    const view = toProgressView(observed({ pending: copying({ lookedAt: secondsAgo(0) }) }), NOW);
    expect(view).toMatchObject({ currentBytes: 4_000, percent: 40, remainingTime: 60, extrapolated: false });
  });

  test('a stalled copy stands still and names since when', () => {
    const stalledSince = secondsAgo(400);
    const view = toProgressView(observed({ pending: copying({ stalledSince }) }), NOW);
    expect(view).toMatchObject({ currentBytes: 4_000, percent: 40, extrapolated: false, stalledSince });
    expect(view.message).toContain('no byte has moved');
  });

  test('a copy that the worker calls stalled is called so, however short its patience', () => {
    const stalledSince = secondsAgo(12);
    const view = toProgressView(observed({ pending: copying({ stalledSince, stalled: true }) }), NOW);
    expect(view).toMatchObject({ message: `stalled: no byte has moved since ${stalledSince}`, stalledSince });
  });

  test('a copy that has no job any more is told in the words of the look', () => {
    const lastFailure = { type: FAILURE.notReady, message: 'volume is "init"' };
    const pending = { ...copying({ stage: 'finishing' }), lastFailure };
    expect(toProgressView(observed({ pending }), NOW).message).toBe('volume is "init"');
  });

  test('two looks close together without a byte moved are no stall yet', () => {
    const view = toProgressView(observed({ pending: copying({ stalledSince: secondsAgo(12) }) }), NOW);
    expect(view).not.toHaveProperty('stalledSince');
    expect(view).toMatchObject({ message: 'copying', extrapolated: false });
  });

  test('the view never claims that a copy is over, however long ago the last look was', () => {
    const view = toProgressView(observed({ pending: copying({ lookedAt: secondsAgo(100_000) }) }), NOW);
    expect(view.percent).toBeLessThanOrEqual(99.9);
    expect(view.currentBytes).toBeLessThan(look.totalBytes);
  });

  test('a clock that is behind the worker moves nothing backwards', () => {
    const view = toProgressView(observed({ pending: copying({ lookedAt: secondsAgo(-60) }) }), NOW);
    expect(view).toMatchObject({ currentBytes: 4_000, percent: 40, remainingTime: 60, extrapolated: false });
  });

  test('a look that found the copy unfinished is no failure', () => {
    expect(toProgressView(observed({ pending: copying() }), NOW)).not.toHaveProperty('lastFailure');
  });

  test('a fault during a look is shown with the attempt', () => {
    const pending = { ...copying(), lastFailure: { type: FAILURE.transient, message: 'connection reset' } };
    const view = toProgressView(observed({ pending }), NOW);
    expect(view).toMatchObject({ attempt: 4, lastFailure: 'connection reset' });
    expect(view.message).toContain('connection reset');
  });

  test('whatever was seen, percent and bytes stay within their bounds', () => {
    const number = fc.double({ min: 0, max: 2e13, noNaN: true });
    fc.assert(
      fc.property(number, number, number, fc.integer({ min: -1_000, max: 1_000_000 }), (total, rate, part, age) => {
        const totalBytes = Math.round(total);
        const currentBytes = Math.min(totalBytes, Math.round(part));
        const percent = totalBytes === 0 ? 0 : (100 * currentBytes) / totalBytes;
        const pending = copying({
          totalBytes,
          currentBytes,
          percent,
          bytesPerSecond: rate,
          lookedAt: secondsAgo(age),
        });
        const view = toProgressView(observed({ pending }), NOW);
        expect(view.percent).toBeGreaterThanOrEqual(percent);
        expect(view.percent).toBeLessThanOrEqual(Math.max(percent, 99.9));
        expect(view.currentBytes).toBeGreaterThanOrEqual(currentBytes);
        expect(view.currentBytes).toBeLessThanOrEqual(totalBytes);
      }),
    );
  });
});

describe('what is being waited for', () => {
  test('a clone slot: the words of the busy cluster', () => {
    const message = 'waiting for a clone slot: 2 clone jobs running on volume 42 (xMaxClonesPerVolumeExceeded)';
    const pending = step('startClone', { attempt: 5, lastFailure: { type: FAILURE.busy, message } });
    expect(toProgressView(observed({ phase: 'waiting', pending }), NOW).message).toBe(message);
  });

  test('a worker, when nobody takes the workflow task', () => {
    const workflowTask = { attempt: 1, scheduledAt: NOW - 60_000, started: false };
    const view = toProgressView(observed({ phase: 'waiting', workflowTask }), NOW);
    expect(view.message).toContain('waiting for a worker');
    expect(view.message).toContain('"element-clone"');
  });

  test('a worker, when nobody takes the step', () => {
    const pending = step('preflight', { neverStarted: true, scheduledAt: NOW - 60_000 });
    expect(toProgressView(observed({ pending }), NOW).message).toContain('waiting for a worker');
  });

  test('a developer, when the workflow task fails again and again', () => {
    const workflowTask = { attempt: 9, scheduledAt: NOW, started: false };
    expect(toProgressView(observed({ workflowTask }), NOW).message).toContain("worker's log");
  });

  test('an operator, when the step is paused', () => {
    expect(toProgressView(observed({ pending: step('awaitClone', { paused: true }) }), NOW).message).toContain(
      'paused',
    );
  });

  test('another clone that serves the same request', () => {
    expect(toProgressView(observed({ pendingChild: 'clone-for-request-a' }), NOW).message).toContain(
      'clone-for-request-a',
    );
  });
});

describe('the end', () => {
  test('done is a hundred percent of the bytes that were last known', () => {
    const before = toProgressView(observed({ pending: copying() }), NOW);
    const view = toProgressView(observed({ status: 'COMPLETED', phase: 'done', cloneVolumeID: 100 }), NOW, before);
    expect(view).toMatchObject({ phase: 'done', percent: 100, currentBytes: 10_000, volumeID: 100 });
  });

  test('after the copy only short steps are left: a hundred percent', () => {
    expect(toProgressView(observed({ pending: step('verifyClone') }), NOW).percent).toBe(100);
    expect(toProgressView(observed({ phase: 'modifying' }), NOW).percent).toBe(100);
  });

  test.each([
    ['FAILED', 'failed', 'failed'],
    ['FAILED', 'cancelled', 'cancelled'],
    ['CANCELLED', 'cancelled', 'cancelled'],
    ['TERMINATED', 'cloning', 'failed'],
    ['TIMED_OUT', 'cloning', 'failed'],
    ['COMPLETED', 'granting', 'done'],
    ['RUNNING', 'no such phase', 'waiting'],
  ])('a workflow that is %s with the phase "%s" is shown as %s', (status, phase, shown) => {
    expect(toProgressView(observed({ status, phase }), NOW).phase).toBe(shown);
  });

  test('a failed clone stays at the percentage that it had reached', () => {
    const before = toProgressView(observed({ pending: copying() }), NOW);
    expect(toProgressView(observed({ status: 'FAILED', phase: 'failed' }), NOW, before).percent).toBe(50);
  });

  test('a terminated clone says that nothing was undone', () => {
    expect(toProgressView(observed({ status: 'TERMINATED' }), NOW).message).toContain('nothing was undone');
  });
});
