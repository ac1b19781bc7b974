import type { LeaseOfClone } from './lease.ts';

/** The new volume as the cluster shows it (volume object of ListVolumes), reduced to what callers use. */
export interface ClonedVolume {
  volumeID: number;
  name: string;
  status: string;
  access: string;
  accountID: number;
  /** Bytes. */
  totalSize: number;
  enable512e: boolean;
  iqn: string;
  qos: { minIOPS: number; maxIOPS: number; burstIOPS: number };
  qosPolicyID: number | null;
  volumeAccessGroups: number[];
  /** As asked for; our ownership tag is left out. */
  attributes: Record<string, unknown>;
  createTime: string;
  scsiNAADeviceID?: string;
  scsiEUIDeviceID?: string;
}

/** What `cloneVolume` returns. */
export interface CloneVolumeResult {
  cluster: string;
  sourceVolumeID: number;
  /** The NEW volume's, as in CloneVolume's own result. */
  volumeID: number;
  /** `null` when the answer of CloneVolume was lost and the job had ended before it could be asked for. */
  cloneID: number | null;
  snapshotID: number;
  snapshotDeleted: boolean;
  /** `null` as for cloneID. */
  asyncHandle: number | null;
  volume: ClonedVolume;
  /** ISO 8601, UTC. */
  startedAt: string;
  finishedAt: string;
  /** Size of the clone in bytes. */
  bytes: number;
  /** Element API calls made for this clone; calls shared with other clones count once, for the one that made them. */
  apiCalls?: number;
  /** When the request asked for one. */
  lease?: LeaseOfClone;
}
