import { WorkflowFailedError, WorkflowNotFoundError, type Client, type ScheduleDescription } from '@temporalio/client';
import { isCloneType } from '../labels.ts';
import type { CloneType } from '../../contracts/clone-types.ts';
import type { ScheduleDefinition } from '../../contracts/schedule.ts';
import { nominalTimeOf, scheduledRequestID, type ScheduledRunResult } from '../../contracts/scheduled-run.ts';
import { workflowIDForRequest } from '../../contracts/workflow-id.ts';
import { CloneHandle } from '../clone-handle.ts';
import { isKeyed } from './kinds.ts';
import { matchingTimes } from './matching-times.ts';
import { pauseOf, type Pause } from './notes.ts';

/** What became of one time of a schedule. */
export type RunState =
  | 'running'
  | 'completed'
  | 'failed'
  | 'cancelled'
  | 'terminated'
  | 'timedOut'
  /** It ran, and Temporal no longer keeps its history. */
  | 'forgotten'
  /** There is no run: another one was still running. */
  | 'skipped'
  /** There is no run: Temporal could not begin it within the catch-up window. */
  | 'missed'
  /** There is no run: the schedule was paused. */
  | 'paused'
  /** It begins when the other one has ended. */
  | 'waiting'
  /** There is no run, for another reason. */
  | 'notRun';

/** One time of a schedule: a run, or none and why. Times are ISO 8601, UTC. */
export interface ScheduleRun {
  /** Jitter included. */
  scheduledAt: string;
  state: RunState;
  /** Why it failed, or why there is no run; of a run that is under way how far it is; of one that is done what it made. */
  message?: string;
  startedAt?: string;
  closedAt?: string;
  /** Begun by hand, or outside of the schedule's own times. */
  byHand?: boolean;
  /** The run in Temporal. */
  workflowId?: string;
  runId?: string;
  /** The workflow that does the work: for `watch`, `show` and `cancel`. */
  cloneWorkflowId?: string;
}

type Action = ScheduleDescription['info']['recentActions'][number];

/** The server keeps ten. */
const KEPT = 10;
/** A run that is due begins within a second or so; one that has ended is noticed as late. */
const SOON_MS = 3_000;
const NOTICE_MS = 1_500;

/** The last times of a schedule, newest first, those without a run among them. */
export async function lastRuns(
  temporal: Client,
  description: ScheduleDescription,
  definition: ScheduleDefinition,
  count: number,
): Promise<ScheduleRun[]> {
  const now = Date.now();
  const { info, state } = description;
  const actions = info.recentActions;
  const runs = await Promise.all(actions.map((a) => outcomeOf(temporal, a, definition)));
  // Of times before a change the present times say nothing.
  const since = Math.max(info.createdAt.getTime(), info.lastUpdatedAt?.getTime() ?? 0);
  const times = await matchingTimes(temporal, description.scheduleId, {
    since,
    until: now,
    count,
    next: info.nextActionTimes,
  });
  const known = new Set(actions.map((a) => a.scheduledAt.getTime()));
  const oldest = actions.length < KEPT ? since : Math.max(since, Math.min(...known));
  const pause = pauseOf(state, runs);
  const gaps = times
    .filter((t) => !known.has(t) && t >= oldest && t < now - SOON_MS)
    .map((t): ScheduleRun => ({ scheduledAt: iso(t), ...whyNot(t, runs, description, pause) }));
  const ofSchedule = new Set(times);
  const [first = Infinity] = times;
  return [
    ...runs.map((r) => {
      const at = Date.parse(r.scheduledAt);
      return at >= first && at >= since && !ofSchedule.has(at) ? { ...r, byHand: true } : r;
    }),
    ...gaps,
  ]
    .toSorted((a, b) => (a.scheduledAt < b.scheduledAt ? 1 : a.scheduledAt > b.scheduledAt ? -1 : startOrder(a, b)))
    .slice(0, count);
}

const iso = (ms: number) => new Date(ms).toISOString();
const startOrder = (a: ScheduleRun, b: ScheduleRun) => ((a.startedAt ?? '') < (b.startedAt ?? '') ? 1 : -1);

