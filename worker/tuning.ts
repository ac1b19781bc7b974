import { setFlagsFromString } from 'node:v8';
import type { WorkerOptions } from '@temporalio/worker';

/** How a worker of ours runs, whatever it connects to; the benchmarks measure this very one. */
export const WORKER_TUNING = {
  // Most clones of a busy worker wait for hours; to replay one when its wait is over costs less than to keep it, 0.8 MB.
  maxCachedWorkflows: 200,
  maxConcurrentActivityTaskExecutions: 50,
  workflowTaskPollerBehavior: { type: 'autoscaling' },
  activityTaskPollerBehavior: { type: 'autoscaling' },
  maxHeartbeatThrottleInterval: '5s',
  // A call at its 30 s time-out may end; the container's stop time-out must exceed the force time.
  shutdownGraceTime: '35s',
  shutdownForceTime: '50s',
} as const satisfies Partial<WorkerOptions>;

/**
 * For the process of a worker, its workflow thread included. By itself V8 lets a heap grow up to fourfold before it
 * collects what outlived its youth, on a machine with memory to spare; a worker's waits produce just that.
 */
export function collectSooner(): void {
  setFlagsFromString('--heap-growing-percent=60');
}
