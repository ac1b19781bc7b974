import {
  ApplicationFailure,
  CancelledFailure,
  ServiceError,
  TerminatedFailure,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import {
  CloneCancelledError,
  CloneFailedError,
  CloneNotFoundError,
  InvalidRequestError,
  RequestConflictError,
  ServiceUnavailableError,
} from '../../client/errors.ts';
import { outcomeError } from '../../client/outcome.ts';
import { isOutage, translate } from '../../client/temporal-errors.ts';
import { FAILURE } from '../../contracts/names.ts';

const grpc = (code: number, details: string) =>
  new ServiceError('call failed', { cause: Object.assign(new Error(details), { code, details, metadata: {} }) });
const where = { namespace: 'default', workflowId: 'clone-1' };
const ended = (cause: Error) => new WorkflowFailedError('failed', cause, 'NON_RETRYABLE_FAILURE');

const details = {
  cluster: 'lab',
  sourceVolumeID: 42,
  name: 'db-uat',
  step: 'awaitClone',
  cancelled: false,
  undone: [],
  leftBehind: [{ kind: 'volume', id: 7, reason: 'could not be removed' }],
};

describe('what Temporal answers', () => {
  test('an unregistered search attribute: how to register it', () => {
    const err = translate(grpc(3, 'Namespace default has no mapping defined for search attribute ElementPhase'), where);
    expect(err).toBeInstanceOf(ServiceUnavailableError);
    expect(err).toMatchObject({ code: 'SERVICE_UNAVAILABLE', reason: 'searchAttributesMissing' });
    expect((err as Error).message).toContain('temporal operator search-attribute create --namespace default');
    expect((err as Error).message).toContain('--name ElementSourceVolumeID --type Int');
  });

  test('an unknown workflow: no such clone, and where to look', () => {
    const err = translate(new WorkflowNotFoundError('not found', 'clone-1', undefined), where);
    expect(err).toBeInstanceOf(CloneNotFoundError);
    expect((err as Error).message).toContain('"clone-1"');
  });

  test.each([
    [14, 'unreachable', true],
    [4, 'unreachable', true],
    [7, 'permissionDenied', false],
    [16, 'permissionDenied', false],
    [13, 'refused', false],
  ])('gRPC status %i: %s', (code, reason, outage) => {
    const err = grpc(code, 'said the server');
    expect(translate(err, where)).toMatchObject({ reason });
    expect(isOutage(err)).toBe(outage);
  });

  test('errors that are none of Temporal pass as they are', () => {
    const err = new RangeError('a bug');
    expect(translate(err, where)).toBe(err);
    expect(isOutage(err)).toBe(false);
  });
});

describe('how a clone ended', () => {
  test('failed: the text, and what is left by ID', () => {
    const failure = ApplicationFailure.create({ type: FAILURE.cloneFailed, message: 'It failed.', details: [details] });
    const err = outcomeError(ended(failure), 'clone-1');
    expect(err).toBeInstanceOf(CloneFailedError);
    expect(err).toMatchObject({ code: 'CLONE_FAILED', message: 'It failed.', details });
  });

  test('refused: every fault', () => {
    const faults = ['volumeID: no such volume', 'name: too long'];
    const failure = ApplicationFailure.create({ type: FAILURE.invalidRequest, message: 'no', details: [faults] });
    const err = outcomeError(ended(failure), 'clone-1');
    expect(err).toBeInstanceOf(InvalidRequestError);
    expect(err).toMatchObject({ faults });
  });

  test('cancelled, and all undone', () => {
    expect(outcomeError(ended(new CancelledFailure('cancelled')), 'clone-1')).toBeInstanceOf(CloneCancelledError);
  });

  test('cancelled, with something left on the cluster', () => {
    const failure = ApplicationFailure.create({
      type: FAILURE.cloneFailed,
      message: 'It was cancelled.',
      details: [{ ...details, cancelled: true }],
    });
    const err = outcomeError(ended(failure), 'clone-1');
    expect(err).toBeInstanceOf(CloneCancelledError);
    expect(err).toMatchObject({ details: { leftBehind: details.leftBehind } });
  });

  test('the key belongs to another request', () => {
    const failure = ApplicationFailure.create({ type: FAILURE.requestConflict, message: 'conflict' });
    expect(outcomeError(ended(failure), 'clone-1')).toBeInstanceOf(RequestConflictError);
  });

  test('terminated: nothing was undone', () => {
    const err = outcomeError(ended(new TerminatedFailure('by an operator')), 'clone-1');
    expect(err).toBeInstanceOf(CloneFailedError);
    expect(err.message).toContain('Nothing was undone');
  });
});
