/** Workflows of a team of its own, which run on its own workers and its own task queue. */
import { CancellationScope, createNexusServiceClient } from '@temporalio/workflow';
import { elementClone } from 'element-clone/nexus';
import {
  executeCloneVolume,
  executeCopyVolume,
  failureOf,
  ownerOf,
  proxyCloneActivities,
} from 'element-clone/workflow-client';

export interface Rehearsal {
  cluster: string;
  /** The production volume. */
  volumeID: number;
  release: string;
  /** Queue of the clone service, unless it is `element-clone`. */
  taskQueue?: string;
}

export interface RehearsalResult {
  before: number;
  scratch: number;
  /** Bytes that were copied in place. */
  rewound: number;
}

/**
 * Rehearses a release on two clones, made side by side, and rewinds one of them in place. Everything is undone when this
 * workflow is cancelled: its children hear of it.
 */
export async function rehearseRelease({ cluster, volumeID, release, taskQueue }: Rehearsal): Promise<RehearsalResult> {
  const on = taskQueue === undefined ? {} : { taskQueue };
  const clone = (purpose: string) =>
    executeCloneVolume(
      {
        cluster,
        volumeID,
        name: `${release}-${purpose}`,
        // The same key never clones twice: neither when this workflow is reset, nor when it is started again.
        requestId: `rehearse-${release}-${purpose}`,
        requestedBy: 'release-team',
        lease: '8h',
      },
      on,
    );
  const [before, scratch] = await Promise.all([clone('before'), clone('scratch')]);
  const copied = await executeCopyVolume(
    { cluster, volumeID: before.volumeID, dstVolumeID: scratch.volumeID, requestId: `rewind-${release}` },
    on,
  );
  return { before: before.volumeID, scratch: scratch.volumeID, rewound: copied.bytes };
}

/** Asks for a clone and says in words how that ended: what a failure of the service holds for a program. */
export async function cloneOrSayWhy(cluster: string, volumeID: number, taskQueue?: string): Promise<string> {
  try {
    const done = await executeCloneVolume(
      { cluster, volumeID, name: 'uat' },
      taskQueue === undefined ? {} : { taskQueue },
    );
    return `volume ${done.volumeID}`;
  } catch (err) {
    const failure = failureOf(err);
    if (failure === undefined) throw err;
    if (failure.type === 'InvalidRequest') return `refused: ${failure.faults.join('; ')}`;
    if (failure.type === 'RequestConflict') return `refused: ${failure.message}`;
    const { step, undone, leftBehind } = failure.details;
    return `failed in ${step}; ${undone.length} undone, ${leftBehind.length} left`;
  }
}

/**
 * A step of the service by itself, and what follows as a child: a snapshot that stays, with this workflow's own tag on it, and
 * a clone of just that. Without the clone the snapshot is removed again.
 */
export async function cloneOfKeptSnapshot({ cluster, volumeID, release, taskQueue }: Rehearsal) {
  const on = taskQueue === undefined ? {} : { taskQueue };
  const { reads, creates, undo } = proxyCloneActivities({ ...on, scheduleToCloseTimeout: '10m' });
  const owner = ownerOf({ requestedBy: 'release-team' });
  const snapshot = { name: `before-${release}`, retention: 'keep' };
  const plan = await reads.preflight({ request: { cluster, volumeID, name: release, snapshot }, owner });
  const { snapshotID, inDoubtSince } = await creates.createSnapshot({ plan, owner });
  try {
    const clone = await executeCloneVolume({ cluster, volumeID, name: release, snapshotID }, on);
    return { snapshotID, volumeID: clone.volumeID };
  } catch (err) {
    // Also when this workflow was cancelled, which the undoing must not hear of.
    await CancellationScope.nonCancellable(() =>
      undo.undoSnapshot({ plan, owner, snapshotID, inDoubt: inDoubtSince !== null }),
    );
    throw err;
  }
}

/** The same service from another namespace, through a Nexus endpoint. */
export async function cloneThroughNexus(
  endpoint: string,
  request: { cluster: string; volumeID: number; name: string },
) {
  const clones = createNexusServiceClient({ endpoint, service: elementClone });
  const { volumeID } = await clones.executeOperation('cloneVolume', request);
  return volumeID;
}
