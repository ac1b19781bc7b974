import type { Context } from '../context.ts';
import { method, type Method } from '../method.ts';
import { progressOf } from '../progress.ts';

const service = (nodeID: number): number => 10 + nodeID;

const cloneJobs = ({ state, nowMs, identity }: Context): Record<string, unknown>[] =>
  [...state.running]
    .filter((job) => !job.hidden)
    .map((job) => ({
      ...progressOf(job, nowMs),
      cloneID: job.cloneID,
      dstServiceID: service(job.nodeID),
      dstVolumeID: job.dstVolumeID,
      // Absent, not null, when the clone is of no group, or of no snapshot.
      ...(job.groupCloneID === null ? {} : { groupCloneID: job.groupCloneID }),
      nodeID: job.nodeID,
      sliceID: job.dstVolumeID,
      ...(job.snapshotID === null ? {} : { snapshotID: job.snapshotID }),
      srcServiceID: service(((job.srcVolumeID - 1) % identity.nodes) + 1),
      srcVolumeID: job.srcVolumeID,
      type: 'clone',
    }));

/**
 * Jobs that have nothing to do with clones, with the members of the ListSyncJobs page's example: a reader that
 * forgets to look at `type` meets them. Their volume numbers are those of real volumes on purpose.
 */
const noise = ({ state, nowMs }: Context): Record<string, unknown>[] => {
  const [first, second] = state.volumes.keys();
  const totalBytes = 2_002_780_160;
  const elapsedTime = (nowMs / 1000) % 600;
  const currentBytes = Math.floor((totalBytes * elapsedTime) / 600);
  return [
    {
      bytesPerSecond: totalBytes / 600,
      currentBytes,
      dstServiceID: 36,
      elapsedTime,
      percentComplete: (currentBytes / totalBytes) * 100,
      remainingTime: 600 - elapsedTime,
      sliceID: first ?? 1,
      srcServiceID: 16,
      stage: 'whole',
      totalBytes,
      type: 'slice',
    },
    {
      blocksPerSecond: 0,
      branchType: 'snapshot',
      dstServiceID: 8,
      dstVolumeID: second ?? 2,
      elapsedTime: 0,
      percentComplete: 0,
      remainingTime: 0,
      sliceID: second ?? 2,
      stage: 'metadata',
      type: 'remote',
    },
  ];
};

const listSyncJobs = method('ListSyncJobs', {}, (context) => ({
  syncJobs: [...(context.behaviour.noiseSyncJobs ? noise(context) : []), ...cloneJobs(context)],
}));

export const syncJobMethods: Method[] = [listSyncJobs];
