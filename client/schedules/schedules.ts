import {
  ScheduleAlreadyRunning,
  ScheduleNotFoundError as NotFoundAtServer,
  type Client,
  type ScheduleDescription,
} from '@temporalio/client';
import { InvalidRequestError } from '../../contracts/faults.ts';
import { OVERLAP_POLICIES, type OverlapPolicy, type ScheduleDefinition } from '../../contracts/schedule.ts';
import { translate } from '../temporal-errors.ts';
import { quote } from '../visibility.ts';
import { fromTemporal, toOverlap, toTemporal } from './compile.ts';
import { differences, type Difference } from './difference.ts';
import { ScheduleBusyError, ScheduleConflictError, ScheduleNotFoundError } from './errors.ts';
import { parseInput, type ScheduleInput } from './input.ts';
import { isScheduleType, scheduleTitle, type ScheduleType } from './kinds.ts';
import { timesBetween } from './matching-times.ts';
import { pauseNote, resumeNote } from './notes.ts';
import { lastRuns, type ScheduleRun } from './runs.ts';
import { scheduleInWords } from './words.ts';

export interface DryRun {
  /** Only say what would be done. @default false */
  dryRun?: boolean | undefined;
}

/** What `create` did, or with `dryRun` would do. */
export interface ScheduleCreated {
  id: string;
  /** `unchanged`: there was the same one already. */
  outcome: 'created' | 'unchanged' | 'wouldCreate';
  definition: ScheduleDefinition;
}

/** What `update` did, or with `dryRun` would do. */
export interface ScheduleUpdated {
  id: string;
  outcome: 'updated' | 'unchanged' | 'wouldUpdate';
  differences: Difference[];
  definition: ScheduleDefinition;
}

/** A schedule in a list. Times are ISO 8601, UTC. */
export interface ScheduleSummary {
  id: string;
  /** What each run does, in one line. */
  title: string;
  /** Its times in words. */
  times: string;
  definition: ScheduleDefinition;
  paused: boolean;
  /** What was noted when it was last paused or resumed, by a person or by itself after a failure. */
  stateNote?: string;
  /** The next five. While the schedule is paused none of them runs. */
  next: string[];
  /** Runs that are under way: workflow IDs. With overlap "allowAll" only `describe` knows them, of the last five. */
  running: string[];
  counts: {
    taken: number;
    /** For overlap. */
    skipped: number;
    /** Beyond the catch-up window. */
    missed: number;
  };
  createdAt: string;
  updatedAt?: string;
}

/** Everything about a schedule. */
export interface ScheduleView extends ScheduleSummary {
  /** The last five times, newest first: the runs, and where there was none, why. */
  last: ScheduleRun[];
  taskQueue: string;
}

export interface ScheduleFilter {
  cluster?: string | undefined;
  /** Only schedules of this type of workflow. */
  type?: ScheduleType | undefined;
  /** Also the last five times of each, which takes a few calls more. @default false */
  withLast?: boolean | undefined;
}

export interface BackfillOptions {
  /** The first and the last moment (ISO 8601, or dates), both included. */
  from: string | Date;
  to: string | Date;
  /** @default "bufferAll": one after the other */
  overlap?: OverlapPolicy | undefined;
}

/** How many last and next times are shown. */
const SHOWN = 5;
/** Descriptions that are fetched at once. */
const LOOKS = 8;
/** One mistyped year must not start ten thousand clones. */
const BACKFILL_MAX = 100;
const TRIGGER_MS = 10_000;

/**
 * Recurring runs, on Temporal's schedules.
 *
 * ```ts
 * await clones.schedules.create({
 *   id: 'nightly-uat',
 *   type: 'cloneVolume',
 *   request: { cluster: 'lab', volumeID: 42, name: 'db-uat', lease: '23h' },
 *   at: 'MON-FRI 02:30',
 *   timeZone: 'Europe/Berlin',
 * });
 * ```
 */
export class Schedules {
  private readonly temporal: Client;
  private readonly taskQueue: string;

  constructor(temporal: Client, taskQueue: string) {
    this.temporal = temporal;
    this.taskQueue = taskQueue;
  }

  /**
   * Creates a schedule. The same one a second time changes nothing.
   * @throws InvalidRequestError with every fault, ScheduleConflictError, ServiceUnavailableError
   */
  async create(input: ScheduleInput, { dryRun = false }: DryRun = {}): Promise<ScheduleCreated> {
    const definition = parseInput(input);
    const { id } = definition;
    const present = await this.find(id);
    if (present !== undefined) return this.same(present, definition);
    if (dryRun) return { id, outcome: 'wouldCreate', definition };
    try {
      await this.temporal.schedule.create({
        scheduleId: id,
        ...toTemporal(definition, this.taskQueue),
      });
      return { id, outcome: 'created', definition };
    } catch (err) {
      // Somebody else was faster.
      if (err instanceof ScheduleAlreadyRunning) return this.same(await this.describeRaw(id), definition);
      throw this.translated(err);
    }
  }

