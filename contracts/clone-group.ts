import { z } from 'zod';
import { parseRequest } from './faults.ts';
import {
  accessSchema,
  always,
  attributesSchema,
  checkLeaseOptions,
  clusterSchema,
  generationSchema,
  id,
  leaseFields,
  modifySchema,
  must,
  newAccountSchema,
  notBoth,
  orderFields,
  sizeBytes,
  snapshotOptionsSchema,
  text,
  volumeAccessGroupsSchema,
} from './fields.ts';

/** Far above what any cluster takes at once (GetLimits: volumesPerGroupSnapshotMax, typically 32). */
export const VOLUMES_MAX = 1_000;

/** What each clone may ask for, and the group for all of them. */
const cloneFields = {
  access: accessSchema.optional(),
  attributes: attributesSchema.optional().describe('Attributes of the clone. Default: those of its source.'),
  newAccountID: newAccountSchema.optional(),
  newSize: sizeBytes.optional().describe('Bytes; rounded up to a whole MiB by the cluster.'),
  modify: modifySchema.optional().describe('Changes made by ModifyVolume once the clone is there.'),
  volumeAccessGroups: volumeAccessGroupsSchema.optional(),
  ...leaseFields,
};

const memberSchema = z.strictObject(
  {
    volumeID: id('the ID of a volume to clone').describe('The volume to clone.'),
    name: text(64).optional().describe(`Name of the new volume. Default: the source's name and "-clone".`),
    ...cloneFields,
  },
  { error: ({ code }) => (code === 'invalid_type' ? 'must be an object such as {"volumeID": 42}' : undefined) },
);

/** Members that come before this one and have the same `key`. */
const repeated = (volumes: unknown, key: 'volumeID' | 'name') => {
  const seen = new Map<unknown, number>();
  const found: { at: number; first: number; value: unknown }[] = [];
  for (const [at, member] of (Array.isArray(volumes) ? volumes : []).entries()) {
    const value: unknown = (member as Record<string, unknown> | null)?.[key];
    const first = seen.get(value);
    if (value === undefined) continue;
    if (first === undefined) seen.set(value, at);
    else found.push({ at, first, value });
  }
  return found;
};

/**
 * What `cloneGroup` is asked for. Field names are the Element API's own where it has one. The fields of a member stand
 * above those of the group, which are for all members; of `modify` each field by itself.
 */
export const cloneGroupRequestSchema = z
  .strictObject({
    cluster: clusterSchema,
    volumes: z
      .array(memberSchema, must('a list of volumes such as [{"volumeID": 42}]'))
      .min(1, { error: 'must name at least one volume' })
      .max(VOLUMES_MAX, { error: `must be at most ${VOLUMES_MAX} volumes` })
      .superRefine((volumes: unknown, ctx) => {
        for (const { at, first, value } of repeated(volumes, 'volumeID')) {
          const message = `volume ${String(value)} is named in volumes.${first} already; remove one of them`;
          ctx.addIssue({ code: 'custom', message, path: [at, 'volumeID'] });
        }
        for (const { at, first, value } of repeated(volumes, 'name')) {
          const message = `volumes.${first} is called ${JSON.stringify(value)} already; names are unique within a group`;
          ctx.addIssue({ code: 'custom', message, path: [at, 'name'] });
        }
      }, always)
      .describe('The volumes to clone, all at the same moment.'),
    groupSnapshotID: id('the ID of a group snapshot of the volumes')
      .optional()
      .describe('Clone what this group snapshot holds instead of taking one.'),
    ...cloneFields,
    enableSnapMirrorReplication: z
      .boolean()
      .optional()
      .describe('Whether the new volumes can be replicated with SnapMirror. Default: no.'),
    snapshot: snapshotOptionsSchema
      .optional()
      .describe('How to take the group snapshot that is cloned. Only without groupSnapshotID.'),
    series: generationSchema.optional().describe('Set by `refreshClone`.'),
    ...orderFields,
    onMemberFailure: z
      .literal('keep', { error: 'must be "keep"; leave it out for all or nothing' })
      .optional()
      .describe('Keep the other clones when one of them fails. Default: all or nothing.'),
  })
  .refine((r) => r.groupSnapshotID === undefined || r.snapshot === undefined, {
    ...always,
    path: ['snapshot'],
    error: 'is for a group snapshot taken now; leave it out when groupSnapshotID is given',
  })
  .superRefine(checkLeaseOptions('volumes'), always)
  .meta(notBoth('groupSnapshotID', 'snapshot'));

export type CloneGroupRequest = z.infer<typeof cloneGroupRequestSchema>;

/** The request, checked. Throws `InvalidRequestError` with every fault at once. */
export const parseCloneGroupRequest = (input: unknown): CloneGroupRequest =>
  parseRequest(cloneGroupRequestSchema, input);
