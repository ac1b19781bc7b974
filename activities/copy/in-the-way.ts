import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { workflowIDForUndo } from '../../contracts/workflow-id.ts';
import type { CloneJob, ISCSISession } from '../../element/index.ts';
import type { ActivityDeps } from '../deps.ts';
import type { StepContext } from '../step.ts';
import { openWorkflowBook } from '../workflow-book.ts';
import { waysBackOf, type WayBack } from './find.ts';

/** What is about to happen to a volume. */
export interface Intent {
  dstVolumeID: number;
  /** Hosts that are connected do not matter. */
  force: boolean;
  isOwnJob: (job: CloneJob) => boolean;
  /** True of a copy onto the volume that is our own, or that was overtaken. */
  isOwnCopy: (wayBack: WayBack) => boolean;
  /** The copy that is taken back: the workflow that does so is ours. */
  undoing?: string;
}

/** Hosts that a sentence names; a cluster of hosts may be connected. */
const HOSTS = 4;

/** Who would be hurt, or would hurt, if the volume were overwritten just now: a sentence and a remedy each. */
export async function inTheWay(deps: ActivityDeps, ctx: StepContext, intent: Intent): Promise<string[]> {
  const { dstVolumeID } = intent;
  const [sessions, { jobs }, waysBack] = await Promise.all([
    intent.force ? [] : sessionsOf(ctx, dstVolumeID),
    ctx.look(ctx.now()),
    waysBackOf(ctx.api, dstVolumeID),
  ]);
  return [
    ...inUse(dstVolumeID, sessions),
    ...jobs.flatMap((job) => (intent.isOwnJob(job) ? [] : jobInTheWay(job, dstVolumeID))),
    ...(await copiesUnderWay(deps.temporal, waysBack, intent)),
  ];
}

async function sessionsOf({ api }: StepContext, volumeID: number): Promise<ISCSISession[]> {
  return (await api.listISCSISessions({})).sessions.filter((s) => s.volumeID === volumeID);
}

function inUse(volumeID: number, sessions: readonly ISCSISession[]): string[] {
  if (sessions.length === 0) return [];
  const hosts = [
    ...new Set(
      sessions.map(({ initiatorName, initiatorIP }) =>
        initiatorName && initiatorIP ? `${initiatorName} (${initiatorIP})` : initiatorName || initiatorIP || 'a host',
      ),
    ),
  ];
  const more = hosts.length > HOSTS ? ` and ${hosts.length - HOSTS} more` : '';
  return [
    `volume ${volumeID} is in use by ${hosts.slice(0, HOSTS).join(', ')}${more}: unmount it and log out there, or ask with force: true`,
  ];
}

function jobInTheWay({ cloneID, srcVolumeID, dstVolumeID, snapshotID }: CloneJob, volumeID: number): string[] {
  const job = `clone job ${cloneID ?? '?'}`;
  if (dstVolumeID === volumeID) {
    return [
      `volume ${srcVolumeID} is being copied onto volume ${volumeID} (${job}): wait until it is done, or stop it`,
    ];
  }
  // A snapshot stays as it is.
  if (srcVolumeID !== volumeID || typeof snapshotID === 'number') return [];
  return [
    `volume ${volumeID} is being cloned as it is now to volume ${dstVolumeID} (${job}), which would become a mixture: wait until it is done`,
  ];
}

/**
 * Workflows of ours that overwrite the volume, or are about to. Each leaves its mark before it looks for those of others
 * (a copy its way back on the volume, an undo its workflow ID), so that of two at least one sees the other.
 */
async function copiesUnderWay(temporal: Client, waysBack: readonly WayBack[], intent: Intent): Promise<string[]> {
  const book = openWorkflowBook(temporal);
  const found = await Promise.all(
    waysBack.map(async (wayBack) => {
      const { workflowID } = wayBack.tag;
      const undo = workflowIDForUndo(workflowID);
      const [copy, undoes] = await Promise.all([
        intent.isOwnCopy(wayBack) ? undefined : book.factsOf(wayBack.tag),
        intent.undoing === workflowID ? false : isRunning(temporal, undo),
      ]);
      return [
        ...(copy?.state === 'running' ? [`${workflowID} is overwriting volume ${intent.dstVolumeID}`] : []),
        ...(undoes ? [`${undo} is rolling volume ${intent.dstVolumeID} back`] : []),
      ];
    }),
  );
  return [...new Set(found.flat())].map((what) => `${what}: wait until it is done, then ask again`);
}

async function isRunning(temporal: Client, workflowID: string): Promise<boolean> {
  try {
    const { status } = await temporal.workflow.getHandle(workflowID).describe();
    return status.name === 'RUNNING' || status.name === 'PAUSED';
  } catch (err) {
    if (err instanceof WorkflowNotFoundError) return false;
    throw err;
  }
}
