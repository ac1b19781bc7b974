import { z } from 'zod';
import { durationSchema } from './duration-schema.ts';
import { parseRequest } from './faults.ts';
import { always, clusterSchema, id, must, notBoth, orderFields, snapshotOptionsSchema, text } from './fields.ts';

/** What `copyVolume` is asked for. Field names are the Element API's own where it has one. */
export const copyVolumeRequestSchema = z
  .strictObject({
    cluster: clusterSchema,
    volumeID: id('the ID of the volume to copy').describe('The volume that is read.'),
    dstVolumeID: id('the ID of the volume to overwrite').describe(
      'The volume whose content is overwritten. It keeps its ID, IQN, QoS, account, attributes and access groups.',
    ),
    snapshotID: id('the ID of a snapshot of the volume')
      .optional()
      .describe('Copy this snapshot of the volume instead of taking one.'),
    snapshot: snapshotOptionsSchema
      .optional()
      .describe('How to take the snapshot that is copied. Only without snapshotID.'),
    undo: z
      .strictObject(
        {
          expiresIn: durationSchema(365)
            .optional()
            .describe('For how long after the end of the copy it is kept. Default: "24h".'),
        },
        must('an object such as {"expiresIn": "24h"}'),
      )
      .optional()
      .describe('The way back: a snapshot of the destination from just before it is overwritten.'),
    force: z
      .boolean({ error: 'must be true or false' })
      .optional()
      .describe('Overwrite a volume that hosts are connected to, or that this service did not make.'),
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
  })
  .meta(notBoth('snapshotID', 'snapshot'));

export type CopyVolumeRequest = z.infer<typeof copyVolumeRequestSchema>;

/** The request, checked. Throws `InvalidRequestError` with every fault at once. */
export const parseCopyVolumeRequest = (input: unknown): CopyVolumeRequest =>
  parseRequest(copyVolumeRequestSchema, input);

/** What `undoCopy` is asked for: the content of the destination as it was before a copy. */
export const undoCopyRequestSchema = z.strictObject({
  cluster: clusterSchema,
  dstVolumeID: id('the ID of the volume that was overwritten').describe('The volume that was overwritten.'),
  workflowID: text(1_000).describe('The copy that is undone.'),
  force: z
    .boolean({ error: 'must be true or false' })
    .optional()
    .describe('Roll back a volume that hosts are connected to, or that a later copy has overwritten.'),
  deadline: durationSchema(30).optional().describe('Give up after this. Default: "1h".'),
  requestedBy: text(64).optional().describe('Who asked; shown to people.'),
});

export type UndoCopyRequest = z.infer<typeof undoCopyRequestSchema>;

/** The request, checked. Throws `InvalidRequestError` with every fault at once. */
export const parseUndoCopyRequest = (input: unknown): UndoCopyRequest => parseRequest(undoCopyRequestSchema, input);
