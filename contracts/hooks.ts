import { z } from 'zod';
import { anyJSON, must, recordOf } from './fields.ts';

/** Name of a hook in the worker's configuration; never an address or a secret. */
export const hookNameSchema = z
  .string(must('the name of a hook'))
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, {
    error: 'must be the name of a hook in the worker configuration: letters, digits, ".", "_" or "-"',
  })
  .describe('Name of a hook in the configuration of the worker.');

/** Bytes of JSON that a hook may be handed. */
const PARAMETERS_BYTES_MAX = 8_192;

/** A hook by its name, or with what it is to be handed besides. */
export const hookSchema = z.union(
  [
    hookNameSchema,
    z.strictObject({
      hook: hookNameSchema,
      parameters: recordOf(z.string().min(1).max(1_000), anyJSON, 1_000)
        .refine((p) => new TextEncoder().encode(JSON.stringify(p)).length <= PARAMETERS_BYTES_MAX, {
          error: `must be at most ${PARAMETERS_BYTES_MAX} bytes of JSON`,
        })
        .optional()
        .describe('Handed to the hook as they are. No secrets: they are kept in the history.'),
    }),
  ],
  { error: 'must be the name of a hook in the worker configuration, or {"hook": NAME, "parameters": {…}}' },
);

export type HookRef = z.infer<typeof hookSchema>;
