import { ElementApiError, ElementAuthError, ElementProtocolError, ElementTransportError } from './errors.ts';

/**
 * - `transient`: goes away by itself; retry with backoff.
 * - `busy`: a limit of running jobs is reached; wait in line.
 * - `done`: what was asked for is so already.
 * - `askAnotherWay`: the question has no answer here; decide by another one.
 * - `refused`: the credentials; permanent, but a rotation reaches the cluster and us at different moments.
 * - `suspect`: permanent, but only believed after a few tries.
 * - `permanent`: the answer will be the same next time.
 */
export type ErrorKind = 'transient' | 'busy' | 'done' | 'askAnotherWay' | 'refused' | 'suspect' | 'permanent';

export interface Classified {
  kind: ErrorKind;
  /** Why, as the end of "… because". */
  reason: string;
}

/** Sources: the API reference, and the lists of retryable errors of Cinder's and Trident's drivers. */
const BY_NAME = new Map<string, Classified>([
  ...as('transient', 'the cluster is loaded or its database is moving', [
    'xDBVersionMismatch',
    'xDBOperationTimeout',
    'xDBConnectionLoss',
    'xRecvTimeout',
    'xRpcTimeout',
    'xNoHandler',
    'xUnknownException',
    'xInternalError',
  ]),
  ...as('transient', 'the snapshot could not be taken at this moment', ['xNotPrimary', 'xSnapshotFailed']),
  ...as('transient', 'the volume is not ready yet', ['xSliceNotRegistered', 'xNotReadyForIO']),

  ...as('busy', 'all clone slots of the volume or node are taken', [
    'xMaxClonesPerVolumeExceeded',
    'xMaxClonesPerNodeExceeded',
  ]),
  ...as('busy', 'the volume or node has as many snapshots as it may have', [
    'xMaxSnapshotsPerVolumeExceeded',
    'xMaxSnapshotsPerNodeExceeded',
  ]),

  ...as('done', 'it is so already', ['xAlreadyInVolumeAccessGroup', 'xNotInVolumeAccessGroup']),

  ...as('askAnotherWay', 'the result was read before, or its handle never existed', ['xDBNoSuchPath']),

  ...as('permanent', 'there is no such object on the cluster', [
    'xVolumeIDDoesNotExist',
    'xSnapshotIDDoesNotExist',
    'xGroupSnapshotIDDoesNotExist',
    'xVolumeAccessGroupIDDoesNotExist',
    'xUnknownAccount',
    'xAccountIDDoesNotExist',
    'xQoSPolicyDoesNotExist',
    'xQoSPolicyIDDoesNotExist',
  ]),
  ...as('permanent', 'a volume cannot shrink', ['xVolumeShrinkProhibited']),
  ...as('permanent', 'this version of the API does not know the call', ['xUnknownAPIMethod', 'xUnknownAPIVersion']),

  // Cinder retries it: seen while a cluster is upgraded.
  ...as('suspect', 'the user may not make this call, or the cluster is being upgraded', [
    'xPermissionDenied',
    'xAPINotPermitted',
  ]),
  // Trident retries it.
  ...as('suspect', 'a parameter is wrong, or the volume is not ready yet', [
    'xInvalidParameter',
    'xInvalidAPIParameter',
  ]),
]);

/** The names of this kind that are known; `xExceededLimit` is told apart by its message. */
export const errorNames = (kind: ErrorKind): string[] =>
  [...BY_NAME].filter(([, known]) => known.kind === kind).map(([name]) => name);

/** What to do about an error: decided here and nowhere else, by the API's name of it. */
export function classify(err: unknown): Classified {
  if (err instanceof ElementApiError) {
    if (err.apiName === 'xExceededLimit') return exceededLimit(err.apiMessage);
    return BY_NAME.get(err.apiName) ?? { kind: 'suspect', reason: `nothing is known about ${err.apiName}` };
  }
  if (err instanceof ElementAuthError) {
    return { kind: 'refused', reason: 'new credentials may reach the cluster and us at different moments' };
  }
  if (err instanceof ElementTransportError) return transport(err);
  if (err instanceof ElementProtocolError) {
    return { kind: 'suspect', reason: 'the cluster does not answer as the reference of its API says' };
  }
  return { kind: 'transient', reason: 'it is no error of the cluster' };
}

function transport({ httpStatus, reason }: ElementTransportError): Classified {
  if (httpStatus === 403 || httpStatus === 404) {
    return { kind: 'suspect', reason: `HTTP ${httpStatus} comes from a wrong address or a front that is restarting` };
  }
  return { kind: 'transient', reason: `there was no usable answer (${reason})` };
}

/** Limits of things that exist, by their names in GetLimits and in words: waiting does not help. */
const OF_EXISTING =
  /volumes?(Count|Per)|(group|account|policy|initiator|pair|node|session)s?(Count|Per)|LengthM|SizeM|IOPS|(number|maximum|count) of (volumes|accounts|qos|access groups|volume access groups)/i;
/** Limits of what ends by itself: jobs, and snapshots, which expire. */
const OF_PASSING = /jobs?|clon(e|ing)|snapshot|bulk|in progress|concurrent/i;

/** One name for every limit of the cluster: only the message says which. */
function exceededLimit(message: string): Classified {
  if (!OF_EXISTING.test(message) && OF_PASSING.test(message)) {
    return { kind: 'busy', reason: 'a limit of running jobs or of snapshots is reached' };
  }
  return { kind: 'permanent', reason: 'the cluster holds as many of these as it may' };
}

function as(kind: ErrorKind, reason: string, names: readonly string[]): [string, Classified][] {
  return names.map((name) => [name, { kind, reason }]);
}
