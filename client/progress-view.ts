import { FAILURE, PHASES, type Phase } from '../contracts/names.ts';
import {
  isGroupProgress,
  membersText,
  type CloneProgress,
  type CopyProgress,
  type GroupProgress,
  type ProgressView,
  type StepMemory,
} from '../contracts/progress.ts';

/** The step that a clone is in: the name of the activity that is pending; of a group, of the one that does the same. */
export type CloneStep =
  | 'preflight'
  | 'createSnapshot'
  | 'startClone'
  | 'waitForSlot'
  | 'awaitClone'
  | 'modifyVolume'
  | 'grantAccess'
  | 'verifyClone'
  | 'cleanUp'
  | 'undoClone'
  | 'undoSnapshot'
  | 'joinRequest'
  | 'awaitSeries'
  | 'callHook'
  | 'swapAccess'
  | 'retireGenerations'
  | 'undoSwap'
  | 'undoGeneration';

/** Progress with the step it is made of; `undefined` between two steps and after the end. */
export interface CloneProgressView extends ProgressView {
  step?: CloneStep;
}

/** The activity that is pending, with its heartbeat details decoded. */
export interface PendingStep {
  activityType: string;
  attempt: number;
  /** Where it waits to be taken, as newer servers tell. */
  taskQueue?: string | undefined;
  paused: boolean;
  /** Milliseconds since the epoch. */
  scheduledAt: number | undefined;
  /** True when no attempt has ever begun. */
  neverStarted: boolean;
  nextAttemptAt: number | undefined;
  memory: StepMemory | undefined;
  lastFailure: { type: string | undefined; message: string } | undefined;
}

/** What Temporal tells about an execution, reduced to what progress is made of. */
export interface Observed {
  workflowId: string;
  /** RUNNING, COMPLETED, FAILED, CANCELLED, TERMINATED, TIMED_OUT, PAUSED. */
  status: string;
  taskQueue: string;
  /** The search attribute ElementPhase. */
  phase: string | undefined;
  cloneVolumeID: number | undefined;
  pending: PendingStep | undefined;
  /** The workflow's own next task, when it is due or keeps failing. */
  workflowTask: { attempt: number; scheduledAt: number | undefined; started: boolean } | undefined;
  /** The clone that this one waits for. */
  pendingChild: string | undefined;
}

/** Work that nobody has picked up for this long is waiting for a worker that is not there. */
const NO_WORKER_MS = 5_000;
/** Nobody has looked for this long: the last rate says nothing any more. Pauses between looks are shorter. */
const EXTRAPOLATE_MAX_MS = 150_000;
/** Two looks close together see no byte move either. */
const STILL_MS = 30_000;
/** Only the cluster can tell that a copy has ended. */
const EXTRAPOLATED_PERCENT_MAX = 99.9;

const DOING: Record<CloneStep, string> = {
  preflight: 'checking the request against the cluster',
  createSnapshot: 'taking the snapshot',
  startClone: 'asking for the clone',
  waitForSlot: 'waiting for a clone slot',
  awaitClone: 'copying',
  modifyVolume: 'setting what was asked for',
  grantAccess: 'granting access',
  verifyClone: 'comparing the volume with the request',
  cleanUp: 'removing the snapshot and the kept result',
  undoClone: 'undoing: removing the clone',
  undoSnapshot: 'undoing: removing the snapshot',
  joinRequest: 'waiting for the clone that serves this requestId already',
  awaitSeries: 'waiting for another run of the same series',
  callHook: 'calling a hook',
  swapAccess: 'moving access to the new generation',
  retireGenerations: 'retiring old generations',
  undoSwap: 'undoing: putting the old generation back into service',
  undoGeneration: 'undoing: removing the new generation',
};

/** Steps that have words of their own. */
const DOING_ELSE: Record<string, string> = {
  createWayBack: 'taking a snapshot of the destination, the way back',
  startCopy: 'asking for the copy',
  verifyCopy: 'comparing the destination with what it was before',
  undoStartedCopy: 'undoing: giving the destination its content back',
  undoWayBack: 'undoing: removing the snapshot of the destination',
};

