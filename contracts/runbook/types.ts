/**
 * A runbook as data: what the YAML document says, checked. This file imports only types, so workflow code may use it.
 *
 * Text in the fields of a step may hold expressions in CEL: `${…}`. A text that is one expression and nothing else
 * becomes its value, of whatever type; otherwise values are put into the text. `$${` is a literal `${`.
 * `when`, `forEach` and `until` are expressions themselves, written bare or as `${…}`.
 *
 * In scope: `inputs.NAME`; `steps.ID.FIELD`, the outputs of an earlier step, and `steps.ID.outcome`; `run.id`,
 * `run.requestId`, `run.startedAt`; in a step with `forEach` also `item` and `index`; in `undo` also the step's own
 * outputs by `steps.ID`.
 */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Expressions allowed anywhere within. */
export type Template = Json;

export const INPUT_TYPES = [
  'string',
  'integer',
  'number',
  'boolean',
  'volumeID',
  'cluster',
  'duration',
  'list',
  'object',
] as const;
export type InputType = (typeof INPUT_TYPES)[number];

export interface RunbookInput {
  type: InputType;
  description?: string;
  /** Without it the input must be given. */
  default?: Json;
  /** The values that are allowed. */
  enum?: Json[];
}

/** One key of a step says what it does. */
export const STEP_KINDS = [
  'clone',
  'group',
  'fanOut',
  'copy',
  'refresh',
  'snapshot',
  'modify',
  'grant',
  'revoke',
  'delete',
  'lease',
  'wait',
  'approval',
  'http',
  'runbook',
  'workflow',
] as const;
export type StepKind = (typeof STEP_KINDS)[number];

/** What a step does: exactly one kind, with its fields (contracts/runbook/actions.ts has their schemas). */
export type RunbookAction = { [K in StepKind]?: { [field: string]: Template } };

export interface RunbookRetry {
  /** Attempts in all. */
  attempts: number;
  /** Duration before the second attempt; doubled after each. @default "10s" */
  delay?: string;
}

export interface RunbookStep extends RunbookAction {
  /** Unique: letters, digits and `_`, so that `steps.ID` is an expression. */
  id: string;
  /** For people: shown in place of the id. */
  title?: string;
  /** Steps that must have succeeded before (with `always`: ended). Steps that do not need each other run in parallel. */
  needs?: string[];
  /** Expression of a boolean: when false, the step is skipped, and counts as done for those that need it. */
  when?: string;
  /** Expression of a list: the step is done once for each, at most `parallel` at a time. Outputs: `{items: […]}`, in order. */
  forEach?: string;
  /** @default 10 */
  parallel?: number;
  /** Runs also when the run failed or was cancelled, once what it needs has ended. */
  always?: boolean;
  /** The run goes on when the step fails; `steps.ID.outcome` is then "failed". */
  allowFailure?: boolean;
  retry?: RunbookRetry;
  /** Duration of one attempt, after which it fails. */
  timeout?: string;
  /** Done when the run fails or is cancelled after this step had begun to act: in the reverse order in which the steps ended. */
  undo?: RunbookAction & { retry?: RunbookRetry; timeout?: string };
}

export interface RunbookDocument {
  name: string;
  description?: string;
  inputs?: Record<string, RunbookInput>;
  /** For steps that do not name one. May be an expression of inputs. */
  cluster?: string;
  steps: RunbookStep[];
  /** The result of the run: templates of `inputs` and `steps`. */
  outputs?: Record<string, Template>;
  /** Duration of the whole run, after which it is cancelled and undone. @default "7d" */
  timeout?: string;
}

/** Argument of the workflow type `runbook`. */
export interface RunbookRequest {
  runbook: RunbookDocument;
  inputs?: Record<string, Json>;
  /** As for clones: the same one twice is the same run. @default made by the client */
  requestId?: string;
  requestedBy?: string;
}

export const STEP_OUTCOMES = ['pending', 'waiting', 'running', 'succeeded', 'failed', 'skipped', 'cancelled'] as const;
export type StepOutcome = (typeof STEP_OUTCOMES)[number];

/** How a step stands: one line of the tree (query, memo-free; current details show the same). */
export interface StepState {
  id: string;
  kind: StepKind;
  title?: string;
  needs: string[];
  outcome: StepOutcome;
  /** ISO 8601. */
  startedAt?: string;
  endedAt?: string;
  /** One line: what it waits for, how far it is, why it failed. */
  note?: string;
  /** ID of the child workflow. */
  workflowID?: string;
  /** With `forEach`: how many are done, of how many. */
  items?: { done: number; of: number };
  /** How the undo of the step ended. */
  undo?: StepOutcome;
  /** An approval that waits: who may give it, and until when. */
  approval?: { from: string[]; until?: string };
}

export interface RunbookResult {
  name: string;
  outputs: Record<string, Json>;
  steps: StepState[];
}

/** The update `decide` of a run: an approval given or refused. */
export interface ApprovalDecision {
  step: string;
  decision: 'approve' | 'reject';
  /** Who decides. */
  who: string;
  comment?: string;
}

/** An approval that a run waits for, as its memo has it. */
export interface WaitingApproval {
  step: string;
  from: string[];
  message?: string;
  /** ISO 8601. */
  until?: string;
}
