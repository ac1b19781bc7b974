import type { Priority } from '@temporalio/common';
import { DEFAULT_DEADLINE, DEFAULT_TASK_QUEUE } from '../../contracts/names.ts';
import { cloneActivities } from '../activities.ts';

export interface CloneActivityOptions {
  /** Queue that the workers of this service poll. @default `element-clone` */
  taskQueue?: string;
  /** For all attempts of an activity together; a duration, or milliseconds. @default 24h */
  scheduleToCloseTimeout?: string | number;
  priority?: Priority;
}

export type CloneActivityProxies = ReturnType<typeof cloneActivities>;

/**
 * The activities of this service one by one, by reliability class, each with the time-outs and retries that it was made for.
 * Order and compensation are then the caller's: `cloneVolume` shows them.
 */
export const proxyCloneActivities = ({
  taskQueue = DEFAULT_TASK_QUEUE,
  scheduleToCloseTimeout = DEFAULT_DEADLINE,
  priority,
}: CloneActivityOptions = {}): CloneActivityProxies =>
  cloneActivities({
    taskQueue,
    scheduleToCloseTimeout: scheduleToCloseTimeout as number,
    ...(priority === undefined ? {} : { priority }),
  });
