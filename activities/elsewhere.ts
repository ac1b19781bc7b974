import { AsyncLocalStorage } from 'node:async_hooks';
import { activityInfo, ApplicationFailure } from '@temporalio/activity';
import type { Elsewhere } from '../contracts/elsewhere.ts';
import { FAILURE } from '../contracts/names.ts';
import type { StepMemory } from '../contracts/progress.ts';
import type { ActivityDeps } from './deps.ts';

/** Where the workflows of this service run, and where a step starts one: not where the step itself is taken. */
export const homeQueue = ({ taskQueue }: Pick<ActivityDeps, 'taskQueue'>): string =>
  taskQueue ?? activityInfo().taskQueue;

/** The task queue of this cluster when it is another one than this attempt came from. */
export function queueElsewhere(deps: ActivityDeps, cluster: string): string | undefined {
  const queue = deps.taskQueueOf?.(cluster);
  return queue === activityInfo().taskQueue ? undefined : queue;
}

/**
 * Tells the workflow where to take this step. What earlier attempts know goes along: when a cluster gets a queue of its
 * own while a step is under way, the attempt there is no first one.
 */
export function servedElsewhere(
  cluster: string,
  taskQueue: string,
  memory: StepMemory | undefined,
): ApplicationFailure {
  const where: Elsewhere = { cluster, taskQueue, ...(memory === undefined ? {} : { memory }) };
  const failure = ApplicationFailure.create({
    type: FAILURE.servedElsewhere,
    message: `cluster ${cluster} is served on the task queue "${taskQueue}"`,
    nonRetryable: true,
    category: 'BENIGN',
    details: [where],
  });
  failure.stack = '';
  return failure;
}

const carried = new AsyncLocalStorage<StepMemory | undefined>();

/** What the same step knew when it was sent here from another task queue. */
export const carriedMemory = (): StepMemory | undefined => carried.getStore();

/** Each activity takes such a memory as a second argument. */
export function carrying<A extends object>(activities: A): A {
  const wrapped = Object.entries(activities as Record<string, (input: unknown) => unknown>).map(([name, run]) => [
    name,
    (input: unknown, memory?: StepMemory) => carried.run(memory, () => run(input)),
  ]);
  return Object.fromEntries(wrapped) as A;
}
