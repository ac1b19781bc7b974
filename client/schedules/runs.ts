import { WorkflowFailedError, WorkflowNotFoundError, type Client, type ScheduleDescription } from '@temporalio/client';
import { isCloneType } from '../labels.ts';
import type { CloneType } from '../../contracts/clone-types.ts';
import type { ScheduleDefinition } from '../../contracts/schedule.ts';
import { nominalTimeOf, scheduledRequestID, type ScheduledRunResult } from '../../contracts/scheduled-run.ts';
import { workflowIDForRequest } from '../../contracts/workflow-id.ts';
import { CloneHandle } from '../clone-handle.ts';
import { isKeyed } from './kinds.ts';
import { lastTimes } from './matching-times.ts';
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
  /** Of several times without a run for the same reason: how many, and the first of them. */
  times?: number;
  firstAt?: string;
  /** Begun by hand, or outside of the schedule's own times. */
  byHand?: boolean;
  /** The run in Temporal. */
  workflowId?: string;
  runId?: string;
  /** The workflow that does the work: for `watch`, `show` and `cancel`. */
  cloneWorkflowId?: string;
}

type Action = ScheduleDescription['info']['recentActions'][number];

/** A run that is due begins within a second or so; one that has ended is noticed as late. */
const SOON_MS = 3_000;
const NOTICE_MS = 1_500;

/** What happened last to a schedule, newest first: its runs, and the times without a run. */
export async function lastRuns(
  temporal: Client,
  description: ScheduleDescription,
  definition: ScheduleDefinition,
  count: number,
): Promise<ScheduleRun[]> {
  const now = Date.now();
  const { info, state, scheduleId } = description;
  // One more, which the oldest of the others may have had to wait for.
  const actions = info.recentActions.slice(-count - 1);
  const runs = await Promise.all(actions.map((a) => outcomeOf(temporal, a, definition)));
  const changedAt = Math.max(info.createdAt.getTime(), info.lastUpdatedAt?.getTime() ?? 0);
  const { times, from } = await lastTimes(temporal, scheduleId, {
    // Of times before a change the present ones say nothing; of times before the runs on record nothing is known.
    since: Math.max(changedAt, actions.length > count ? actions[0]!.takenAt.getTime() : 0),
    until: now,
    next: info.nextActionTimes,
  });
  const ran = new Set(info.recentActions.map((a) => a.scheduledAt.getTime()));
  const pause = pauseOf(state, runs);
  const gaps = times
    .filter((t) => !ran.has(t) && t < now - SOON_MS)
    .map((t): ScheduleRun => ({ scheduledAt: iso(t), ...whyNot(t, runs, description, definition, pause) }));
  const ofSchedule = new Set(times);
  const happened = [
    ...runs.map((r) => {
      const at = Date.parse(r.scheduledAt);
      return at >= from && !ofSchedule.has(at) ? { ...r, byHand: true } : r;
    }),
    ...gaps,
  ];
  return gathered(happened.toSorted((a, b) => (when(a) < when(b) ? 1 : -1))).slice(0, count);
}

const when = ({ startedAt, scheduledAt }: ScheduleRun): string => startedAt ?? scheduledAt;

/** Times without a run that follow one another for the same reason are one line, newest first. */
function gathered(runs: readonly ScheduleRun[]): ScheduleRun[] {
  const lines: ScheduleRun[] = [];
  for (const run of runs) {
    const line = lines.at(-1);
    const same = line?.state === run.state && line.message === run.message && line.startedAt === undefined;
    if (line !== undefined && same && run.startedAt === undefined) {
      lines[lines.length - 1] = { ...line, times: (line.times ?? 1) + 1, firstAt: run.scheduledAt };
    } else lines.push(run);
  }
  return lines;
}

const iso = (ms: number) => new Date(ms).toISOString();

function whyNot(
  time: number,
  runs: readonly ScheduleRun[],
  { info, policies }: ScheduleDescription,
  { catchUp }: ScheduleDefinition,
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
      message: `Temporal could not begin it within the catch-up window of ${catchUp}; to run it now: backfill`,
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
