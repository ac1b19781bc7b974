import { ElementApiError, ElementAuthError, ElementProtocolError, ElementTransportError } from './errors.ts';

/**
 * - `transient`: goes away by itself; retry with backoff.
 * - `busy`: a limit of running jobs is reached; wait in line.
 * - `done`: what was asked for is so already.
 * - `askAnotherWay`: the question has no answer here; decide by another one.
 * - `suspect`: permanent, but only believed after a few tries.
 * - `permanent`: the answer will be the same next time.
 */
export type ErrorKind = 'transient' | 'busy' | 'done' | 'askAnotherWay' | 'suspect' | 'permanent';

/** By the API's error name. Sources: the API reference, Cinder's and Trident's lists of retryable errors. */
const BY_NAME: Readonly<Record<string, ErrorKind>> = {
  xDBVersionMismatch: 'transient',
  xNotPrimary: 'transient',
  xDBOperationTimeout: 'transient',
  xDBConnectionLoss: 'transient',
  xRecvTimeout: 'transient',
  xRpcTimeout: 'transient',
  xNoHandler: 'transient',
  xSnapshotFailed: 'transient',
  xSliceNotRegistered: 'transient',
  xNotReadyForIO: 'transient',
  xUnknownException: 'transient',
  xInternalError: 'transient',

  xMaxClonesPerVolumeExceeded: 'busy',
  xMaxClonesPerNodeExceeded: 'busy',
  xMaxSnapshotsPerVolumeExceeded: 'busy',
  xMaxSnapshotsPerNodeExceeded: 'busy',

  xAlreadyInVolumeAccessGroup: 'done',
  xNotInVolumeAccessGroup: 'done',

  xDBNoSuchPath: 'askAnotherWay',

  xVolumeIDDoesNotExist: 'permanent',
  xSnapshotIDDoesNotExist: 'permanent',
  xVolumeAccessGroupIDDoesNotExist: 'permanent',
  xUnknownAccount: 'permanent',
  xAccountIDDoesNotExist: 'permanent',
  xQoSPolicyDoesNotExist: 'permanent',
  xVolumeShrinkProhibited: 'permanent',
  xUnknownAPIMethod: 'permanent',
  xUnknownAPIVersion: 'permanent',

  // Cinder retries the first (seen during upgrades), Trident the second (a volume that is not ready yet).
  xPermissionDenied: 'suspect',
  xAPINotPermitted: 'suspect',
  xInvalidParameter: 'suspect',
};

/** Limits of jobs that run free up by themselves; limits of things that exist do not. */
const exceededLimit = (message: string): ErrorKind =>
  /job|clone|snapshot|bulk|in progress/i.test(message) ? 'busy' : 'permanent';

/** What to do about an error: decided here and nowhere else. */
export function classify(err: unknown): { kind: ErrorKind } {
  if (err instanceof ElementApiError) {
    if (err.apiName === 'xExceededLimit') return { kind: exceededLimit(err.apiMessage) };
    return { kind: BY_NAME[err.apiName] ?? 'suspect' };
  }
  // Rotated credentials may reach the cluster and us at different moments.
  if (err instanceof ElementAuthError) return { kind: 'suspect' };
  if (err instanceof ElementTransportError) {
    return { kind: err.httpStatus === 403 || err.httpStatus === 404 ? 'suspect' : 'transient' };
  }
  if (err instanceof ElementProtocolError) return { kind: 'suspect' };
  return { kind: 'transient' };
}
