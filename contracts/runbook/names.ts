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
/** Attempts of all steps and their items together: what keeps the history of a run small. More belongs into nested runbooks. */
export const ACTIONS_MAX = 2_000;
/** Bytes of JSON that one step may be handed, and that all outputs of a run may have together. */
export const VALUES_BYTES_MAX = 500_000;
