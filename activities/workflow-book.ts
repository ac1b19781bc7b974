import { WorkflowNotFoundError, type Client, type WorkflowExecutionDescription } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import type { LeaseView } from '../contracts/lease.ts';
import { MEMO, WORKFLOW } from '../contracts/names.ts';
import type { OwnershipTag } from '../contracts/tag.ts';
import { workflowIDForRequest } from '../contracts/workflow-id.ts';

/** What Temporal knows of the workflow in a tag. */
export interface WorkflowFacts {
  /** `running` includes one that undoes; `unknown`: the retention is over, or it is of another Temporal. */
  state: 'running' | 'completed' | 'failed' | 'cancelled' | 'terminated' | 'timedOut' | 'unknown';
  workflowID: string;
  runID: string | null;
  type: string;
  /** ISO 8601. */
  closedAt: string | null;
  /** The clone that it took for its own: the search attribute ElementCloneVolumeID. */
  cloneVolumeID: number | undefined;
}

/** What the history of an ended workflow says besides. */
export interface WorkflowStory {
  /** As it was started; any SDK may have sent anything. */
  request: unknown;
  result: unknown;
  /** Volumes that it deleted itself: half-made ones when it undid, and second ones. */
  deletedVolumeIDs: ReadonlySet<number>;
}

/** Asks Temporal about the workflows in tags, each once. */
export interface WorkflowBook {
  factsOf(tag: OwnershipTag): Promise<WorkflowFacts>;
  storyOf(facts: WorkflowFacts): Promise<WorkflowStory>;
  /** Whether a finished clone has a lease that runs, or was released so that the clone stays for good. */
  isLeased(cluster: string, clone: { volumeID: number; tag: OwnershipTag }): Promise<boolean>;
}

const STATES: Record<string, WorkflowFacts['state']> = {
  RUNNING: 'running',
  PAUSED: 'running',
  // Another run goes on under the same ID.
  CONTINUED_AS_NEW: 'running',
  COMPLETED: 'completed',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  TERMINATED: 'terminated',
  TIMED_OUT: 'timedOut',
};

const CLONE_VOLUME_ID = defineSearchAttributeKey('ElementCloneVolumeID', 'INT');

/** Executions under one workflow ID that are looked at, newest first. */
const RUNS_MAX = 50;

/** Histories that were read; those of ended workflows never change, so that several books may share them. */
export type Stories = Map<string, Promise<WorkflowStory>>;

export function openWorkflowBook(temporal: Client, stories: Stories = new Map()): WorkflowBook {
  const facts = new Map<string, Promise<WorkflowFacts>>();
  const leases = new Map<string, Promise<LeaseView[]>>();
  const once = <T>(book: Map<string, Promise<T>>, key: string, ask: () => Promise<T>): Promise<T> => {
    const answer = book.get(key) ?? ask();
    book.set(key, answer);
    return answer;
  };
  return {
    factsOf: (tag) => once(facts, JSON.stringify([tag.workflowID, tag.request]), () => lookUp(temporal, tag)),
    storyOf: ({ workflowID, runID }) =>
      once(stories, JSON.stringify([workflowID, runID]), () => readStory(temporal, workflowID, runID!)),
    async isLeased(cluster, { volumeID, tag }) {
      const isItsOwn = (lease: LeaseView | undefined) =>
        lease?.cluster === cluster && lease.volumeID === volumeID && lease.request === tag.request;
      // The index knows those too that were put on a clone by hand, and may not know yet what has just begun.
      const own = tag.lease ? await describe(temporal, tag.lease) : undefined;
      if (own?.type === WORKFLOW.cloneLease && isItsOwn(leaseIn(own)) && keeps(own)) return true;
      return (await once(leases, cluster, () => leasesOn(temporal, cluster))).some(isItsOwn);
    },
  };
}

/** The last run of the execution that the tag is of. */
async function lookUp(temporal: Client, tag: OwnershipTag): Promise<WorkflowFacts> {
  const { workflowID, request } = tag;
  const latest = await describe(temporal, workflowID);
  if (latest === undefined) return unknown(workflowID);
  // All executions that serve a requestId share what they make; without one the request is its first run's ID.
  if (workflowID === workflowIDForRequest(request) || firstRunOf(latest) === request) return toFacts(latest);

  // Somebody has used the workflow ID again. A reset gives the same execution another run.
  const runs: WorkflowExecutionDescription[] = [];
  const query = `WorkflowId = '${workflowID.replace(/[\\']/g, '\\$&')}'`;
  for await (const { runId } of temporal.workflow.list({ query, pageSize: RUNS_MAX })) {
    const run = await describe(temporal, workflowID, runId);
    if (run !== undefined && firstRunOf(run) === request) runs.push(run);
    if (runs.length >= RUNS_MAX) break;
  }
  const own = runs.toSorted((a, b) => b.startTime.getTime() - a.startTime.getTime())[0];
  const found = own ?? (isRunID(request) ? await describe(temporal, workflowID, request) : undefined);
  return found === undefined ? unknown(workflowID) : toFacts(found);
}

