import { WorkflowNotFoundError, type Client, type WorkflowExecutionDescription } from '@temporalio/client';
import { leaseWorkflowID } from '../contracts/lease.ts';
import { MEMO, WORKFLOW } from '../contracts/names.ts';
import { workflowIDForRequest } from '../contracts/workflow-id.ts';
import { LeaseNotFoundError } from './errors.ts';
import type { LeaseSummary } from './leases.ts';
import { KEYS } from './search-attributes.ts';

/** Workflow ID of the lease or of its clone, the clone's requestId, `63`, `lab/63`; or the volume spelled out. */
export type LeaseReference = string | { volumeID: number; cluster?: string | undefined };

type Candidates = (volumeID: number) => Promise<LeaseSummary[]>;

/** The workflow ID of the lease that is meant. */
export async function findLease(
  temporal: Client,
  taskQueue: string,
  candidates: Candidates,
  reference: LeaseReference,
): Promise<string> {
  const volume = typeof reference === 'string' ? volumeIn(reference) : reference;
  if (volume !== undefined) return leaseOfVolume(temporal, taskQueue, candidates, volume);
  const text = reference as string;
  const found = (await describe(temporal, text)) ?? (await describe(temporal, workflowIDForRequest(text)));
  if (found === undefined) {
    throw new LeaseNotFoundError(
      `There is no lease "${text}", nor a clone of this workflow ID or requestId: it is mistyped, or it ended longer ago than the namespace keeps histories. "element-clone list --leases" shows those there are`,
      { lease: text },
    );
  }
  return found.type === WORKFLOW.cloneLease && found.memo?.[MEMO.lease] !== undefined
    ? found.workflowId
    : leaseOfClone(temporal, found, text);
}

function volumeIn(text: string): { volumeID: number; cluster?: string } | undefined {
  const match = /^(?:([A-Za-z0-9][A-Za-z0-9._-]*)[/:])?([1-9]\d{0,14})$/.exec(text);
  if (match === null) return undefined;
  const [, cluster, volumeID] = match;
  return { volumeID: Number(volumeID), ...(cluster === undefined ? {} : { cluster }) };
}

/** Those that run come before those that have ended. Volumes of one ID on several clusters are not guessed between. */
async function leaseOfVolume(
  temporal: Client,
  taskQueue: string,
  candidates: Candidates,
  { volumeID, cluster }: { volumeID: number; cluster?: string | undefined },
): Promise<string> {
  const where = cluster === undefined ? '' : ` of cluster ${cluster}`;
  if (cluster !== undefined) {
    // The index may not know it yet.
    const own = await describe(temporal, leaseWorkflowID(cluster, volumeID, taskQueue));
    if (own?.type === WORKFLOW.cloneLease && own.status.name === 'RUNNING') return own.workflowId;
  }
  const all = (await candidates(volumeID)).filter((l) => cluster === undefined || l.cluster === cluster);
  const running = all.filter((l) => l.status === 'RUNNING');
  const [first, second] = running.length > 0 ? running : all;
  if (first === undefined) {
    throw new LeaseNotFoundError(
      `Volume ${volumeID}${where} has no lease: it was made without one, or the lease ended longer ago than the namespace keeps histories. "element-clone list --leases" shows those there are`,
      { lease: String(volumeID) },
    );
  }
  if (second !== undefined && running.length > 0) {
    const which = running.map((l) => `${l.workflowId} (cluster ${l.cluster})`).join(', ');
    throw new LeaseNotFoundError(`Volume ${volumeID}${where} has several leases: ${which}; name one of them`, {
      lease: String(volumeID),
    });
  }
  return first.workflowId;
}

async function leaseOfClone(temporal: Client, clone: WorkflowExecutionDescription, text: string): Promise<string> {
  const { workflowId, type, typedSearchAttributes, taskQueue } = clone;
  const complain = (why: string) => new LeaseNotFoundError(`${workflowId} ${why}`, { lease: text });
  if (type === WORKFLOW.cloneGroup || type === WORKFLOW.cloneFanOut) {
    throw complain(
      'makes several clones, each with a lease of its own; name its volume, as "element-clone list --leases" shows it',
    );
  }
  if (type !== WORKFLOW.cloneVolume) throw complain(`is neither a lease nor a clone but a ${type}`);
  const [cluster, volumeID] = [typedSearchAttributes.get(KEYS.cluster), typedSearchAttributes.get(KEYS.cloneVolumeID)];
  if (cluster === undefined || volumeID === undefined) {
    throw complain('has made no volume yet; its lease begins when the clone is ready');
  }
  const lease = await describe(temporal, leaseWorkflowID(cluster, volumeID, taskQueue));
  if (lease?.type !== WORKFLOW.cloneLease) {
    throw complain(`has no lease for volume ${volumeID}: none was asked for, or the clone is not ready yet`);
  }
  return lease.workflowId;
}

async function describe(temporal: Client, workflowId: string): Promise<WorkflowExecutionDescription | undefined> {
  try {
    return await temporal.workflow.getHandle(workflowId).describe();
  } catch (err) {
    if (err instanceof WorkflowNotFoundError) return undefined;
    throw err;
  }
}