function whyNot(
  time: number,
  runs: readonly ScheduleRun[],
  { info, policies }: ScheduleDescription,
  pause: Pause,
): Pick<ScheduleRun, 'state' | 'message'> {
  if (pause.covers(time)) return { state: 'paused', message: pause.reason };
  const other = runs.findLast(
    (r) =>
      r.startedAt !== undefined &&
      Date.parse(r.startedAt) <= time + NOTICE_MS &&
      (r.closedAt === undefined || Date.parse(r.closedAt) + NOTICE_MS >= time),
  );
  if (other !== undefined && policies.overlap !== 'ALLOW_ALL') {
    const still = `the run of ${seconds(other.scheduledAt)} was still running`;
    const waits = policies.overlap !== 'SKIP' && other.closedAt === undefined;
    return waits ? { state: 'waiting', message: still } : { state: 'skipped', message: still };
  }
  if (info.numActionsMissedCatchupWindow > 0) {
    return {
      state: 'missed',
      message: `Temporal could not begin it within the catch-up window of ${Math.round(policies.catchupWindow / 1_000)} s; to run it now: backfill`,
    };
  }
  return { state: 'notRun', message: 'no run is on record; the schedule may have been paused at the time' };
}

const seconds = (isoTime: string) => `${isoTime.slice(0, 19)}Z`;

const STATES: Record<string, RunState> = {
  RUNNING: 'running',
  PAUSED: 'running',
  CONTINUED_AS_NEW: 'running',
  COMPLETED: 'completed',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  TERMINATED: 'terminated',
  TIMED_OUT: 'timedOut',
};

async function outcomeOf(temporal: Client, action: Action, definition: ScheduleDefinition): Promise<ScheduleRun> {
  const { workflowId, firstExecutionRunId: runId } = action.action.workflow;
  const nominal = nominalTimeOf(workflowId);
  const cloneWorkflowId =
    isKeyed(definition.type) && nominal !== undefined
      ? workflowIDForRequest(scheduledRequestID(definition.id, nominal))
      : undefined;
  const run = {
    scheduledAt: action.scheduledAt.toISOString(),
    startedAt: action.takenAt.toISOString(),
    workflowId,
    runId,
    ...(cloneWorkflowId === undefined ? {} : { cloneWorkflowId }),
  };
  try {
    const handle = temporal.workflow.getHandle(workflowId, runId);
    const { status, closeTime } = await handle.describe();
    const state = STATES[status.name] ?? 'running';
    const closed = closeTime === undefined ? {} : { closedAt: closeTime.toISOString() };
    if (state === 'running') {
      const message = await underWay(temporal, definition.type, cloneWorkflowId);
      return { ...run, state, ...(message === undefined ? {} : { message }) };
    }
    if (state === 'completed') return { ...run, ...closed, ...made(await handle.result()) };
    const message = state === 'failed' ? await handle.result().then(() => undefined, reasonOf) : undefined;
    return { ...run, ...closed, state, ...(message === undefined ? {} : { message }) };
  } catch (err) {
    if (!(err instanceof WorkflowNotFoundError)) throw err;
    // Or the server has noted the run a moment before it can tell about it.
    const closedAt = run.startedAt;
    return { ...run, closedAt, state: 'forgotten', message: 'its history is no longer kept' };
  }
}

const reasonOf = (err: unknown): string => {
  if (!(err instanceof WorkflowFailedError)) throw err;
  return (err.cause?.message ?? err.message).split('\n')[0]!;
};

/** What a run made, as far as its result says so in a word. */
function made(result: unknown): Pick<ScheduleRun, 'state' | 'message'> {
  const { outcome, volumeID, counts } = (result ?? {}) as Partial<ScheduledRunResult> & {
    counts?: { orphan?: number };
  };
  if (outcome === 'cancelled') return { state: 'cancelled', message: 'the clone was cancelled by itself' };
  if (volumeID !== undefined) return { state: 'completed', message: `volume ${volumeID}` };
  const orphans = counts?.orphan;
  if (typeof orphans === 'number')
    return { state: 'completed', message: `${orphans} orphan${orphans === 1 ? '' : 's'}` };
  return { state: 'completed' };
}

/** How far the work is; nothing while it cannot be told. */
async function underWay(temporal: Client, type: string, workflowId: string | undefined): Promise<string | undefined> {
  if (workflowId === undefined || !isCloneType(type)) return undefined;
  try {
    return (await new CloneHandle<CloneType>(temporal, workflowId).describe()).progress.message;
  } catch {
    return undefined;
  }
}
