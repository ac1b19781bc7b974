/** Public entry `element-clone/element`: a typed client of the Element API. */
export type * from './api.ts';
export { accessTypesFor, isAccessKnown, isPermissionError, missingAccess, type ApiMethod } from './access.ts';
export { classify, type Classified, type ErrorKind } from './classify.ts';
export { createElementClient, type ElementClientOptions } from './client.ts';
export * from './errors.ts';
export type {
  Account,
  ApiVersions,
  ClusterAdmin,
  ClusterFullThreshold,
  ClusterInfo,
  ClusterVersionInfo,
  ISCSISession,
  Limits,
  Node,
  QoSPolicy,
  VolumeAccessGroup,
} from './schemas/cluster.ts';
export type { AsyncHandle, AsyncResult, CloneJob } from './schemas/jobs.ts';
export type { GroupSnapshot, QoS, Snapshot, Volume } from './schemas/volume.ts';
export { isFingerprint, tlsConnector, type TlsOptions } from './tls.ts';
export type { Credentials, CredentialsProvider } from './credentials.ts';
export type { CallInfo, CallOptions } from './transport.ts';
export { compareVersions, minimumApiVersion, NEWEST_KNOWN_VERSION } from './versions.ts';
