import { z } from 'zod';
import { parseDuration } from '../duration.ts';
import { anyJSON, recordOf } from '../fields.ts';
import type { Shape } from './shapes.ts';
import { INPUT_TYPES, type InputType, type Json, type RunbookInput } from './types.ts';
import { isObject } from '../json-object.ts';

/** Inputs of one document. */
const INPUTS_MAX = 100;
/** Names that can stand after a dot in an expression. */
export const NAME = /^(?!(in|true|false|null|__proto__)$)[A-Za-z_][A-Za-z0-9_]{0,40}$/;
export const MUST_BE_NAME =
  'must be 1 to 41 letters, digits and "_", beginning with a letter; not in, true, false or null';

export const inputValuesSchema = recordOf(z.string().max(200), anyJSON, INPUTS_MAX, {
  error: 'must be values by name',
});

export const inputSchema = z.strictObject({
  type: z
    .enum(INPUT_TYPES, { error: `must be one of ${INPUT_TYPES.join(', ')}` })
    .describe('What its values are. A duration is text such as "24h", a cluster the alias of one.'),
  description: z
    .string({ error: 'must be text' })
    .max(500, { error: 'must be at most 500 characters' })
    .optional()
    .describe('For people.'),
  default: anyJSON.optional().describe('Without it the input must be given.'),
  enum: z
    .array(anyJSON, { error: 'must be a list of values' })
    .min(1, { error: 'must name at least one value' })
    .max(1_000, { error: 'must name at most 1000 values' })
    .optional()
    .describe('The values that are allowed.'),
});

export const inputsSchema = z
  .record(z.string().regex(NAME), inputSchema, { error: 'must be inputs by name, such as {source: {type: volumeID}}' })
  .refine((inputs) => Object.keys(inputs).length <= INPUTS_MAX, { error: `must be at most ${INPUTS_MAX} inputs` })
  .meta({ maxProperties: INPUTS_MAX });

const CLUSTER = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** By type: whether a value is of it, what is said when not, and what expressions may expect. */
const TYPES: Record<InputType, { is(value: unknown): boolean; must: string; shape: Shape }> = {
  string: { is: (v) => typeof v === 'string', must: 'text', shape: 'string' },
  cluster: { is: (v) => typeof v === 'string' && CLUSTER.test(v), must: 'the alias of a cluster', shape: 'string' },
  duration: { is: (v) => parseDuration(v) !== undefined, must: 'a duration such as "24h"', shape: 'string' },
  integer: { is: (v) => Number.isSafeInteger(v), must: 'a whole number', shape: 'int' },
  number: { is: (v) => typeof v === 'number' && Number.isFinite(v), must: 'a number', shape: 'dyn' },
  boolean: { is: (v) => typeof v === 'boolean', must: 'true or false', shape: 'bool' },
  volumeID: {
    is: (v) => Number.isSafeInteger(v) && (v as number) > 0,
    must: 'the ID of a volume, a whole number',
    shape: 'int',
  },
  list: { is: Array.isArray, must: 'a list', shape: 'list' },
  object: { is: isObject, must: 'an object', shape: 'map' },
};

export const shapeOfInput = (type: InputType): Shape => TYPES[type].shape;
export const whatInputIs = (type: InputType): string => TYPES[type].must;

/** What is wrong with a value of an input; undefined when nothing is. */
export function inputFault(value: Json, { type, enum: allowed }: RunbookInput): string | undefined {
  if (!TYPES[type].is(value)) return `must be ${TYPES[type].must}`;
  const text = JSON.stringify(value);
  if (allowed === undefined || allowed.some((e) => JSON.stringify(e) === text)) return undefined;
  return `must be one of ${allowed.map((e) => JSON.stringify(e)).join(', ')}`;
}
