import { z } from 'zod';
import { attributes, int } from './common.ts';
import { qosSchema } from './volume.ts';

/** Written `12.0` in paths; a cluster may answer a number. */
const version = z
  .union([z.string(), z.number()])
  .transform((v) => (typeof v === 'number' && Number.isInteger(v) ? `${v}.0` : String(v)));

export const apiVersionsSchema = z.object({ currentVersion: version, supportedVersions: z.array(version) });
export type ApiVersions = z.infer<typeof apiVersionsSchema>;

/** GetLimits, as far as it is used. */
export const limitsSchema = z.object({
  cloneJobsPerVolumeMax: int,
  cloneJobsPerNodeMax: int,
  snapshotsPerVolumeMax: int,
  volumesPerGroupSnapshotMax: int,
  volumeAccessGroupsPerVolumeCountMax: int,
  volumeNameLengthMin: int,
  volumeNameLengthMax: int,
  volumeSizeMin: int,
  volumeSizeMax: int,
  volumeMinIOPSMin: int,
  volumeMinIOPSMax: int,
  volumeMaxIOPSMin: int,
  volumeMaxIOPSMax: int,
  volumeBurstIOPSMin: int,
  volumeBurstIOPSMax: int,
});
export type Limits = z.infer<typeof limitsSchema>;

/** GetClusterFullThreshold: stage1Happy … stage5CompletelyConsumed. */
export const clusterFullThresholdSchema = z.object({
  fullness: z.string(),
  blockFullness: z.string().optional(),
  metadataFullness: z.string().optional(),
});
export type ClusterFullThreshold = z.infer<typeof clusterFullThresholdSchema>;

export const clusterInfoSchema = z.object({
  name: z.string(),
  mvip: z.string(),
  uniqueID: z.string().optional(),
});
export type ClusterInfo = z.infer<typeof clusterInfoSchema>;

export const clusterVersionInfoSchema = z.object({ clusterVersion: z.string(), clusterAPIVersion: z.string() });
export type ClusterVersionInfo = z.infer<typeof clusterVersionInfoSchema>;

export const nodeSchema = z.object({ nodeID: int, name: z.string() });
export type Node = z.infer<typeof nodeSchema>;

export const clusterAdminSchema = z.object({
  clusterAdminID: int,
  username: z.string(),
  access: z.array(z.string()),
});
export type ClusterAdmin = z.infer<typeof clusterAdminSchema>;

/** Without its CHAP secrets, which the API answers in clear text: what is dropped here cannot be logged. */
export const accountSchema = z.object({ accountID: int, username: z.string(), status: z.string() });
export type Account = z.infer<typeof accountSchema>;

export const volumeAccessGroupSchema = z.object({
  volumeAccessGroupID: int,
  name: z.string(),
  volumes: z.array(int),
  attributes,
});
export type VolumeAccessGroup = z.infer<typeof volumeAccessGroupSchema>;

export const qosPolicySchema = z.object({ qosPolicyID: int, name: z.string(), qos: qosSchema });
export type QoSPolicy = z.infer<typeof qosPolicySchema>;

/** `volumeID` is missing in a discovery session. */
export const iscsiSessionSchema = z.object({
  volumeID: int.nullish(),
  initiatorName: z.string().nullish(),
  initiatorIP: z.string().nullish(),
});
export type ISCSISession = z.infer<typeof iscsiSessionSchema>;
