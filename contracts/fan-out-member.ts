import type { CloneFanOutRequest } from './clone-fan-out.ts';
import type { CloneVolumeRequest } from './clone-volume.ts';
import { defined, overShared } from './members.ts';
import { memberRequestID } from './workflow-id.ts';

/** One clone of a fan-out as a request for a clone by itself: what preflight checks and the member's workflow gets. */
export function fanOutMember(
  request: CloneFanOutRequest,
  index: number,
  { key, snapshotID }: { key: string; snapshotID?: number },
): CloneVolumeRequest {
  const member = request.clones[index]!;
  const { cluster, volumeID, deadline, onFailure, requestedBy, priority } = request;
  return {
    cluster,
    volumeID,
    name: member.name,
    ...overShared(request, member),
    ...defined({ snapshotID: snapshotID ?? request.snapshotID, deadline, onFailure, requestedBy, priority }),
    requestId: memberRequestID(key, index, member.name),
  };
}
