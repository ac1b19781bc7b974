import { z } from 'zod';
import type { ElementClient, ElementMethods } from './api.ts';
import { ElementProtocolError, ElementTransportError } from './errors.ts';
import * as cluster from './schemas/cluster.ts';
import { int } from './schemas/common.ts';
import * as jobs from './schemas/jobs.ts';
import { groupSnapshotSchema, snapshotSchema, volumeSchema } from './schemas/volume.ts';
import { createTransport, type CallOptions, type TransportOptions } from './transport.ts';
import { negotiate } from './versions.ts';

export interface ElementClientOptions extends TransportOptions {
  /** As in `/json-rpc/12.5`. Without it the newest is used that both sides know. */
  apiVersion?: string | undefined;
}

/** GetAPI is answered at any version; the vendor's own clients ask here first. */
const ANY_VERSION = '7.0';

/** API method and what its answer must hold. Members that are not used are dropped. */
const METHODS: { [K in keyof ElementMethods]: [string, z.ZodType<Awaited<ReturnType<ElementMethods[K]>>>] } = {
  getAPI: ['GetAPI', cluster.apiVersionsSchema],
  getClusterInfo: ['GetClusterInfo', z.object({ clusterInfo: cluster.clusterInfoSchema })],
  getClusterVersionInfo: ['GetClusterVersionInfo', cluster.clusterVersionInfoSchema],
  getLimits: ['GetLimits', cluster.limitsSchema],
  getClusterFullThreshold: ['GetClusterFullThreshold', cluster.clusterFullThresholdSchema],
  listActiveNodes: ['ListActiveNodes', z.object({ nodes: z.array(cluster.nodeSchema) })],
  getCurrentClusterAdmin: ['GetCurrentClusterAdmin', z.object({ clusterAdmin: cluster.clusterAdminSchema })],
  listVolumes: ['ListVolumes', z.object({ volumes: z.array(volumeSchema) })],
  modifyVolume: ['ModifyVolume', z.object({ volume: volumeSchema.optional() })],
  deleteVolume: ['DeleteVolume', z.unknown()],
  restoreDeletedVolume: ['RestoreDeletedVolume', z.unknown()],
  purgeDeletedVolume: ['PurgeDeletedVolume', z.unknown()],
  cloneVolume: ['CloneVolume', z.object({ asyncHandle: int, cloneID: int, volumeID: int })],
  cloneMultipleVolumes: [
    'CloneMultipleVolumes',
    z.object({
      asyncHandle: int,
      groupCloneID: int,
      members: z.array(z.object({ srcVolumeID: int, volumeID: int })),
    }),
  ],
  copyVolume: ['CopyVolume', z.object({ asyncHandle: int, cloneID: int })],
  cancelClone: ['CancelClone', z.unknown()],
  cancelGroupClone: ['CancelGroupClone', z.unknown()],
  createSnapshot: ['CreateSnapshot', z.object({ snapshotID: int })],
  listSnapshots: ['ListSnapshots', z.object({ snapshots: z.array(snapshotSchema) })],
  modifySnapshot: ['ModifySnapshot', z.unknown()],
  deleteSnapshot: ['DeleteSnapshot', z.unknown()],
  rollbackToSnapshot: ['RollbackToSnapshot', z.unknown()],
  createGroupSnapshot: [
    'CreateGroupSnapshot',
    z.object({ groupSnapshotID: int, members: z.array(z.object({ volumeID: int, snapshotID: int })) }),
  ],
  listGroupSnapshots: ['ListGroupSnapshots', z.object({ groupSnapshots: z.array(groupSnapshotSchema) })],
  deleteGroupSnapshot: ['DeleteGroupSnapshot', z.unknown()],
  getAsyncResult: ['GetAsyncResult', jobs.asyncResultSchema],
  listAsyncResults: ['ListAsyncResults', z.object({ asyncHandles: z.array(jobs.asyncHandleSchema) })],
  listSyncJobs: ['ListSyncJobs', jobs.listSyncJobsSchema],
  listVolumeAccessGroups: [
    'ListVolumeAccessGroups',
    z.object({ volumeAccessGroups: z.array(cluster.volumeAccessGroupSchema) }),
  ],
  addVolumesToVolumeAccessGroup: ['AddVolumesToVolumeAccessGroup', z.unknown()],
  removeVolumesFromVolumeAccessGroup: ['RemoveVolumesFromVolumeAccessGroup', z.unknown()],
  getAccountByID: ['GetAccountByID', z.object({ account: cluster.accountSchema })],
  listAccounts: ['ListAccounts', z.object({ accounts: z.array(cluster.accountSchema) })],
  listQoSPolicies: ['ListQoSPolicies', z.object({ qosPolicies: z.array(cluster.qosPolicySchema) })],
  getQoSPolicy: ['GetQoSPolicy', z.object({ qosPolicy: cluster.qosPolicySchema })],
  listISCSISessions: ['ListISCSISessions', z.object({ sessions: z.array(cluster.iscsiSessionSchema) })],
};

/** A client of one cluster over one pool of connections. It holds no password where an inspector could see it. */
export function createElementClient(options: ElementClientOptions): ElementClient {
  const transport = createTransport(options);
  let negotiated: Promise<string> | undefined;

  const negotiateOnce = (): Promise<string> => {
    negotiated ??= transport
      .call(ANY_VERSION, 'GetAPI', {})
      .then((answer) => {
        const { supportedVersions, currentVersion } = check('GetAPI', cluster.apiVersionsSchema, answer);
        return negotiate(supportedVersions, currentVersion);
      })
      .catch((err: unknown) => {
        negotiated = undefined;
        throw withoutEffect(err);
      });
    return negotiated;
  };

  const apiVersion = (call?: CallOptions): Promise<string> =>
    options.apiVersion === undefined
      ? unlessAborted(negotiateOnce(), call?.signal)
      : Promise.resolve(options.apiVersion);

  const call = async <T>(method: string, params: object, schema: z.ZodType<T>, o?: CallOptions): Promise<T> =>
    check(method, schema, await transport.call(await apiVersion(o), method, params, o));

  const methods = Object.fromEntries(
    Object.entries(METHODS).map(([name, [method, schema]]) => [
      name,
      (params: object, o?: CallOptions) => call<unknown>(method, params ?? {}, schema, o),
    ]),
  ) as unknown as ElementMethods;

  return { ...methods, call, apiVersion, clockSkewMs: () => transport.clockSkewMs(), close: () => transport.close() };
}

function check<T>(method: string, schema: z.ZodType<T>, answer: unknown): T {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ElementProtocolError(
    method,
    issue?.path.map(String).join('.') || 'result',
    issue?.message ?? 'not as expected',
  );
}

/** The call that waited for the negotiation was never made. */
const withoutEffect = (err: unknown): unknown =>
  err instanceof ElementTransportError
    ? new ElementTransportError(err.method, err.reason, err.detail, { httpStatus: err.httpStatus, mayHaveActed: false })
    : err;

/** One negotiation serves many callers: that one of them leaves does not end it for the others. */
async function unlessAborted<T>(shared: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return shared;
  let leave = () => {};
  const left = new Promise<never>((_resolve, reject) => {
    leave = () =>
      reject(
        new ElementTransportError('GetAPI', 'aborted', 'the call was cut short by its caller', { mayHaveActed: false }),
      );
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
  });
  try {
    return await Promise.race([shared, left]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
