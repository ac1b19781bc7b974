/**
 * Every metric of ours. Names are as our code has them: the exporter adds the unit of a histogram and `_total` to a
 * counter. Labels hold words of this list, names of the configuration or of the API: never an ID. This file imports
 * nothing, so workflow code may use it at run time.
 */
export interface Metric {
  name: `element_clone_${string}`;
  kind: 'counter' | 'gauge' | 'histogram';
  /** Suffix of a histogram; of the others it is in the name. */
  unit?: 'seconds';
  help: string;
  /** What workflows and activities add by themselves (namespace, taskQueue, workflowType, activityType) comes on top. */
  labels: readonly string[];
  buckets?: readonly number[];
}

const define = <const M extends Record<string, Metric>>(metrics: M): M => metrics;

export const METRICS = define({
  callDuration: {
    name: 'element_clone_call_duration',
    kind: 'histogram',
    unit: 'seconds',
    help: 'Calls of the Element API, by how they ended',
    labels: ['cluster', 'method', 'outcome'],
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  },
  requestDuration: {
    name: 'element_clone_request_duration',
    kind: 'histogram',
    unit: 'seconds',
    help: 'Clones, groups, copies and refreshes from start to end, waiting for a clone slot included',
    labels: ['cluster', 'outcome'],
    buckets: [1, 5, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400],
  },
  phaseDuration: {
    name: 'element_clone_phase_duration',
    kind: 'histogram',
    unit: 'seconds',
    help: 'Phases of clones, groups, copies and refreshes',
    labels: ['cluster', 'phase', 'outcome'],
    buckets: [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400],
  },
  clonedBytes: {
    name: 'element_clone_cloned_bytes',
    kind: 'counter',
    help: 'Size of the volumes that were cloned or copied onto',
    labels: ['cluster'],
  },
  compensations: {
    name: 'element_clone_compensations',
    kind: 'counter',
    help: 'Failed or cancelled requests, by what became of what they had made',
    labels: ['cluster', 'outcome'],
  },
  estimateError: {
    name: 'element_clone_estimate_error',
    kind: 'histogram',
    unit: 'seconds',
    help: 'How far from the estimate of the last look a copy was seen to have ended',
    labels: ['cluster', 'direction'],
    buckets: [1, 2, 5, 10, 30, 60, 120, 300, 900, 3_600],
  },
  stalls: {
    name: 'element_clone_stalls',
    kind: 'counter',
    help: 'Copies that stopped making progress, once per stall',
    labels: ['cluster'],
  },
  slots: {
    name: 'element_clone_slots_in_use',
    kind: 'gauge',
    help: 'Clone slots that are taken, by clones of ours or by others',
    labels: ['cluster', 'holder'],
  },
  slotsLimit: {
    name: 'element_clone_slots_limit',
    kind: 'gauge',
    help: 'Clone slots that clones of ours may take together; 0 when it is not known',
    labels: ['cluster'],
  },
  slotsWaiting: {
    name: 'element_clone_slots_waiting',
    kind: 'gauge',
    help: 'Clones and groups in line for a clone slot',
    labels: ['cluster'],
  },
  orphans: {
    name: 'element_clone_orphans',
    kind: 'gauge',
    help: 'Objects with our tag that no running workflow owns, at the last look',
    labels: ['cluster', 'verdict'],
  },
  orphansLookedAt: {
    name: 'element_clone_orphans_looked_at_timestamp_seconds',
    kind: 'gauge',
    help: 'When this worker last looked for orphans, in seconds since the epoch',
    labels: ['cluster'],
  },
  leasesEnded: {
    name: 'element_clone_leases_ended',
    kind: 'counter',
    help: 'Leases that have ended, by outcome',
    labels: ['cluster', 'outcome'],
  },
  leaseWarnings: {
    name: 'element_clone_lease_warnings',
    kind: 'counter',
    help: 'Leases that end soon',
    labels: ['cluster'],
  },
  clusterUp: {
    name: 'element_clone_cluster_up',
    kind: 'gauge',
    help: '1 when the cluster answers this worker, 0 when it does not',
    labels: ['cluster'],
  },
});

/** How a call of the Element API ended. */
export const CALL_OUTCOMES = [
  'ok',
  /** A limit of running jobs is reached: the call is refused, the clone waits in line. */
  'busy',
  /** HTTP 401, or the secret could not be read. */
  'credentials',
  /** The cluster admin lacks an access type. */
  'permission',
  'timeout',
  /** No connection, or no answer of the API on it. */
  'unreachable',
  /** Cut short by us. */
  'aborted',
  /** The cluster said no, and may say yes the next time. */
  'transient',
  /** The cluster said no, and means it. */
  'error',
] as const;
export type CallOutcome = (typeof CALL_OUTCOMES)[number];

/** How a request ended; `refused` by preflight, before anything was made. */
export type RequestOutcome = 'done' | 'refused' | 'failed' | 'cancelled';

/** What became of what a failed request had made: nothing stayed, something did, or it was to be kept. */
export type CompensationOutcome = 'clean' | 'leftBehind' | 'kept';

/** In place of the alias of a cluster that preflight has not yet found in the configuration. */
export const UNCHECKED_CLUSTER = 'unchecked';
