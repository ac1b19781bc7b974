import { z } from 'zod';
import { durationSchema } from './duration-schema.ts';
import { parseRequest } from './faults.ts';
import { always, clusterSchema, id, leaseSchema, LEASE_DAYS_MAX, text } from './fields.ts';
import { MUST_BE_TIME, parseTime, TIME } from './lease.ts';

export const timeSchema = z
  .string({ error: MUST_BE_TIME })
  .refine((t) => parseTime(t) !== undefined, { error: MUST_BE_TIME })
  .meta({ description: 'A moment in ISO 8601 with a zone.', pattern: TIME.source });

/**
 * What `cloneLease` is asked for: to delete a clone of this service when its time is over. A clone with `lease` starts it
 * by itself; by hand it puts a lease on a clone that has none.
 */
export const cloneLeaseRequestSchema = z
  .strictObject({
    cluster: clusterSchema,
    volumeID: id('the ID of the volume to delete').describe(`The clone; it must carry this service's tag.`),
    lease: leaseSchema.optional().describe('From now. Either this or endsAt.'),
    endsAt: timeSchema.optional().describe('Either this or lease: a moment in ISO 8601 with a zone.'),
    leaseMax: leaseSchema
      .optional()
      .describe('How far from now an extension may reach. Default: "30d", or the lease when that is longer.'),
    leaseGrace: durationSchema(LEASE_DAYS_MAX)
      .optional()
      .describe('For how long connected hosts keep the volume alive when the time is over. Default: "24h".'),
    requestedBy: text(64).optional().describe('Who asked; shown to people.'),
    clone: z
      .strictObject({
        workflowID: text(1000).describe('The workflow that made the volume.'),
        request: text(1000).describe('Its requestId, or the ID of its first run.'),
        sourceVolumeID: id('the ID of the volume that was cloned'),
        name: text(64).describe('Name of the volume.'),
      })
      .optional()
      .describe(
        'Set by the clone that starts its lease: whose tag the volume must carry. Default: the tag that it carries now.',
      ),
  })
  .refine((r) => (r.lease === undefined) !== (r.endsAt === undefined), {
    ...always,
    path: ['lease'],
    error: 'give either lease, such as "72h", or endsAt',
  })
  .meta({ oneOf: [{ required: ['lease'] }, { required: ['endsAt'] }] });

export type CloneLeaseRequest = z.infer<typeof cloneLeaseRequestSchema>;

/** The request, checked. Throws `InvalidRequestError` with every fault at once. */
export const parseCloneLeaseRequest = (input: unknown): CloneLeaseRequest =>
  parseRequest(cloneLeaseRequestSchema, input);