/** Steps of a group, and of a copy onto a volume. */
const AS_STEP: Record<string, CloneStep> = {
  preflightGroup: 'preflight',
  preflightFanOut: 'preflight',
  preflightRefresh: 'preflight',
  createGroupSnapshot: 'createSnapshot',
  startGroup: 'startClone',
  awaitGroup: 'awaitClone',
  modifyMembers: 'modifyVolume',
  grantMembers: 'grantAccess',
  verifyMembers: 'verifyClone',
  undoMembers: 'undoClone',
  cleanUpGroup: 'cleanUp',
  undoGroup: 'undoClone',
  undoGroupSnapshot: 'undoSnapshot',
  preflightCopy: 'preflight',
  createWayBack: 'createSnapshot',
  startCopy: 'startClone',
  awaitCopy: 'awaitClone',
  verifyCopy: 'verifyClone',
  cleanUpCopy: 'cleanUp',
  undoStartedCopy: 'undoClone',
  undoWayBack: 'undoSnapshot',
};

const stepOf = (activity: string): CloneStep | undefined =>
  activity in DOING ? (activity as CloneStep) : AS_STEP[activity];

export const isTerminal = (phase: Phase): boolean => phase === 'done' || phase === 'failed' || phase === 'cancelled';

/**
 * Progress as it is shown, from what was observed. Between looks at the cluster the bytes go on at the last rate, and
 * `extrapolated` says so. `previous` keeps what was last known once no step is pending any more.
 */
export function toProgressView(o: Observed, now: number, previous?: CloneProgressView): CloneProgressView {
  const phase = phaseOf(o);
  const activity = o.pending?.activityType;
  const step = activity !== undefined && !isTerminal(phase) ? stepOf(activity) : undefined;
  const fault = faultOf(o.pending);
  const copy = o.pending?.memory?.progress;
  const volumeID = o.cloneVolumeID ?? (copy && !isGroupProgress(copy) ? copy.volumeID : previous?.volumeID);
  return {
    workflowId: o.workflowId,
    phase,
    message: messageOf(o, phase, now),
    percent: percentOf(phase, step, previous),
    extrapolated: false,
    ...(volumeID === undefined ? {} : { volumeID }),
    ...(step === undefined ? {} : { step }),
    ...(step === undefined || o.pending === undefined ? {} : { attempt: o.pending.attempt }),
    ...(step === undefined || fault === undefined ? {} : { lastFailure: fault }),
    ...(phase === 'done' && previous?.totalBytes !== undefined
      ? { currentBytes: previous.totalBytes, totalBytes: previous.totalBytes }
      : {}),
    ...(step === 'waitForSlot' && o.pending?.memory?.line ? { line: o.pending.memory.line } : {}),
    ...(step === 'awaitClone' && copy !== undefined ? copyView(copy, now) : {}),
  };
}

/** The phase that the ended workflow's status proves, else the one it published. */
export function phaseOf(o: Pick<Observed, 'status' | 'phase'>): Phase {
  const published = PHASES.find((p) => p === o.phase);
  switch (o.status) {
    case 'COMPLETED':
      return 'done';
    case 'CANCELLED':
      return 'cancelled';
    case 'FAILED':
    case 'TERMINATED':
    case 'TIMED_OUT':
      // A cancelled clone that left something behind ends as failed; the phase tells what happened.
      return published === 'cancelled' ? 'cancelled' : 'failed';
    default:
      return published ?? 'waiting';
  }
}

function percentOf(phase: Phase, step: CloneStep | undefined, previous: CloneProgressView | undefined): number {
  if (phase === 'done' || phase === 'modifying' || phase === 'granting') return 100;
  if (step === 'swapAccess' || step === 'retireGenerations') return 100;
  if (step === 'verifyClone' || step === 'cleanUp' || step === 'modifyVolume' || step === 'grantAccess') return 100;
  return previous?.percent ?? 0;
}

/** Why the step is being retried; a look that only found the clone unfinished is no fault. */
const faultOf = (pending: PendingStep | undefined): string | undefined =>
  pending?.lastFailure === undefined || pending.lastFailure.type === FAILURE.notReady
    ? undefined
    : pending.lastFailure.message;

