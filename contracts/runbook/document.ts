import { z } from 'zod';
import { durationSchema } from '../duration-schema.ts';
import { always, anyJSON, must, text } from '../fields.ts';
import { ACTIONS, DAYS_MAX } from './actions.ts';
import { EXPRESSION_MAX } from './cel.ts';
import { inputsSchema, inputValuesSchema, MUST_BE_NAME, NAME } from './input.ts';
import { STEP_KINDS, type StepKind } from './types.ts';

/*
 * The schema of a document: its structure, which is what is checked by it, and with the fields of each kind of step, which
 * is what is published.
 */

export const STEPS_MAX = 500;
export const ATTEMPTS_MAX = 100;
/** Documents within documents. */
export const NESTED_MAX = 5;
const OUTPUTS_MAX = 100;
/** Longest pause between two attempts. */
const DELAY_DAYS_MAX = 1 / 24;

type Kinds = Record<StepKind, z.ZodType>;

const WORDS: Record<StepKind, string> = {
  clone: 'Clones a volume: the request of cloneVolume.',
  group: 'Clones volumes at one moment: the request of cloneGroup.',
  fanOut: 'Makes many clones of one volume: the request of cloneFanOut.',
  copy: 'Overwrites a volume with the content of another one: the request of copyVolume.',
  refresh: 'Makes a new generation of a series: the request of refreshClone.',
  snapshot: 'Takes a snapshot, of one volume or of several at the same moment.',
  modify: 'Changes a volume by ModifyVolume.',
  grant: 'Puts a volume into volume access groups.',
  revoke: 'Takes a volume out of volume access groups.',
  delete: 'Deletes a volume or a snapshot of this service; never purges.',
  lease: 'Starts, extends or ends the lease of a clone.',
  wait: 'Waits: for a while, until a time, or until something is true of a volume.',
  approval: 'Waits until somebody has agreed.',
  http: `Calls a hook of the worker's configuration.`,
  runbook: 'Runs another document.',
  workflow: 'Runs any Temporal workflow.',
};

const optional = (kinds: Kinds) =>
  Object.fromEntries(STEP_KINDS.map((kind) => [kind, kinds[kind].optional().describe(WORDS[kind])])) as {
    [K in StepKind]: z.ZodOptional<z.ZodType>;
  };

const retry = z
  .strictObject(
    {
      attempts: z
        .int(must(`how many attempts in all, 1 to ${ATTEMPTS_MAX}`))
        .min(1, { error: 'must be a whole number, 1 or more' })
        .max(ATTEMPTS_MAX, { error: `must be at most ${ATTEMPTS_MAX}` })
        .describe('Attempts in all.'),
      delay: durationSchema(DELAY_DAYS_MAX)
        .optional()
        .describe('Before the second attempt; doubled after each. Default: "10s".'),
    },
    { error: 'must be an object such as {attempts: 3, delay: 10s}' },
  )
  .optional()
  .describe('Tries again what fails.');
const timeout = durationSchema(DAYS_MAX).optional();

const doesOneThing = (of: object): string | undefined => {
  const kinds = STEP_KINDS.filter((kind) => (of as Record<string, unknown>)[kind] !== undefined);
  if (kinds.length === 1) return undefined;
  return `must do exactly one of ${STEP_KINDS.join(', ')}, not ${kinds.join(' and ') || 'nothing'}`;
};
const oneThing = (of: object, ctx: z.RefinementCtx) => {
  const message = doesOneThing(of);
  if (message !== undefined) ctx.addIssue({ code: 'custom', message });
};
const ONE_THING = { oneOf: STEP_KINDS.map((kind) => ({ required: [kind] })) };

const expression = (what: string) =>
  z
    .string({ error: `must be an expression of ${what}` })
    .min(1, { error: `must be an expression of ${what}` })
    // Checked where expressions are, which say how long they are.
    .meta({ maxLength: EXPRESSION_MAX });
const bool = (words: string) => z.boolean({ error: 'must be true or false' }).optional().describe(words);

