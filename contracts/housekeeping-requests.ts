import { z } from 'zod';
import { durationSchema } from './duration-schema.ts';
import { parseRequest } from './faults.ts';
import type { TakeInventoryRequest } from './inventory.ts';
import { INCLUDABLE, REMOVABLE_KINDS, type FindOrphansRequest, type RemoveOrphansRequest } from './orphans.ts';

const cluster = z
  .string({ error: 'must be the alias of a cluster' })
  .min(1, { error: 'must be the alias of a cluster' })
  .max(63, { error: 'must be the alias of a cluster: at most 63 characters' });
const id = z.int({ error: 'must be an ID, a whole number' }).positive({ error: 'must be an ID, 1 or more' });

const find = { cluster: cluster.optional(), olderThan: durationSchema(3650).optional() };

/** Most objects that one removal may be asked for. */
export const REMOVE_MAX = 5_000;

export const findOrphansSchema = z.strictObject(find) satisfies z.ZodType<FindOrphansRequest>;

export const removeOrphansSchema = z.strictObject({
  ...find,
  include: z
    .array(z.enum(INCLUDABLE, { error: `must be one of ${INCLUDABLE.join(', ')}` }), { error: 'must be a list' })
    .max(100, { error: 'must name at most 100 kinds' })
    .optional(),
  only: z
    .array(
      z.strictObject({
        cluster,
        kind: z.enum(REMOVABLE_KINDS, { error: `must be one of ${REMOVABLE_KINDS.join(', ')}` }),
        id,
      }),
      { error: 'must be a list of { cluster, kind, id }' },
    )
    .max(REMOVE_MAX, { error: `must name at most ${REMOVE_MAX} objects` })
    .optional(),
}) satisfies z.ZodType<RemoveOrphansRequest>;

export const takeInventorySchema = z.strictObject({
  cluster: cluster.optional(),
  from: z.strictObject({ cluster, volumeID: id }).optional(),
}) satisfies z.ZodType<TakeInventoryRequest>;

/** The request, checked; none at all is an empty one. Throws `InvalidRequestError` with every fault at once. */
export function parseHousekeeping<T>(schema: z.ZodType<T>, input: unknown): T {
  return parseRequest(schema, input ?? {});
}
