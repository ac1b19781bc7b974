import { differenceText, type Difference } from './difference.ts';

/** There is a schedule with this ID, and it is another one. Nothing was changed. */
export class ScheduleConflictError extends Error {
  override readonly name = 'ScheduleConflictError' as const;
  readonly code = 'SCHEDULE_CONFLICT' as const;
  readonly scheduleId: string;
  readonly differences: readonly Difference[];

  constructor(scheduleId: string, differences: readonly Difference[]) {
    super(
      `There is a schedule "${scheduleId}" already, and it is a different one. Change it with "schedule update", or choose another ID. What differs:\n${differences.map((d) => `  ${differenceText(d)}`).join('\n')}`,
    );
    this.scheduleId = scheduleId;
    this.differences = differences;
  }
}

/** No schedule has this ID. */
export class ScheduleNotFoundError extends Error {
  override readonly name = 'ScheduleNotFoundError' as const;
  readonly code = 'SCHEDULE_NOT_FOUND' as const;
  readonly scheduleId: string;

  constructor(scheduleId: string, options?: ErrorOptions) {
    super(`There is no schedule "${scheduleId}". "element-clone schedule list" shows those there are`, options);
    this.scheduleId = scheduleId;
  }
}

/** Nothing was begun: a run is under way, and the schedule's overlap policy keeps another one from beginning. */
export class ScheduleBusyError extends Error {
  override readonly name = 'ScheduleBusyError' as const;
  readonly code = 'SCHEDULE_BUSY' as const;
  readonly scheduleId: string;
  /** The run that is under way. */
  readonly workflowId: string;

  constructor(scheduleId: string, workflowId: string) {
    super(
      `${workflowId} of schedule "${scheduleId}" is still running, and its overlap policy is "skip": nothing was begun. Wait for it, or name another policy (bufferOne: after it; allowAll: beside it)`,
    );
    this.scheduleId = scheduleId;
    this.workflowId = workflowId;
  }
}
