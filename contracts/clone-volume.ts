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
    /** Set by `refreshClone`. */
    series: generationSchema.optional(),
    ...leaseFields,
    ...orderFields,
  })
  .refine((r) => r.snapshotID === undefined || r.snapshot === undefined, {
    ...always,
    path: ['snapshot'],
    error: 'is for a snapshot taken now; leave it out when snapshotID is given',
  })
  .superRefine(checkLeaseOptions(), always);

export type CloneVolumeRequest = z.infer<typeof cloneVolumeRequestSchema>;

/** The request, checked. Throws `InvalidRequestError` with every fault at once. */
export const parseCloneVolumeRequest = (input: unknown): CloneVolumeRequest =>
  parseRequest(cloneVolumeRequestSchema, input);
