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
  LEASE_OPTIONS_NEED_LEASE,
  leaseFields,
  modifySchema,
  newAccountSchema,
  notBoth,
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
    volumeID: id('the ID of the volume to clone').describe('The volume to clone.'),
    name: text(64).describe('Name of the new volume.'),
    snapshotID: id('the ID of a snapshot of the volume')
      .optional()
      .describe('Clone this snapshot of the volume instead of taking one.'),
    access: accessSchema.optional(),
    attributes: attributesSchema.optional(),
    enable512e: z.boolean().optional().describe('Present 512-byte sectors. Default: as the source.'),
    enableSnapMirrorReplication: z
      .boolean()
      .optional()
      .describe('Whether the new volume can be replicated with SnapMirror. Default: no.'),
    newAccountID: newAccountSchema.optional(),
    newSize: sizeBytes.optional().describe('Bytes; rounded up to a whole MiB by the cluster.'),
    snapshot: snapshotOptionsSchema
      .optional()
      .describe('How to take the snapshot that is cloned. Only without snapshotID.'),
    modify: modifySchema.optional().describe('Changes made by ModifyVolume once the clone is there.'),
    volumeAccessGroups: volumeAccessGroupsSchema.optional(),
    series: generationSchema.optional().describe('Set by `refreshClone`.'),
    ...leaseFields,
    ...orderFields,
  })
  .refine((r) => r.snapshotID === undefined || r.snapshot === undefined, {
    ...always,
    path: ['snapshot'],
    error: 'is for a snapshot taken now; leave it out when snapshotID is given',
  })
  .superRefine(checkLeaseOptions(), always)
  .meta({ ...notBoth('snapshotID', 'snapshot'), ...LEASE_OPTIONS_NEED_LEASE });

export type CloneVolumeRequest = z.infer<typeof cloneVolumeRequestSchema>;

/** The request, checked. Throws `InvalidRequestError` with every fault at once. */
export const parseCloneVolumeRequest = (input: unknown): CloneVolumeRequest =>
  parseRequest(cloneVolumeRequestSchema, input);
