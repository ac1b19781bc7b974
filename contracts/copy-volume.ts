import { z } from 'zod';
import { durationSchema } from './duration-schema.ts';
import { parseRequest } from './faults.ts';
import { always, clusterSchema, id, must, orderFields, snapshotOptionsSchema, text } from './fields.ts';

/** What `copyVolume` is asked for. Field names are the Element API's own where it has one. */
export const copyVolumeRequestSchema = z
  .strictObject({
    cluster: clusterSchema,
    /** The volume that is read. */
    volumeID: id('the ID of the volume to copy'),
    /** The volume whose content is overwritten. It keeps its ID, IQN, QoS, account, attributes and access groups. */
    dstVolumeID: id('the ID of the volume to overwrite'),
    /** Copy this snapshot of the volume instead of taking one. */
    snapshotID: id('the ID of a snapshot of the volume').optional(),
    /** How to take the snapshot that is copied. Only without snapshotID. */
    snapshot: snapshotOptionsSchema.optional(),
    /** The way back: a snapshot of the destination from just before it is overwritten. */
    undo: z
      .strictObject(
        {
          /** For how long after the end of the copy it is kept. @default "24h" */
          expiresIn: durationSchema(365).optional(),
        },
        must('an object such as {"expiresIn": "24h"}'),
      )
      .optional(),
    /** Overwrite a volume that hosts are connected to, or that this service did not make. */
    force: z.boolean({ error: 'must be true or false' }).optional(),
    ...orderFields,
  })
  .refine((r) => r.snapshotID === undefined || r.snapshot === undefined, {
    ...always,
    path: ['snapshot'],
    error: 'is for a snapshot taken now; leave it out when snapshotID is given',
  })
  .refine((r) => r.volumeID === undefined || r.volumeID !== r.dstVolumeID, {
    ...always,
    path: ['dstVolumeID'],
    error: 'is the volume that is read; name another one to overwrite',
  });

export type CopyVolumeRequest = z.infer<typeof copyVolumeRequestSchema>;

/** The request, checked. Throws `InvalidRequestError` with every fault at once. */
export const parseCopyVolumeRequest = (input: unknown): CopyVolumeRequest =>
  parseRequest(copyVolumeRequestSchema, input);

/** What `undoCopy` is asked for: the content of the destination as it was before a copy. */
export const undoCopyRequestSchema = z.strictObject({
  cluster: clusterSchema,
  /** The volume that was overwritten. */
  dstVolumeID: id('the ID of the volume that was overwritten'),
  /** The copy that is undone. */
  workflowID: text(1_000),
  /** Roll back a volume that hosts are connected to, or that a later copy has overwritten. */
  force: z.boolean({ error: 'must be true or false' }).optional(),
  /** Give up after this. @default "1h" */
  deadline: durationSchema(30).optional(),
  /** Who asked; shown to people. */
  requestedBy: text(64).optional(),
});

export type UndoCopyRequest = z.infer<typeof undoCopyRequestSchema>;

/** The request, checked. Throws `InvalidRequestError` with every fault at once. */
export const parseUndoCopyRequest = (input: unknown): UndoCopyRequest => parseRequest(undoCopyRequestSchema, input);
