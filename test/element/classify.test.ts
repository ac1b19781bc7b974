import { describe, expect, test } from 'vitest';
import {
  classify,
  ElementApiError,
  ElementAuthError,
  ElementProtocolError,
  ElementTransportError,
  type ErrorKind,
} from '../../element/index.ts';

const apiError = (name: string, message = '') => new ElementApiError('CloneVolume', { name, message, code: 500 });

const KINDS: [ErrorKind, string[]][] = [
  [
    'transient',
    [
      'xDBVersionMismatch',
      'xNotPrimary',
      'xDBOperationTimeout',
      'xDBConnectionLoss',
      'xRecvTimeout',
      'xRpcTimeout',
      'xNoHandler',
      'xSnapshotFailed',
      'xSliceNotRegistered',
      'xNotReadyForIO',
      'xUnknownException',
      'xInternalError',
    ],
  ],
  [
    'busy',
    [
      'xMaxClonesPerVolumeExceeded',
      'xMaxClonesPerNodeExceeded',
      'xMaxSnapshotsPerVolumeExceeded',
      'xMaxSnapshotsPerNodeExceeded',
    ],
  ],
  ['done', ['xAlreadyInVolumeAccessGroup', 'xNotInVolumeAccessGroup']],
  ['askAnotherWay', ['xDBNoSuchPath']],
  [
    'permanent',
    [
      'xVolumeIDDoesNotExist',
      'xSnapshotIDDoesNotExist',
      'xVolumeAccessGroupIDDoesNotExist',
      'xUnknownAccount',
      'xVolumeShrinkProhibited',
      'xGroupSnapshotIDDoesNotExist',
      'xAccountIDDoesNotExist',
      'xQoSPolicyDoesNotExist',
      'xQoSPolicyIDDoesNotExist',
      'xUnknownAPIMethod',
      'xUnknownAPIVersion',
    ],
  ],
  ['suspect', ['xPermissionDenied', 'xAPINotPermitted', 'xInvalidParameter', 'xInvalidAPIParameter']],
];

describe('the kind of an error follows from its API name alone', () => {
  test.each(KINDS.flatMap(([kind, names]) => names.map((name) => ({ kind, name }))))(
    '$name is $kind',
    ({ kind, name }) => {
      expect(classify(apiError(name))).toEqual({ kind, reason: expect.stringMatching(/./) });
    },
  );

  test('a name that nobody knows is only believed after a few tries, and is named', () => {
    expect(classify(apiError('xBrandNew'))).toEqual({ kind: 'suspect', reason: 'nothing is known about xBrandNew' });
  });
});

describe('xExceededLimit depends on the limit that its message names', () => {
  test.each([
    'Exceeded the limit of clone jobs in progress',
    'cloneJobsMax exceeded',
    'Too many bulk volume jobs',
    'Too many concurrent snapshots',
  ])('waits in line for "%s"', (message) => {
    expect(classify(apiError('xExceededLimit', message)).kind).toBe('busy');
  });

  test.each([
    'volumeCountMax reached',
    'volumesPerAccountCountMax reached',
    'The maximum number of volumes on the cluster exists; the clone was not made',
    'volumeAccessGroupsPerVolumeCountMax reached',
    '',
  ])('does not wait for "%s"', (message) => {
    expect(classify(apiError('xExceededLimit', message)).kind).toBe('permanent');
  });
});

describe('errors without an API name', () => {
  const transport = (reason: ElementTransportError['reason'], httpStatus?: number) =>
    new ElementTransportError('ListVolumes', reason, 'detail', { httpStatus, mayHaveActed: false });

  test.each([
    'timeout',
    'connect',
    'dns',
    'tls',
    'reset',
    'http',
    'notJson',
    'tooLarge',
    'aborted',
    'credentials',
  ] as const)('no usable answer (%s) goes away by itself', (reason) => {
    expect(classify(transport(reason))).toEqual({ kind: 'transient', reason: expect.stringContaining(reason) });
  });

  test.each([500, 502, 503, 504])('HTTP %i goes away by itself', (status) => {
    expect(classify(transport('http', status)).kind).toBe('transient');
  });

  test.each([403, 404])('HTTP %i is only believed after a few tries', (status) => {
    expect(classify(transport('http', status))).toEqual({
      kind: 'suspect',
      reason: expect.stringContaining(`HTTP ${status}`),
    });
  });

  test('HTTP 401 may be a rotation that is under way', () => {
    expect(classify(new ElementAuthError('ListVolumes', 'admin')).kind).toBe('refused');
  });

  test('an answer unlike the reference is only believed after a few tries', () => {
    expect(classify(new ElementProtocolError('ListVolumes', 'volumes', 'it is missing')).kind).toBe('suspect');
  });

  test('what is no error of the cluster is not held against it', () => {
    expect(classify(new RangeError('ours')).kind).toBe('transient');
    expect(classify('thrown text').kind).toBe('transient');
  });
});
