/** Names that cross a boundary. This file imports nothing, so workflow code may use it at run time. */

/** Task queue unless `ELEMENT_CLONE_TASK_QUEUE` says otherwise. */
export const DEFAULT_TASK_QUEUE = 'element-clone';

export const WORKFLOW = {
  cloneVolume: 'cloneVolume',
  cloneGroup: 'cloneGroup',
  cloneFanOut: 'cloneFanOut',
  copyVolume: 'copyVolume',
  /** Takes a copy back. */
  undoCopy: 'undoCopy',
  refreshClone: 'refreshClone',
  /** The line for the clone slots of one cluster: contracts/slots.ts. */
  cloneSlots: 'cloneSlots',
  /** A dry run: contracts/dry-run.ts. */
  planClones: 'planClones',
  findOrphans: 'findOrphans',
  removeOrphans: 'removeOrphans',
  takeInventory: 'takeInventory',
  cloneLease: 'cloneLease',
  /** One run of a schedule: contracts/scheduled-run.ts. */
  scheduledRun: 'scheduledRun',
  /** A document of steps: contracts/runbook/types.ts. */
  runbook: 'runbook',
} as const;

/** Search attributes, set only on transitions. The numbers are Temporal's IndexedValueType. */
export const SEARCH_ATTRIBUTE_TYPES = {
  ElementCluster: 'KEYWORD',
  ElementPhase: 'KEYWORD',
  ElementSourceVolumeID: 'INT',
  ElementCloneVolumeID: 'INT',
  ElementSeries: 'KEYWORD',
} as const;

export const PHASES = [
  'waiting',
  'snapshotting',
  'cloning',
  'modifying',
  'granting',
  'done',
  'failed',
  'cancelled',
] as const;
export type Phase = (typeof PHASES)[number];

/** `ApplicationFailure.type` of what a workflow or an activity of ours throws. */
export const FAILURE = {
  /** The clone failed; `details[0]` is a `CloneFailureDetails`. */
  cloneFailed: 'CloneFailed',
  /** The request cannot be done as it stands; nothing was created. `details[0]` is a `string[]` of faults. */
  invalidRequest: 'InvalidRequest',
  /** The same requestId was used before for a different request. */
  requestConflict: 'RequestConflict',
  /** Not yet: look again later. Benign. */
  notReady: 'CloneNotReady',
  /** A clone or snapshot limit of the cluster is reached. Benign. */
  busy: 'ElementBusy',
  /** A fault that goes away by itself: retried. */
  transient: 'ElementTransient',
  /** Something the cluster will answer in the same way next time. */
  permanent: 'ElementPermanent',
  /** The clone job ended with an error inside its async result. */
  cloneJobFailed: 'CloneJobFailed',
  /** The snapshot expired or was deleted before the cluster accepted the clone. */
  snapshotGone: 'SnapshotGone',
  /** Nothing tells how the copy onto a volume ended. */
  copyOutcomeUnknown: 'CopyOutcomeUnknown',
  /** The copy that serves the key was taken back since. */
  takenBack: 'CopyTakenBack',
  /** A hook said no, or gave no answer in time. */
  hookFailed: 'HookFailed',
  /** The volume is not in the requested state. */
  verifyFailed: 'VerifyFailed',
  /** The lease can no longer be changed: its volume is being deleted. */
  leaseOver: 'LeaseOver',
  /** The runbook failed; `details[0]` is a `RunbookFailureDetails`. */
  runbookFailed: 'RunbookFailed',
  /** The steps of this cluster are taken on another task queue: `details[0]` is an `Elsewhere`. Benign. */
  servedElsewhere: 'ServedElsewhere',
  /** Nobody waits for this decision, or not from this person. */
  decisionRefused: 'DecisionRefused',
} as const;

/** Memo fields, shown by `list` and `show` without reading the history. */
export const MEMO = {
  request: 'request',
  /** A `LeaseView`. */ lease: 'lease',
  /** `WaitingApproval[]`: the decisions that a runbook waits for, as many as have room. */ approvals: 'approvals',
  /** How many decisions more it waits for. */
  moreApprovals: 'moreApprovals',
} as const;

/** The one volume or snapshot attribute that marks what this service made. */
export const TAG_ATTRIBUTE = 'element-clone';

/** All attributes of a volume together must be smaller than this, in bytes of JSON (CreateVolume). */
export const ATTRIBUTES_BYTES_MAX = 1000;

/** Of 1 (first in line for a clone slot) to 5. */
export const DEFAULT_PRIORITY = 3;

export const DEFAULT_DEADLINE = '24h';
/** How long the way back of a copy is kept. */
export const DEFAULT_UNDO_EXPIRY = '24h';
/** How long the cluster keeps our snapshot when nobody removes it: the safety net behind the clean-up. */
export const DEFAULT_SNAPSHOT_EXPIRY = '24h';
