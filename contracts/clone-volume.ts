import { z } from 'zod';
import { durationSchema } from './duration-schema.ts';
import { parseRequest } from './faults.ts';
import {
  accessSchema,
  always,
  attributesSchema,
  clusterSchema,
  generationSchema,
  id,
  modifySchema,
  orderFields,
  sizeBytes,
  snapshotOptionsSchema,
  text,
  volumeAccessGroupsSchema,
} from './fields.ts';

/** What `cloneVolume` is asked for. Field names are the Element API's own where it has one. */
export const cloneVolumeRequestSchema = z
  .strictObject({
    cluster: clusterSchema,
    /** The volume to clone. */
    volumeID: id('the ID of the volume to clone'),
    /** Name of the new volume. */
    name: text(64),
    /** Clone this snapshot of the volume instead of taking one. */
    snapshotID: id('the ID of a snapshot of the volume').optional(),
    access: accessSchema.optional(),
    attributes: attributesSchema.optional(),
    enable512e: z.boolean().optional(),
    enableSnapMirrorReplication: z.boolean().optional(),
    newAccountID: id('the ID of an account').optional(),
    /** Bytes; rounded up to a whole MiB by the cluster. */
    newSize: sizeBytes.optional(),
    /** How to take the snapshot that is cloned. Only without snapshotID. */
    snapshot: snapshotOptionsSchema.optional(),
    /** Changes made by ModifyVolume once the clone is there. */
    modify: modifySchema.optional(),
    volumeAccessGroups: volumeAccessGroupsSchema.optional(),
    /** Delete the clone after this, unless extended. */
    lease: durationSchema(3650).optional(),
    /** Set by `refreshClone`. */
    series: generationSchema.optional(),
    ...orderFields,
  })
  .refine((r) => r.snapshotID === undefined || r.snapshot === undefined, {
    ...always,
    path: ['snapshot'],
    error: 'is for a snapshot taken now; leave it out when snapshotID is given',
  });

export type CloneVolumeRequest = z.infer<typeof cloneVolumeRequestSchema>;

/** The request, checked. Throws `InvalidRequestError` with every fault at once. */
export const parseCloneVolumeRequest = (input: unknown): CloneVolumeRequest =>
  parseRequest(cloneVolumeRequestSchema, input);
