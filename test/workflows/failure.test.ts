import { ActivityFailure, ApplicationFailure, CancelledFailure, TimeoutFailure } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { cloneFailed, madeNothing, reasonOf, wasCancelled } from '../../workflows/failure.ts';

type RetryState = ConstructorParameters<typeof ActivityFailure>[3];
const activity = (retryState: RetryState, cause: Error) =>
  new ActivityFailure('Activity task failed', 'awaitClone', '5', retryState, undefined, cause);
const answer = (message: string, details: object = {}) =>
  ApplicationFailure.create({
    message,
    details: [{ step: 'awaitClone', cluster: 'lab', attempts: 2, since: '2026-05-01T02:00:12.345Z', ...details }],
  });
const timeout = (heartbeat?: object, cause?: Error) =>
  Object.assign(new TimeoutFailure('Not enough time to schedule next retry', heartbeat, 'SCHEDULE_TO_CLOSE'), {
    cause,
  });

describe('why a step failed', () => {
  test.each<[what: string, err: Error, reason: string]>([
    ['refused', activity('NON_RETRYABLE_FAILURE', answer('no such thing')), 'no such thing'],
    ['late', activity('TIMEOUT', answer('43 %')), 'the deadline passed; the last answer was: 43 %'],
    ['late in an attempt', activity('TIMEOUT', timeout()), 'the deadline passed before there was an answer'],
    [
      'late in a look',
      activity('TIMEOUT', timeout({ progress: { percent: 40.5 } })),
      'the deadline passed with 40.5 % copied at the last look',
    ],
    [
      'late in an attempt after others',
      activity('TIMEOUT', timeout({ lastAnswer: '40 % · stalled' })),
      'the deadline passed while an answer was awaited; the last one was: 40 % · stalled',
    ],
    [
      'late in an attempt whose memory is strange',
      activity('TIMEOUT', timeout({ lastAnswer: 7 })),
      'the deadline passed before there was an answer',
    ],
    [
      'late between two attempts, as the server tells it',
      activity('TIMEOUT', timeout(undefined, answer('40 % · stalled'))),
      'the deadline passed; the last answer was: 40 % · stalled',
    ],
    ['no activity', new Error('plain'), 'plain'],
  ])('%s', (_what, err, reason) => {
    expect(reasonOf(err)).toBe(reason);
  });
});

test.each<[what: string, err: unknown, cancelled: boolean]>([
  ['a step that heard of it', activity('CANCEL_REQUESTED', new CancelledFailure('cancelled')), true],
  ['a step that failed before it heard of it', activity('CANCEL_REQUESTED', answer('no answer')), true],
  ['a worker that died before it heard of it', activity('CANCEL_REQUESTED', timeout()), true],
  ['a step that was refused', activity('NON_RETRYABLE_FAILURE', answer('no')), false],
])('%s: cancelled is %s', (_what, err, cancelled) => {
  expect(wasCancelled(err)).toBe(cancelled);
});

test.each<[what: string, err: unknown, nothing: boolean]>([
  ['all calls were refused', activity('NON_RETRYABLE_FAILURE', answer('no', { inDoubt: false })), true],
  ['an answer was lost before', activity('NON_RETRYABLE_FAILURE', answer('no', { inDoubt: true })), false],
  ['an older worker does not say', activity('NON_RETRYABLE_FAILURE', answer('no')), false],
  ['the last attempt never ended', activity('TIMEOUT', answer('no', { inDoubt: false })), false],
])('%s: that nothing was made is %s', (_what, err, nothing) => {
  expect(madeNothing(err)).toBe(nothing);
});

test('the paragraph holds every clause, and the details what programs need', () => {
  const err = activity(
    'NON_RETRYABLE_FAILURE',
    answer('DeleteVolume failed', { method: 'DeleteVolume', apiName: 'xPermissionDenied', accessTypes: ['volumes'] }),
  );
  const failure = cloneFailed(err, {
    what: 'Cloning volume 42 of cluster lab to "db-uat"',
    details: { cluster: 'lab', sourceVolumeID: 42, name: 'db-uat' },
    ...{ step: 'awaitClone', kept: false },
    undone: ['snapshot 3 deleted'],
    leftBehind: [{ kind: 'accessGroupMembership', id: 7, reason: 'remove it by hand' }],
  });
  expect(failure.message).toBe(
    'Cloning volume 42 of cluster lab to "db-uat" failed in step awaitClone: DeleteVolume failed. Looked at it 2 times since 2026-05-01 02:00:12 UTC. Undone: snapshot 3 deleted. Still on the cluster: membership of volume access group 7 (remove it by hand). It can be asked for again once the cause is gone; what is named here stays until somebody removes it.',
  );
  expect(failure.details).toMatchObject([
    { method: 'DeleteVolume', apiName: 'xPermissionDenied', accessTypes: ['volumes'], attempts: 2, cancelled: false },
  ]);
});
