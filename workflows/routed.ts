import { ActivityFailure, ApplicationFailure, log, type ActivityOptions } from '@temporalio/workflow';
import type { Elsewhere } from '../contracts/elsewhere.ts';
import { isObject } from '../contracts/json-object.ts';
import { FAILURE } from '../contracts/names.ts';

/** A step that is sent on so often is not served anywhere: the workers' configurations contradict each other. */
const MOVES_MAX = 3;

/** Task queues of clusters that have one of their own, as far as this run has met them. */
const queues = new Map<string, string>();

type Call = (...args: unknown[]) => Promise<unknown>;
type Activity = Call & { executeWithOptions: (options: ActivityOptions, args: unknown[]) => Promise<unknown> };

/**
 * Activities that talk to a cluster. A worker that does not serve the cluster on the queue where it was asked says where
 * that is done, and this and all further steps of the run go there: so only workers know of sites, the answer is in the
 * history, and clusters without a queue of their own cost nothing.
 */
export function routed<A extends object>(proxy: A): A {
  return new Proxy(proxy, {
    get(target, name) {
      const activity = Reflect.get(target, name) as Activity;
      const call = (options: ActivityOptions, args: unknown[]) => run(activity, options, args, MOVES_MAX);
      return Object.assign((...args: unknown[]) => call({}, args), { executeWithOptions: call });
    },
  });
}

function run(activity: Activity, options: ActivityOptions, args: unknown[], moves: number): Promise<unknown> {
  const taskQueue = queues.get(clusterOf(args[0]) ?? '');
  return activity
    .executeWithOptions(taskQueue === undefined ? options : { ...options, taskQueue }, args)
    .catch((err: unknown) => {
      const where = elsewhere(err);
      if (where === undefined || moves === 0) throw err;
      const { cluster, memory } = where;
      queues.set(cluster, where.taskQueue);
      log.info('The steps of this cluster are taken on another task queue', { cluster, taskQueue: where.taskQueue });
      // By name: not every input tells its cluster where it is looked for.
      const there = { ...options, taskQueue: where.taskQueue };
      return run(activity, there, memory === undefined ? args.slice(0, 1) : [args[0], memory], moves - 1);
    });
}

/** Where the inputs of our activities name their cluster. */
function clusterOf(input: unknown): string | undefined {
  for (const at of [
    ['cluster'],
    ['plan', 'cluster'],
    ['plan', 'request', 'cluster'],
    ['request', 'cluster'],
    ['request', 'clone', 'cluster'],
    ['leased', 'cluster'],
    ['kept', 'plan', 'cluster'],
    ['kept', 'plan', 'request', 'cluster'],
  ]) {
    const cluster = at.reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), input);
    if (typeof cluster === 'string') return cluster;
  }
  return undefined;
}

function elsewhere(err: unknown): Elsewhere | undefined {
  const cause = err instanceof ActivityFailure ? err.cause : undefined;
  if (!(cause instanceof ApplicationFailure) || cause.type !== FAILURE.servedElsewhere) return undefined;
  return cause.details?.[0] as Elsewhere | undefined;
}