  /**
   * Makes a schedule what is given: all of it, as `describe` gives it in `definition`. Whether it is paused stays as it is.
   * @throws InvalidRequestError, ScheduleNotFoundError, ServiceUnavailableError
   */
  async update(input: ScheduleInput | ScheduleDefinition, { dryRun = false }: DryRun = {}): Promise<ScheduleUpdated> {
    const definition = parseInput(input);
    const { id } = definition;
    const present = await this.describeRaw(id);
    const changes = this.changes(present, definition);
    if (changes.length === 0) return { id, outcome: 'unchanged', differences: [], definition };
    if (dryRun) return { id, outcome: 'wouldUpdate', differences: changes, definition };
    await this.call(id, () =>
      this.temporal.schedule.getHandle(id).update(({ state }) => ({
        ...toTemporal(definition, this.taskQueue),
        state,
      })),
    );
    return { id, outcome: 'updated', differences: changes, definition };
  }

  /** Schedules of this service, by ID. The server's index lags by a second or so; `describe` does not. */
  async *list(
    filter: ScheduleFilter = {},
  ): AsyncGenerator<ScheduleSummary & Partial<Pick<ScheduleView, 'last'>>, void, undefined> {
    const { cluster, type, withLast = false } = filter;
    const query = [
      'ElementSeries IS NOT NULL',
      ...(cluster === undefined ? [] : [`ElementCluster = ${quote(cluster)}`]),
    ].join(' AND ');
    const ids: string[] = [];
    try {
      for await (const { scheduleId } of this.temporal.schedule.list({ query })) ids.push(scheduleId);
    } catch (err) {
      throw this.translated(err);
    }
    ids.sort();
    for (let i = 0; i < ids.length; i += LOOKS) {
      const found = await Promise.all(
        ids.slice(i, i + LOOKS).map(async (id) => {
          const description = await this.find(id);
          if (description === undefined) return [];
          const summary = summaryOf(description);
          if (type !== undefined && summary.definition.type !== type) return [];
          return [withLast ? { ...summary, last: await this.last(description, summary.definition) } : summary];
        }),
      );
      yield* found.flat();
    }
  }

  /** @throws ScheduleNotFoundError, ServiceUnavailableError */
  async describe(id: string): Promise<ScheduleView> {
    const description = await this.describeRaw(id);
    const summary = summaryOf(description);
    const last = await this.last(description, summary.definition);
    // Of runs that may overlap the server keeps no list: those that it names last tell for themselves.
    const also = last.flatMap((r) => (r.state === 'running' && r.workflowId !== undefined ? [r.workflowId] : []));
    const running = [...new Set([...summary.running, ...also])];
    return { ...summary, running, last, taskQueue: description.action.taskQueue };
  }

  /** Nothing begins by itself until `resume`; runs that are under way go on. */
  async pause(id: string, reason?: string): Promise<void> {
    await this.call(id, () => this.temporal.schedule.getHandle(id).pause(pauseNote(reason, Date.now())));
  }

  /** Times that have passed meanwhile do not run: see `backfill`. */
  async resume(id: string, reason?: string): Promise<void> {
    const { state } = await this.describeRaw(id);
    await this.call(id, () => this.temporal.schedule.getHandle(id).unpause(resumeNote(state, reason, Date.now())));
  }

