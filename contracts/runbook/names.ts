/** Names and bounds of runbooks. This file imports nothing, so workflow code may use it at run time. */

export const RUNBOOK = {
  /** Update: ApprovalDecision → StepState. An approval given or refused. */
  decide: 'decide',
  /** Query: → StepState[]. The steps as they stand, in the order of the document. */
  steps: 'steps',
} as const;

export const DEFAULT_RUNBOOK_TIMEOUT = '7d';
/** Of a step that undoes, or that runs always, when it has none: else a run that failed might never end. */
export const DEFAULT_UNDO_TIMEOUT = '24h';
export const DEFAULT_RETRY_DELAY = '10s';
/** No pause between two attempts is longer, in milliseconds. */
export const RETRY_DELAY_MAX_MS = 3_600_000;
/** Items of one step that are under way at once. */
export const DEFAULT_PARALLEL = 10;
/**
 * Attempts of all steps and their items together: what keeps the history of a run below the 51 200 events that Temporal
 * takes, with one attempt to undo each. More belongs into nested runbooks.
 */
export const ACTIONS_MAX = 1_000;
/** The same for steps that run always, and for undoing more than once, so that a run which has used up its own is undone. */
export const MORE_ACTIONS_MAX = 500;
/** Bytes of its history after which a run begins nothing more, so that it can still be undone: Temporal takes 50 MB. */
export const HISTORY_BYTES_MAX = 30_000_000;
/**
 * Bytes of JSON of the approvals in the memo of a run, which is written anew, and kept in the history, whenever one of up to
 * 500 begins or ends.
 */
export const APPROVALS_BYTES_MAX = 8_192;
/** Bytes of JSON that one step may be handed, and that all outputs of a run may have together. */
export const VALUES_BYTES_MAX = 500_000;
