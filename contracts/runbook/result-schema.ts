import { z } from 'zod';
import type { RunbookFailureDetails } from '../failure.ts';
import { anyJSON, text } from '../fields.ts';
import { leftBehindSchema } from '../result-schemas.ts';
import { STEP_KINDS, STEP_OUTCOMES, type RunbookResult, type StepState } from './types.ts';

/*
 * What runs of runbooks give, for other languages: the words are those of the interfaces.
 */

const string = z.string();
const maybe = <S extends z.ZodType>(schema: S) => z.exactOptional(schema);
const outcome = z.enum(STEP_OUTCOMES);

export const stepStateSchema = z
  .object({
    id: string,
    kind: z.enum(STEP_KINDS),
    title: maybe(string),
    needs: z.array(string),
    outcome,
    startedAt: maybe(string),
    endedAt: maybe(string),
    note: maybe(string),
    workflowID: maybe(string),
    items: maybe(z.object({ done: z.int(), of: z.int() })),
    undo: maybe(outcome),
    approval: maybe(z.object({ from: z.array(string), until: maybe(string) })),
  })
  .meta({ id: 'StepState' }) satisfies z.ZodType<StepState>;

export const runbookResultSchema = z
  .object({ name: string, outputs: z.record(string, anyJSON), steps: z.array(stepStateSchema) })
  .meta({ id: 'RunbookResult' }) satisfies z.ZodType<RunbookResult>;

export const runbookFailureSchema = z
  .object({
    runbook: string,
    step: string,
    cancelled: z.boolean(),
    undone: z.array(string),
    leftBehind: z.array(leftBehindSchema),
    steps: z.array(stepStateSchema),
  })
  .meta({ id: 'RunbookFailureDetails' }) satisfies z.ZodType<RunbookFailureDetails>;

/** Argument of the update `decide`. Workflow code checks it by itself. */
export const approvalDecisionSchema = z.object({
  step: text(41).describe('ID of the approval.'),
  decision: z.enum(['approve', 'reject']).describe('A step that is rejected fails.'),
  who: text(64).describe('Who decides: one of those whom the step names.'),
  comment: z.string().max(1_000).optional().describe('Why; kept with the run.'),
});