  /**
   * Begins a run now, also while the schedule is paused. Its workflow ID is missing when it waits for another one.
   * @throws ScheduleBusyError, ScheduleNotFoundError, ServiceUnavailableError
   */
  async trigger(
    id: string,
    { overlap }: { overlap?: OverlapPolicy | undefined } = {},
  ): Promise<{ id: string; workflowId?: string }> {
    if (overlap !== undefined) checkOverlap(overlap);
    const before = await this.describeRaw(id);
    const policy = overlap ?? fromTemporal(before).overlap;
    const [running] = before.info.runningActions;
    if (policy === 'skip' && running !== undefined) throw new ScheduleBusyError(id, running.workflow.workflowId);
    await this.call(id, () => this.temporal.schedule.getHandle(id).trigger(toOverlap(policy)));
    if (running !== undefined && policy !== 'allowAll') return { id };
    const known = new Set(before.info.recentActions.map((a) => a.action.workflow.firstExecutionRunId));
    const giveUp = Date.now() + TRIGGER_MS;
    for (;;) {
      const { info } = await this.describeRaw(id);
      const begun = info.recentActions.findLast((a) => !known.has(a.action.workflow.firstExecutionRunId));
      if (begun !== undefined) return { id, workflowId: begun.action.workflow.workflowId };
      if (Date.now() > giveUp) return { id };
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /**
   * Runs the times of a range of the past as if it passed now. A time whose run has succeeded is not run again; one whose
   * run failed is.
   * @throws InvalidRequestError, ScheduleNotFoundError, ServiceUnavailableError
   */
  async backfill(
    id: string,
    { from, to, overlap = 'bufferAll' }: BackfillOptions,
    { dryRun = false }: DryRun = {},
  ): Promise<{ id: string; times: string[] }> {
    checkOverlap(overlap);
    const [start, end] = [momentOf('from', from), momentOf('to', to)];
    const faults = [
      ...(end < start ? ['to: must not be before from'] : []),
      ...(end > Date.now() ? ['to: must not be in the future, whose runs come by themselves'] : []),
    ];
    if (faults.length > 0) throw new InvalidRequestError(faults);
    const times = await this.call(id, () => timesBetween(this.temporal, id, start, end));
    if (times.length > BACKFILL_MAX) {
      throw new InvalidRequestError([
        `from: there are ${times.length}${times.length < 1_000 ? '' : ' or more'} times until then; backfill at most ${BACKFILL_MAX} at once`,
      ]);
    }
    if (!dryRun && times.length > 0) {
      await this.call(id, () =>
        this.temporal.schedule
          .getHandle(id)
          .backfill({ start: new Date(start), end: new Date(end), overlap: toOverlap(overlap) }),
      );
    }
    return { id, times: times.map((t) => new Date(t).toISOString()) };
  }

  /** Nothing begins any more; runs that are under way go on. */
  async delete(id: string): Promise<void> {
    await this.call(id, () => this.temporal.schedule.getHandle(id).delete());
  }

  private last(description: ScheduleDescription, definition: ScheduleDefinition): Promise<ScheduleRun[]> {
    return this.call(definition.id, () => lastRuns(this.temporal, description, definition, SHOWN));
  }

  private same(present: ScheduleDescription, definition: ScheduleDefinition): ScheduleCreated {
    const changes = this.changes(present, definition);
    if (changes.length > 0) throw new ScheduleConflictError(definition.id, changes);
    return { id: definition.id, outcome: 'unchanged', definition };
  }

  private changes(present: ScheduleDescription, definition: ScheduleDefinition): Difference[] {
    const { taskQueue } = present.action;
    return [
      ...differences(fromTemporal(present), definition),
      ...(taskQueue === this.taskQueue ? [] : [{ field: 'taskQueue', before: taskQueue, after: this.taskQueue }]),
    ];
  }

  private describeRaw(id: string): Promise<ScheduleDescription> {
    return this.call(id, () => this.temporal.schedule.getHandle(id).describe());
  }

  private async find(id: string): Promise<ScheduleDescription | undefined> {
    try {
      return await this.describeRaw(id);
    } catch (err) {
      if (err instanceof ScheduleNotFoundError) return undefined;
      throw err;
    }
  }

  private async call<T>(id: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (err) {
      if (err instanceof NotFoundAtServer) throw new ScheduleNotFoundError(id, { cause: err });
      throw this.translated(err);
    }
  }

  private translated(err: unknown): unknown {
    // What the SDK makes of the server's word on a schedule's times.
    if (err instanceof TypeError) return new InvalidRequestError([`times: ${err.message}`], 'schedule');
    return translate(err, { namespace: this.temporal.options.namespace });
  }
}

function checkOverlap(overlap: unknown): void {
  if (!(OVERLAP_POLICIES as readonly unknown[]).includes(overlap)) {
    throw new InvalidRequestError([`overlap: must be one of ${OVERLAP_POLICIES.join(', ')}`]);
  }
}

function momentOf(name: string, time: string | Date): number {
  const ms = time instanceof Date ? time.getTime() : /[zZ]$|[+-]\d\d:\d\d$/.test(time) ? Date.parse(time) : NaN;
  if (Number.isNaN(ms)) {
    throw new InvalidRequestError([
      `${name}: must be a moment in ISO 8601 with its zone, such as "2026-11-25T02:30:00Z"`,
    ]);
  }
  return ms;
}

function summaryOf(description: ScheduleDescription): ScheduleSummary {
  const { info, state } = description;
  const definition = fromTemporal(description);
  return {
    id: description.scheduleId,
    title: titleOf(definition),
    times: scheduleInWords(definition),
    definition,
    paused: state.paused,
    ...(state.note ? { stateNote: state.note } : {}),
    next: info.nextActionTimes.slice(0, SHOWN).map((t) => t.toISOString()),
    running: info.runningActions.map((a) => a.workflow.workflowId),
    counts: {
      taken: info.numActionsTaken,
      skipped: info.numActionsSkippedOverlap,
      missed: info.numActionsMissedCatchupWindow,
    },
    createdAt: info.createdAt.toISOString(),
    ...(info.lastUpdatedAt === undefined ? {} : { updatedAt: info.lastUpdatedAt.toISOString() }),
  };
}

/** A schedule that somebody made by hand may ask for anything. */
function titleOf({ type, request }: ScheduleDefinition): string {
  try {
    return isScheduleType(type) ? scheduleTitle(type, request) : type;
  } catch {
    return type;
  }
}
