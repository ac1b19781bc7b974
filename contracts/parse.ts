import { parseCloneFanOutRequest } from './clone-fan-out.ts';
import { parseCloneGroupRequest } from './clone-group.ts';
import { parseCloneLeaseRequest } from './clone-lease.ts';
import type { WorkflowTypes } from './clone-types.ts';
import { parseCloneVolumeRequest } from './clone-volume.ts';
import { parseCopyVolumeRequest, parseUndoCopyRequest } from './copy-volume.ts';
import { parseRefreshCloneRequest } from './refresh-clone.ts';
import { parseRunbookRequest } from './runbook/check.ts';

/** By workflow type: the request, checked. Each throws `InvalidRequestError` with every fault at once. */
export const PARSE: { [T in keyof WorkflowTypes]: (input: unknown) => WorkflowTypes[T]['request'] } = {
  cloneVolume: parseCloneVolumeRequest,
  cloneGroup: parseCloneGroupRequest,
  cloneFanOut: parseCloneFanOutRequest,
  copyVolume: parseCopyVolumeRequest,
  undoCopy: parseUndoCopyRequest,
  refreshClone: parseRefreshCloneRequest,
  cloneLease: parseCloneLeaseRequest,
  runbook: parseRunbookRequest,
};
