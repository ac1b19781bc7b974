/**
 * A refusal by the cluster. Every system error of Element carries code 500; only the name tells them apart.
 * Source: `reference_element_api_error`.
 */
export class ElementError extends Error {
  override readonly name = 'ElementError' as const;
  /** The API's own name of the error, such as `xVolumeIDDoesNotExist`. */
  readonly apiName: string;

  constructor(apiName: string, message: string) {
    super(message);
    this.apiName = apiName;
  }
}

export const noSuchVolume = (volumeID: number): ElementError =>
  new ElementError('xVolumeIDDoesNotExist', `VolumeID ${volumeID} does not exist.`);

export const noSuchSnapshot = (snapshotID: number): ElementError =>
  new ElementError('xSnapshotIDDoesNotExist', `SnapshotID ${snapshotID} does not exist.`);

export const noSuchGroupSnapshot = (groupSnapshotID: number): ElementError =>
  new ElementError('xGroupSnapshotIDDoesNotExist', `GroupSnapshotID ${groupSnapshotID} does not exist.`);

export const noSuchAccessGroup = (volumeAccessGroupID: number): ElementError =>
  new ElementError('xVolumeAccessGroupIDDoesNotExist', `VolumeAccessGroupID ${volumeAccessGroupID} does not exist.`);

/** The message really is the bare name: the vendor SDK's own tests compare it. */
export const unknownAccount = (): ElementError => new ElementError('xUnknownAccount', 'xUnknownAccount');

export const noSuchQoSPolicy = (qosPolicyID: number): ElementError =>
  new ElementError('xQoSPolicyDoesNotExist', `QoSPolicyID ${qosPolicyID} does not exist.`);

/** Wording as in the GetAsyncResult page's example of a handle that is gone. */
export const noSuchAsyncResult = (asyncHandle: number): ElementError =>
  new ElementError(
    'xDBNoSuchPath',
    `DBClient operation requested on a non-existent path at [/asyncresults/${asyncHandle}]`,
  );

export const invalidParameter = (message: string): ElementError => new ElementError('xInvalidParameter', message);

/** Parameters that are each valid but may not be given together, or are not of this method. */
export const invalidApiParameter = (message: string): ElementError => new ElementError('xInvalidAPIParameter', message);

export const exceededLimit = (limit: string, max: number): ElementError =>
  new ElementError('xExceededLimit', `Exceeded limit ${limit} of ${max}.`);

export const notReady = (volumeID: number): ElementError =>
  new ElementError('xNotReadyForIO', `Volume ${volumeID} is not ready for I/O.`);
