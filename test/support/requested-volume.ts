import type { CloneVolumeRequest } from '../../contracts/clone-volume.ts';
import { withoutTag } from '../../contracts/tag.ts';
import type { StateView } from '../../simulator/index.ts';

type ApiObject = { [field: string]: unknown };

/** What of a request decides how the clone looks in the end. */
export type RequestedFields = Pick<
  CloneVolumeRequest,
  | 'volumeID'
  | 'name'
  | 'access'
  | 'attributes'
  | 'enable512e'
  | 'newAccountID'
  | 'newSize'
  | 'snapshotID'
  | 'modify'
  | 'volumeAccessGroups'
>;

const wholeMiB = (bytes: number) => Math.ceil(bytes / 1_048_576) * 1_048_576;

/** The volume that a request asks for, worked out from the cluster as it was before, not from anything the product says. */
export function requestedVolume(request: RequestedFields, before: StateView): Record<string, unknown> {
  const source = before.volumes.find((v) => v.volumeID === request.volumeID) as ApiObject | undefined;
  if (source === undefined) throw new Error(`the cluster had no volume ${request.volumeID}`);
  const snapshot = before.snapshots.find((s) => s.snapshotID === request.snapshotID) as ApiObject | undefined;
  const modify = request.modify ?? {};
  const policy = before.qosPolicies.find((p) => p['qosPolicyID'] === modify.qosPolicyID);
  const groups = (request.volumeAccessGroups ?? []).map(
    (want) => before.accessGroups.find((g) => g.volumeAccessGroupID === want || g.name === want)?.volumeAccessGroupID,
  );
  return {
    name: request.name,
    status: 'active',
    access: modify.access ?? request.access ?? source['access'],
    accountID: modify.accountID ?? request.newAccountID ?? source['accountID'],
    totalSize: wholeMiB(modify.totalSize ?? request.newSize ?? ((snapshot ?? source)['totalSize'] as number)),
    enable512e: request.enable512e ?? source['enable512e'],
    qos: policy?.['qos'] ?? { ...(source['qos'] as object), ...modify.qos },
    qosPolicyID: modify.qos === undefined ? (modify.qosPolicyID ?? source['qosPolicyID']) : null,
    volumeAccessGroups: groups.toSorted((x, y) => x! - y!),
    content: (snapshot ?? source)['content'],
    attributes: modify.attributes ?? request.attributes ?? withoutTag(source['attributes'] as ApiObject),
  };
}
