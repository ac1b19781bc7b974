/** Public entry `element-clone/client`: start, watch and list clones from another service. */
export { CloneClient, type CloneClientOptions, type ListOptions } from './clone-client.ts';
export { CloneHandle, type ProgressOptions, type ResultOptions } from './clone-handle.ts';
export type { ConnectOptions } from './connect.ts';
export type { CloneDescription, CloneSummary, ExecutionStatus, PendingStepView } from './description.ts';
export * from './errors.ts';
export type { Inventory, InventoryClone, InventoryOptions } from './inventory.ts';
export { Leases, type LeaseDescription, type LeaseListOptions, type LeaseSummary } from './leases.ts';
export type { LeaseReference } from './find-lease.ts';
export type { OrphansFound, OrphansOptions, OrphanView, RemoveOrphansOptions } from './orphans.ts';
export type { CloneProgressView, CloneStep } from './progress-view.ts';
export * from './runbook-errors.ts';
export { RunbookFileError } from './runbook-file/errors.ts';
export { loadRunbook, type LoadOptions } from './runbook-file/load.ts';
export type { FileFault } from './runbook-file/source.ts';
export { RunbookHandle, type RunbookView } from './runbook-handle.ts';
export { Runbooks, type RunbookListOptions, type RunbookSummary } from './runbooks.ts';
export { differenceText, type Difference } from './schedules/difference.ts';
export * from './schedules/errors.ts';
export type { ScheduleInput, ScheduleTimes } from './schedules/input.ts';
export { SCHEDULE_TYPES, type ScheduledRequest, type ScheduleType } from './schedules/kinds.ts';
export type { RunState, ScheduleRun } from './schedules/runs.ts';
export type {
  BackfillOptions,
  ScheduleCreated,
  ScheduleFilter,
  Schedules,
  ScheduleSummary,
  ScheduleUpdated,
  ScheduleView,
} from './schedules/schedules.ts';
export { STATUSES, type ListFilter, type Status } from './visibility.ts';
export type { CloneType, RequestOf, ResultOf } from '../contracts/clone-types.ts';
export type { CloneGroupRequest } from '../contracts/clone-group.ts';
export type { CloneGroupResult, FailedMember, GroupMember } from '../contracts/clone-group-result.ts';
export type { CloneVolumeRequest } from '../contracts/clone-volume.ts';
export type { CopyVolumeRequest, UndoCopyRequest } from '../contracts/copy-volume.ts';
export type { CopyVolumeResult, UndoCopyResult } from '../contracts/copy-result.ts';
export type { UndoCopyOptions } from './undo-copy.ts';
export type { CloneVolumeResult, ClonedVolume } from '../contracts/clone-result.ts';
export type {
  CloneLeaseResult,
  LeaseExtension,
  LeaseOfClone,
  LeaseOutcome,
  LeaseRelease,
  LeaseState,
  LeaseView,
} from '../contracts/lease.ts';
export type {
  ApprovalDecision,
  RunbookDocument,
  RunbookInput,
  RunbookRequest,
  RunbookResult,
  RunbookStep,
  StepState,
  WaitingApproval,
} from '../contracts/runbook/types.ts';
export type { RefreshCloneRequest } from '../contracts/refresh-clone.ts';
export type { Generation, KeptBack, MovedGroup, RefreshCloneResult } from '../contracts/refresh-clone-result.ts';
export type { InventoryItem } from '../contracts/inventory.ts';
export type {
  ClusterFailure,
  Includable,
  Orphan,
  OrphanRef,
  OrphanRemoval,
  OrphanVerdict,
} from '../contracts/orphans.ts';
export type {
  CloneFailureDetails,
  CopyFailureDetails,
  FailureDetails,
  GroupFailureDetails,
  LeftBehind,
  RefreshFailureDetails,
  RunbookFailureDetails,
} from '../contracts/failure.ts';
export type { OverlapPolicy, ScheduleDefinition } from '../contracts/schedule.ts';
export type { Phase } from '../contracts/names.ts';
export type { MemberProgress, ProgressView } from '../contracts/progress.ts';