function messageOf(o: Observed, phase: Phase, now: number): string {
  if (o.status === 'TERMINATED') return 'terminated: nothing was undone';
  if (o.status === 'TIMED_OUT') return 'timed out: nothing was undone';
  if (o.status === 'PAUSED') return 'paused by an operator';
  if (o.status !== 'RUNNING')
    return { done: 'done', cancelled: 'cancelled' }[phase as 'done' | 'cancelled'] ?? 'failed';
  const { pending, workflowTask } = o;
  if (workflowTask && workflowTask.attempt > 2)
    return `the workflow's code fails (attempt ${workflowTask.attempt}): see the worker's log`;
  if (workflowTask && !workflowTask.started && isLate(workflowTask.scheduledAt, now)) return noWorker(o.taskQueue);
  if (!pending) return o.pendingChild === undefined ? phase : `waiting for ${o.pendingChild}`;
  if (pending.paused) return `step ${pending.activityType} is paused by an operator: temporal activity unpause`;
  if (pending.neverStarted && isLate(pending.scheduledAt, now)) return noWorker(pending.taskQueue ?? o.taskQueue);
  return stepMessage(pending);
}

function stepMessage(pending: PendingStep): string {
  const step = stepOf(pending.activityType);
  const doing = DOING_ELSE[pending.activityType] ?? (step === undefined ? pending.activityType : DOING[step]);
  const { type, message } = pending.lastFailure ?? {};
  if (type === FAILURE.busy && message !== undefined) return message;
  if (message !== undefined && type !== FAILURE.notReady) {
    return `${doing}, again after a fault (attempt ${pending.attempt}): ${message}`;
  }
  const progress = pending.memory?.progress;
  if (step !== 'awaitClone') return doing;
  switch (progress?.stage) {
    case undefined:
      return doing;
    case 'queued':
      return 'waiting for the copy to show on the cluster';
    case 'metadata':
      return 'copying metadata';
    case 'finishing':
      // There is no job to draw: the look has said in words what it saw.
      return message ?? doing;
    default:
      if (progress === undefined) return doing;
      if (progress.stalled) return `stalled: no byte has moved since ${progress.stalledSince}`;
      if (isStill(progress)) return `copying, but no byte has moved since ${progress.stalledSince}`;
      return isGroupProgress(progress) ? `copying, ${membersText(progress)}` : doing;
  }
}

/** Not yet stalled by the worker's measure, but worth a word. */
const isStill = ({ stage, stalledSince, lookedAt }: CopyProgress): boolean =>
  stage !== 'metadata' &&
  stage !== 'queued' &&
  stalledSince !== undefined &&
  Date.parse(lookedAt) - Date.parse(stalledSince) >= STILL_MS;

const isLate = (scheduledAt: number | undefined, now: number) =>
  scheduledAt !== undefined && now - scheduledAt > NO_WORKER_MS;

const noWorker = (taskQueue: string) =>
  `waiting for a worker: none has picked this up from the task queue "${taskQueue}" yet; is one running?`;

/** The last look, carried on to `now` by its rate. */
function copyView(p: CloneProgress | GroupProgress, now: number) {
  const elapsed = Math.min(Math.max(0, now - Date.parse(p.lookedAt)), EXTRAPOLATE_MAX_MS) / 1_000;
  const moving = p.bytesPerSecond > 0 && p.totalBytes > 0 && p.stalledSince === undefined;
  const gained = moving ? elapsed * p.bytesPerSecond : 0;
  const most = Math.max(p.currentBytes, Math.floor((p.totalBytes * EXTRAPOLATED_PERCENT_MAX) / 100));
  const currentBytes = Math.min(Math.round(p.currentBytes + gained), most);
  const byBytes = p.percent + (100 * (currentBytes - p.currentBytes)) / (p.totalBytes || 1);
  return {
    percent: Math.max(p.percent, Math.min(byBytes, EXTRAPOLATED_PERCENT_MAX)),
    extrapolated: currentBytes > p.currentBytes,
    currentBytes,
    totalBytes: p.totalBytes,
    bytesPerSecond: p.bytesPerSecond,
    stage: p.stage,
    lookedAt: p.lookedAt,
    ...(p.remainingTime === null ? {} : { remainingTime: Math.max(0, p.remainingTime - elapsed) }),
    ...(isGroupProgress(p) ? groupView(p) : cloneView(p)),
    ...(p.asyncHandle === null ? {} : { asyncHandle: p.asyncHandle }),
    ...(p.stalledSince !== undefined && (p.stalled || isStill(p)) ? { stalledSince: p.stalledSince } : {}),
  };
}

const cloneView = ({ volumeID, cloneID }: CloneProgress) => ({ volumeID, ...(cloneID === null ? {} : { cloneID }) });
const groupView = ({ members, groupCloneID }: GroupProgress) => ({
  members,
  ...(groupCloneID === null ? {} : { groupCloneID }),
});