const stepSchema = (kinds: Kinds) =>
  z
    .strictObject(
      {
        id: z
          .string(must('the ID of the step'))
          .regex(NAME, { error: MUST_BE_NAME })
          .describe('Unique; what others call it by: `needs: [ID]`, `${steps.ID.…}`.'),
        title: text(200)
          .refine((t) => !t.includes('${'), { error: 'cannot have expressions; write text alone' })
          .optional()
          .describe('For people: shown beside the ID. No expressions.'),
        needs: z
          .array(z.string({ error: 'must be the ID of a step' }).max(200, { error: 'must be the ID of a step' }), {
            error: 'must be a list of IDs of steps',
          })
          .max(STEPS_MAX)
          .optional()
          .describe('Steps that come before. Steps that do not need each other run in parallel.'),
        when: expression('true or false').optional().describe('Expression: when it is false the step is skipped.'),
        forEach: expression('a list')
          .optional()
          .describe('Expression of a list: the step is done for each `item` of it.'),
        parallel: z
          .int({ error: 'must be a whole number, 1 or more' })
          .min(1, { error: 'must be a whole number, 1 or more' })
          .max(1_000, { error: 'must be at most 1000' })
          .optional()
          .describe('With forEach: how many items are under way at once. Default: 10.'),
        always: bool('Runs also when the run failed or was cancelled, once what it needs has ended.'),
        allowFailure: bool('The run goes on when the step fails; its outcome is then "failed".'),
        retry,
        timeout: timeout.describe('Of one attempt, after which it fails.'),
        undo: z
          .strictObject(
            { ...optional(kinds), retry, timeout: timeout.describe('Of one attempt. Default: "24h".') },
            must('what to do'),
          )
          .superRefine(oneThing, always)
          .meta(ONE_THING)
          .optional()
          .describe('Done when the run fails or is cancelled after this step had begun; in reverse order.'),
        ...optional(kinds),
      },
      { error: ({ code }) => (code === 'invalid_type' ? 'must be a step with an id and what it does' : undefined) },
    )
    .superRefine(oneThing, always)
    .meta(ONE_THING);

const documentOf = (kinds: Kinds, steps = 'RunbookSteps') =>
  z.strictObject(
    {
      name: z
        .string(must('the name of the runbook'))
        .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, { error: 'must be 1 to 63 letters, digits, ".", "_" or "-"' })
        .describe('Of the runbook; part of the IDs of its runs.'),
      description: text(2_000).optional().describe('For people.'),
      cluster: text(200)
        .optional()
        .describe('Alias of the cluster of steps that name none. May have expressions of inputs.'),
      inputs: inputsSchema.optional().describe('What a run is given, by name.'),
      steps: z
        .array(stepSchema(kinds), must(`a list of 1 to ${STEPS_MAX} steps`))
        .min(1, { error: `must be a list of 1 to ${STEPS_MAX} steps` })
        .max(STEPS_MAX, { error: `must be a list of 1 to ${STEPS_MAX} steps; nest runbooks` })
        .meta({ id: steps })
        .describe('What is done. The order is that of needs, not that of the list.'),
      outputs: z
        .record(z.string().regex(NAME), anyJSON, { error: 'must be values by name' })
        .refine((outputs) => Object.keys(outputs).length <= OUTPUTS_MAX, {
          error: `must be at most ${OUTPUTS_MAX} outputs`,
        })
        .meta({ maxProperties: OUTPUTS_MAX })
        .optional()
        .describe('The result of a run, by name; mostly expressions of steps.'),
      timeout: timeout.describe('Of the whole run, after which it is cancelled and undone. Default: "7d".'),
    },
    { error: ({ code }) => (code === 'invalid_type' ? 'must be a document with a name and steps' : undefined) },
  );

const anyFields = z.record(z.string(), z.unknown(), { error: 'must be an object of fields' });

/** Without the fields of the kinds of steps, which may be expressions. */
export const structureSchema = documentOf(
  Object.fromEntries(STEP_KINDS.map((kind) => [kind, anyFields])) as unknown as Kinds,
);

const nested = (more: z.ZodRawShape) =>
  z.strictObject({ ...more, inputs: inputValuesSchema.optional().describe('Values of its inputs.') });

/** Named, so that a schema has them once for steps and for what undoes them. */
const named = Object.fromEntries(
  Object.entries(ACTIONS).map(([kind, schema]) => [
    kind,
    (schema as z.ZodType).meta({ ...schema.meta(), id: `${kind[0]!.toUpperCase()}${kind.slice(1)}Fields` }),
  ]),
) as Kinds;

/** As a request has it. */
export const runbookDocumentSchema: z.ZodType = documentOf({
  ...named,
  runbook: nested({ document: z.lazy(() => runbookDocumentSchema).describe('The document that is run.') }).meta({
    id: 'RunbookFields',
  }),
}).meta({ id: 'RunbookDocument', description: 'Steps, and what they need.' });

/** As a file has it: another file is named, and read when this one is. */
export const runbookFileSchema: z.ZodType = documentOf(
  {
    ...named,
    runbook: nested({
      file: text(500).optional().describe('The document that is run: a path relative to this file.'),
      document: z
        .lazy(() => runbookFileSchema)
        .optional()
        .describe('In place of file: the document itself.'),
    }).meta({ id: 'RunbookInFileFields', oneOf: [{ required: ['file'] }, { required: ['document'] }] }),
  },
  'RunbookFileSteps',
).meta({ id: 'RunbookFile', description: 'A runbook: steps, and what they need.' });
