/**
 * The line for clone slots of one cluster: names and messages. A clone slot is one running clone job; a cluster runs a
 * few per volume and per node (GetLimits). This file imports nothing, so workflow code may use it at run time.
 */
import { DEFAULT_TASK_QUEUE } from './names.ts';

export const SLOTS = {
  /** Update: SlotExchange → SlotAnswer. */
  exchange: 'exchange',
  /** Query: → LineView. */
  line: 'line',
  /** Signal to a workflow in line: its turn has come. */
  granted: 'slotGranted',
} as const;

/** One line per cluster and task queue: workers of another queue share nothing but what ListSyncJobs shows. */
export const slotsWorkflowID = (cluster: string, taskQueue: string): string =>
  `clone-slots-of-${cluster}${taskQueue === DEFAULT_TASK_QUEUE ? '' : `-on-${taskQueue}`}`;

/** What `cloneSlots` starts with. `state` is what its predecessor handed over. */
export interface SlotsInput {
  cluster: string;
  state?: unknown;
}

/** Who wants slots: one for each source volume. A group takes all of its slots at once. */
export interface SlotWish {
  /** The workflow that wants them, and their key: asking again changes nothing. */
  workflowID: string;
  /** Source volumes, one entry per clone job. */
  volumes: number[];
  /** 1 (first) to 5. */
  priority: number;
}

/** `[srcVolumeID, dstVolumeID, nodeID]` of a running clone job; nodeID is 0 when the cluster does not say. */
export type JobSeen = [number, number, number];

export interface SlotLimits {
  /** GetLimits: cloneJobsPerVolumeMax, cloneJobsPerNodeMax. */
  perVolume: number;
  perNode: number;
  /** Active nodes; 0 when it is not known. */
  nodes: number;
  /** Configuration: at most this many clone jobs of ours at once. */
  ours?: number;
}

/** Which limit the cluster named when it refused in spite of a slot. */
export type RefusedBy = 'volume' | 'cluster';

/** What a worker has to say, gathered from all of its clones since the last exchange. */
export interface SlotExchange {
  wanted: SlotWish[];
  /** The clone jobs run, into these volumes. */
  started: { workflowID: string; dstVolumeIDs: number[] }[];
  /** Some of a group's copies have ended, `[srcVolumeID, dstVolumeID]` each: their slots are free, the others are not. */
  ended?: { workflowID: string; copies: [number, number][] }[];
  /** The copy has ended, or is not wanted any more: in line or holding, it is out. */
  released: string[];
  refused: { workflowID: string; by: RefusedBy }[];
  /** Clone jobs of anybody that run on the cluster, when a worker has looked. */
  jobs?: JobSeen[];
  limits?: SlotLimits;
}

/** Place in line; 1 is next. */
export interface Place {
  place: number;
  /** How many wait. */
  of: number;
  /** Seconds until the turn comes, by how long the last copies took; missing when none has ended yet. */
  etaSeconds?: number;
}

/** For each workflow that wanted or was refused: its slots, or its place in line. */
export type SlotAnswer = Record<string, 'granted' | Place>;

export interface LineView {
  cluster: string;
  waiting: (SlotWish & Place & { /** ISO 8601 */ since: string })[];
  holding: (SlotWish & { /** ISO 8601 */ since: string; started: boolean })[];
  /** Clone jobs that others run. */
  foreign: number;
  limits: SlotLimits;
  /** For how long a slot was held on average, in seconds; missing when no copy has ended yet. */
  heldSeconds?: number;
}

/** What the look at a cluster with a line found out. */
export interface SlotsSeen {
  jobs?: JobSeen[];
  limits?: SlotLimits;
  /** Holders whose workflow is over or gone. */
  gone: string[];
}
