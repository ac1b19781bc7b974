import { z } from 'zod';
import { durationSchema } from './duration-schema.ts';
import { parseRequest } from './faults.ts';
import { always, clusterSchema, id, leaseSchema, LEASE_DAYS_MAX, text } from './fields.ts';
import { MUST_BE_TIME, parseTime } from './lease.ts';

/**
 * What `cloneLease` is asked for: to delete a clone of this service when its time is over. A clone with `lease` starts it
 * by itself; by hand it puts a lease on a clone that has none.
 */
export const cloneLeaseRequestSchema = z
  .strictObject({
    cluster: clusterSchema,
    /** The clone; it must carry this service's tag. */
    volumeID: id('the ID of the volume to delete'),
    /** From now. Either this or endsAt. */
    lease: leaseSchema.optional(),
    /** ISO 8601 with a zone. */
    endsAt: z
      .string({ error: MUST_BE_TIME })
      .refine((t) => parseTime(t) !== undefined, { error: MUST_BE_TIME })
      .optional(),
    /** How far from now an extension may reach. @default "30d", or the lease when that is longer */
    leaseMax: leaseSchema.optional(),
    /** For how long connected hosts keep the volume alive when the time is over. @default "24h" */
    leaseGrace: durationSchema(LEASE_DAYS_MAX).optional(),
    requestedBy: text(64).optional(),
    /** Set by the clone that starts its lease: whose tag the volume must carry. @default the tag that it carries now */
    clone: z
      .strictObject({ workflowID: text(1000), request: text(1000), sourceVolumeID: id('a volume ID'), name: text(64) })
      .optional(),
  })
  .refine((r) => (r.lease === undefined) !== (r.endsAt === undefined), {
    ...always,
    path: ['lease'],
    error: 'give either lease, such as "72h", or endsAt',
  });

export type CloneLeaseRequest = z.infer<typeof cloneLeaseRequestSchema>;

/** The request, checked. Throws `InvalidRequestError` with every fault at once. */
export const parseCloneLeaseRequest = (input: unknown): CloneLeaseRequest =>
  parseRequest(cloneLeaseRequestSchema, input);