/** Temporal refuses to look for anything else. */
const isRunID = (text: string) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);

async function describe(
  temporal: Client,
  workflowID: string,
  runID?: string,
): Promise<WorkflowExecutionDescription | undefined> {
  try {
    return await temporal.workflow.getHandle(workflowID, runID).describe();
  } catch (err) {
    // Only this says that there is none. Anything else says nothing about it.
    if (err instanceof WorkflowNotFoundError) return undefined;
    throw err;
  }
}

/** In the memo of its workflow. */
const leaseIn = ({ memo }: Pick<WorkflowExecutionDescription, 'memo'>) => memo?.[MEMO.lease] as LeaseView | undefined;

/** One that was cancelled, terminated or is over for another reason no longer says anything about its volume. */
const keeps = (lease: Pick<WorkflowExecutionDescription, 'status' | 'memo'>) =>
  STATES[lease.status.name] === 'running' || leaseIn(lease)?.outcome === 'released';

async function leasesOn(temporal: Client, cluster: string): Promise<LeaseView[]> {
  const query = `WorkflowType = '${WORKFLOW.cloneLease}' AND ElementCluster = '${cluster}' AND ExecutionStatus IN ('Running', 'Completed')`;
  const found: LeaseView[] = [];
  for await (const info of temporal.workflow.list({ query, pageSize: 1_000 })) {
    const lease = leaseIn(info);
    if (lease !== undefined && keeps(info)) found.push(lease);
  }
  return found;
}

const firstRunOf = ({ raw }: WorkflowExecutionDescription) => raw.workflowExecutionInfo?.firstRunId;

const unknown = (workflowID: string): WorkflowFacts => ({
  state: 'unknown',
  workflowID,
  runID: null,
  type: '',
  closedAt: null,
  cloneVolumeID: undefined,
});

const toFacts = (d: WorkflowExecutionDescription): WorkflowFacts => ({
  // A status that this version does not know is not taken for an end.
  state: STATES[d.status.name] ?? 'running',
  workflowID: d.workflowId,
  runID: d.runId,
  type: d.type,
  closedAt: d.closeTime?.toISOString() ?? null,
  cloneVolumeID: d.typedSearchAttributes.get(CLONE_VOLUME_ID),
});

async function readStory(temporal: Client, workflowID: string, runID: string): Promise<WorkflowStory> {
  const converter = temporal.options.loadedDataConverter;
  const { events } = await temporal.workflow.getHandle(workflowID, runID).fetchHistory();
  const story = { request: undefined as unknown, result: undefined as unknown, deletedVolumeIDs: new Set<number>() };
  for (const event of events ?? []) {
    const started = event.workflowExecutionStartedEventAttributes;
    const completed = event.workflowExecutionCompletedEventAttributes;
    const activity = event.activityTaskCompletedEventAttributes;
    if (started) [story.request] = await decodeArrayFromPayloads(converter, started.input?.payloads);
    if (completed) [story.result] = await decodeArrayFromPayloads(converter, completed.result?.payloads);
    if (activity) {
      const [result] = await decodeArrayFromPayloads(converter, activity.result?.payloads);
      for (const volumeID of volumesDeleted(result)) story.deletedVolumeIDs.add(volumeID);
    }
  }
  return story;
}

/** In the results of undoClone (`volume 63 deleted`) and verifyClone. */
function volumesDeleted(result: unknown): number[] {
  if (result === null || typeof result !== 'object') return [];
  const { undone, strangersRemoved } = result as { undone?: unknown; strangersRemoved?: unknown };
  return [
    ...(Array.isArray(undone) ? undone : []).flatMap((text) => {
      const volumeID = /^volume (\d+) deleted$/.exec(String(text))?.[1];
      return volumeID === undefined ? [] : [Number(volumeID)];
    }),
    ...(Array.isArray(strangersRemoved) ? strangersRemoved : []).filter((id): id is number => typeof id === 'number'),
  ];
}
