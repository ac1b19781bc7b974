import { activityInfo } from '@temporalio/activity';
import { ElementApiError, type CloneJob } from '../element/index.ts';
import { FAILURE } from '../contracts/names.ts';
import type { JobSeen, RefusedBy, SlotLimits } from '../contracts/slots.ts';
import type { ActivityDeps } from './deps.ts';
import { homeQueue } from './elsewhere.ts';
import { SlotBroker } from './slot-broker.ts';
import { NotYet, type StepContext } from './step.ts';

/** Pause when the running jobs give no estimate of when a slot may be free. */
const NO_ESTIMATE_MS = 5_000;
const MAX_MS = 30_000;
/** Limits and nodes change with an upgrade or an expansion of the cluster. */
const LIMITS_MS = 600_000;

/** The line of each cluster, one broker per worker. */
export type SlotLines = (cluster: string) => SlotBroker;

export function createSlotLines(deps: ActivityDeps): SlotLines {
  const brokers = new Map<string, SlotBroker>();
  return (cluster) => {
    let broker = brokers.get(cluster);
    if (!broker) brokers.set(cluster, (broker = new SlotBroker(deps.temporal, cluster, homeQueue(deps))));
    return broker;
  };
}

/** The key of a clone in line: its workflow. */
export const ownWorkflowID = (): string => activityInfo().workflowExecution!.workflowId;

export const jobsSeen = (jobs: readonly CloneJob[]): JobSeen[] =>
  jobs.map((j) => [j.srcVolumeID, j.dstVolumeID, j.nodeID ?? 0]);

/** What GetLimits, ListActiveNodes and the configuration say. */
export async function slotLimits(ctx: StepContext): Promise<SlotLimits> {
  const [limits, nodes] = await Promise.all([
    ctx.cached('limits', LIMITS_MS, () => ctx.api.getLimits({})),
    ctx.cached('nodes', LIMITS_MS, () => countNodes(ctx)),
  ]);
  return {
    perVolume: limits.cloneJobsPerVolumeMax,
    perNode: limits.cloneJobsPerNodeMax,
    nodes,
    ...(ctx.maxCloneJobs === undefined ? {} : { ours: ctx.maxCloneJobs }),
  };
}

/** 0 when this cluster admin may not ask: then only the refusals of the cluster tell that it is full. */
async function countNodes(ctx: StepContext): Promise<number> {
  try {
    return (await ctx.api.listActiveNodes({})).nodes.length;
  } catch (err) {
    if (err instanceof ElementApiError && err.apiName === 'xPermissionDenied') return 0;
    throw err;
  }
}

export const refusedBy = (err: unknown): RefusedBy =>
  err instanceof ElementApiError && err.apiName === 'xMaxClonesPerVolumeExceeded' ? 'volume' : 'cluster';

/** Waiting for a slot, said so, until about the time when the first job in the way ends by the cluster's estimate. */
export async function waitingForSlot(
  ctx: StepContext,
  { volumes, by, why }: { volumes: readonly number[]; by: RefusedBy; why: string },
): Promise<NotYet> {
  const inTheWay = (j: CloneJob) => by === 'cluster' || volumes.includes(j.srcVolumeID);
  const jobs = (await ctx.jobs()).filter(inTheWay);
  const soonest = Math.min(...jobs.map((j) => (j.stage === 'metadata' ? Infinity : j.remainingTime * 1_000)));
  const delay = Number.isFinite(soonest) ? Math.min(MAX_MS, soonest + 300) : NO_ESTIMATE_MS;
  const where = by === 'volume' ? `on volume ${volumes.join(', ')}` : 'on the cluster';
  return new NotYet(
    `waiting for a clone slot: ${jobs.length} clone job${jobs.length === 1 ? '' : 's'} running ${where} (${why})`,
    Math.max(1_000, delay),
    FAILURE.busy,
  );
}
