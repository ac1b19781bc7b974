import { z } from 'zod';
import { attributes, date, dateOrNone, int } from './common.ts';

/** QoS object, in IOPS. `curve` is left out. */
export const qosSchema = z.object({ minIOPS: int, maxIOPS: int, burstIOPS: int });
export type QoS = z.infer<typeof qosSchema>;

/** Volume object. */
export const volumeSchema = z.object({
  volumeID: int,
  name: z.string(),
  accountID: int,
  /** init, active, deleted, … */
  status: z.string(),
  access: z.string(),
  enable512e: z.boolean(),
  /** Bytes. */
  totalSize: int,
  /** Empty until the volume is active. */
  iqn: z
    .string()
    .nullish()
    .transform((s) => s ?? ''),
  qos: qosSchema,
  qosPolicyID: int.nullish(),
  attributes,
  volumeAccessGroups: z.array(int),
  createTime: date,
  deleteTime: dateOrNone,
  purgeTime: dateOrNone,
  scsiNAADeviceID: z.string().optional(),
  scsiEUIDeviceID: z.string().optional(),
});
export type Volume = z.infer<typeof volumeSchema>;

/** Snapshot object. */
export const snapshotSchema = z.object({
  snapshotID: int,
  volumeID: int,
  name: z.string(),
  /** done, preparing, … */
  status: z.string(),
  /** Bytes. */
  totalSize: int,
  attributes,
  createTime: date,
  expirationTime: dateOrNone,
  /** 0 when it belongs to no group. */
  groupID: int.nullish().transform((g) => g ?? 0),
});
export type Snapshot = z.infer<typeof snapshotSchema>;

/** Group snapshot object. */
export const groupSnapshotSchema = z.object({
  groupSnapshotID: int,
  name: z.string(),
  status: z.string(),
  attributes,
  createTime: date,
  members: z.array(snapshotSchema),
});
export type GroupSnapshot = z.infer<typeof groupSnapshotSchema>;
