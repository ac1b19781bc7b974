import { z } from 'zod';
import { cloneVolumeRequestSchema } from './clone-volume.ts';
import { parseRequest } from './faults.ts';
import {
  always,
  checkLeaseOptions,
  clusterSchema,
  id,
  must,
  notBoth,
  orderFields,
  snapshotOptionsSchema,
  text,
} from './fields.ts';

/** A result must hold them all, and a person must still be able to read it. */
export const CLONES_MAX = 500;

const {
  access,
  attributes,
  enable512e,
  enableSnapMirrorReplication,
  newAccountID,
  newSize,
  modify,
  volumeAccessGroups,
  lease,
  leaseMax,
  leaseGrace,
} = cloneVolumeRequestSchema.shape;
/** What each clone may ask for, and the fan-out for all of them. */
const cloneFields = {
  ...{ access, attributes, enable512e, enableSnapMirrorReplication },
  ...{ newAccountID, newSize, modify, volumeAccessGroups },
  ...{ lease, leaseMax, leaseGrace },
};

const memberSchema = z.strictObject(
  { name: text(64).describe('Name of the new volume.'), ...cloneFields },
  { error: ({ code }) => (code === 'invalid_type' ? 'must be an object such as {"name": "db-uat-1"}' : undefined) },
);

/**
 * What `cloneFanOut` is asked for: many clones of one volume, all of one snapshot. The fields of a clone stand above those
 * of the fan-out, which are for all clones; of `modify` each field by itself.
 */
export const cloneFanOutRequestSchema = z
  .strictObject({
    cluster: clusterSchema,
    volumeID: id('the ID of the volume to clone').describe('The volume to clone.'),
    clones: z
      .array(memberSchema, must('a list of clones such as [{"name": "db-uat-1"}]'))
      .min(1, { error: 'must name at least one clone' })
      .max(CLONES_MAX, { error: `must be at most ${CLONES_MAX} clones; make several fan-outs` })
      .superRefine((clones: unknown, ctx) => {
        const first = new Map<unknown, number>();
        for (const [at, member] of (Array.isArray(clones) ? clones : []).entries()) {
          const name: unknown = (member as { name?: unknown } | null)?.name;
          const before = first.get(name);
          if (before === undefined) first.set(name, at);
          else if (typeof name === 'string') {
            const message = `clones.${before} is called ${JSON.stringify(name)} already; names are unique within a fan-out`;
            ctx.addIssue({ code: 'custom', message, path: [at, 'name'] });
          }
        }
      }, always)
      .describe('The clones to make, each with a name of its own.'),
    snapshotID: id('the ID of a snapshot of the volume')
      .optional()
      .describe('Clone this snapshot of the volume instead of taking one.'),
    ...cloneFields,
    snapshot: snapshotOptionsSchema
      .optional()
      .describe('How to take the snapshot that is cloned. Only without snapshotID.'),
    ...orderFields,
    requestId: z
      .string()
      .regex(/^[\x21-\x7e]{1,80}$/, { error: 'must be 1 to 80 printable ASCII characters without spaces' })
      .optional()
      .describe('As for a clone; each clone gets a key made of it.'),
    onMemberFailure: z
      .enum(['continue', 'stop'], { error: 'must be "continue" (the others go on) or "stop" (they are cancelled)' })
      .optional()
      .describe('What becomes of the other clones when one fails. Default: "continue".'),
  })
  .refine((r) => r.snapshotID === undefined || r.snapshot === undefined, {
    ...always,
    path: ['snapshot'],
    error: 'is for a snapshot taken now; leave it out when snapshotID is given',
  })
  .superRefine(checkLeaseOptions('clones'), always)
  .meta(notBoth('snapshotID', 'snapshot'));

export type CloneFanOutRequest = z.infer<typeof cloneFanOutRequestSchema>;

/** The request, checked. Throws `InvalidRequestError` with every fault at once. */
export const parseCloneFanOutRequest = (input: unknown): CloneFanOutRequest =>
  parseRequest(cloneFanOutRequestSchema, input);
