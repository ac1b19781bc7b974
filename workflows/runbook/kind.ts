import { STEP_KINDS, type Json, type RunbookAction, type StepKind } from '../../contracts/runbook/types.ts';

/** What an action does. */
export const kindOf = (action: RunbookAction): StepKind => STEP_KINDS.find((kind) => action[kind] !== undefined)!;

export const fieldsOf = (action: RunbookAction): { [field: string]: Json } => action[kindOf(action)]!;
