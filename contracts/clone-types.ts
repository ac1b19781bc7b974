import type { CloneFanOutResult } from './clone-fan-out-result.ts';
import type { CloneFanOutRequest } from './clone-fan-out.ts';
import type { CloneGroupResult } from './clone-group-result.ts';
import type { CloneGroupRequest } from './clone-group.ts';
import type { CloneVolumeResult } from './clone-result.ts';
import type { CloneVolumeRequest } from './clone-volume.ts';
import type { RefreshCloneResult } from './refresh-clone-result.ts';
import type { RefreshCloneRequest } from './refresh-clone.ts';
import type { CloneLeaseRequest } from './clone-lease.ts';
import type { CopyVolumeResult, UndoCopyResult } from './copy-result.ts';
import type { CopyVolumeRequest, UndoCopyRequest } from './copy-volume.ts';
import type { CloneLeaseResult } from './lease.ts';
import type { RunbookRequest, RunbookResult } from './runbook/types.ts';

/** Request and result of each workflow type that makes clones, or copies onto a volume that is there. */
export interface CloneTypes {
  cloneVolume: { request: CloneVolumeRequest; result: CloneVolumeResult };
  cloneFanOut: { request: CloneFanOutRequest; result: CloneFanOutResult };
  copyVolume: { request: CopyVolumeRequest; result: CopyVolumeResult };
  cloneGroup: { request: CloneGroupRequest; result: CloneGroupResult };
  refreshClone: { request: RefreshCloneRequest; result: RefreshCloneResult };
}

export type CloneType = keyof CloneTypes;
export type RequestOf<T extends CloneType = CloneType> = CloneTypes[T]['request'];
export type ResultOf<T extends CloneType = CloneType> = CloneTypes[T]['result'];

/** The same of everything that others start. */
export interface WorkflowTypes extends CloneTypes {
  undoCopy: { request: UndoCopyRequest; result: UndoCopyResult };
  cloneLease: { request: CloneLeaseRequest; result: CloneLeaseResult };
  runbook: { request: RunbookRequest; result: RunbookResult };
}
