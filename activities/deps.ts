import type { Client } from '@temporalio/client';
import type { ElementClient } from '../element/index.ts';
import type { ClusterGate } from './gate.ts';
import type { Hooks } from './hooks.ts';
import type { AnswerCache } from './answer-cache.ts';
import type { SyncJobsView } from './view.ts';

/** Times of one cluster, in milliseconds. */
export interface ClusterTimes {
  /** Time-out of one API call. */
  timeoutMs: number;
  /** How long after an unanswered creating call its effect may still appear. */
  settleMs: number;
  /** Longest pause between two looks at a running clone. */
  pollCapMs: number;
  /** Without a byte moved for this long, a clone is reported as stalled. */
  stallMs: number;
  /** For this long refused credentials are read and tried again before they are believed to be wrong. */
  rotationMs: number;
  /** Shortest pause between two looks at a leased volume. @default 30_000 */
  leaseLookMs?: number;
}

/** One cluster as activities see it. */
export interface Cluster {
  alias: string;
  api: ElementClient;
  /** Shared by all activities of this worker. */
  view: SyncJobsView;
  answers: AnswerCache;
  /** Keeps it from taking all of the worker's slots. @default none */
  gate?: ClusterGate;
  times: ClusterTimes;
  /** At most this many clone jobs of ours at once, to keep room for others. @default as many as the cluster runs */
  maxCloneJobs?: number;
  /** No lease and no extension may reach further, in milliseconds. @default ten years, as the contract says */
  leaseMaxMs?: number;
  /** The hook that is told when a lease ends soon. @default none */
  leaseWarningHook?: string;
}

/** What the activities need from the process they run in. */
export interface ActivityDeps {
  /** The cluster of this alias, or `undefined` when the configuration has none. */
  cluster(alias: string): Cluster | undefined;
  /** Aliases there are, for messages. */
  clusterAliases(): string[];
  /**
   * Where the workflows of this service run: new ones are started there, and lines and leases are named after it.
   * @default the queue that an activity came from
   */
  taskQueue?: string;
  /**
   * The task queue on which the steps of this cluster are taken; `undefined` for one that this worker does not know.
   * @default wherever they are asked for
   */
  taskQueueOf?(alias: string): string | undefined;
  /** The hook that is told when a lease of this cluster ends soon. @default that of the cluster */
  leaseWarningHook?(alias: string): string | undefined;
  /** What may be called besides the clusters. @default no hooks */
  hooks?: Hooks;
  /** Temporal, to wait for a workflow that already serves a requestId. */
  temporal: Client;
  /** Milliseconds since the epoch. @default Date.now */
  now?: () => number;
  /** Milliseconds, by which a worker notices that it stood still. @default Date.now */
  pulse?: () => number;
}
