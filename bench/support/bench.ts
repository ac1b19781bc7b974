import type { ClusterTimes } from '../../activities/index.ts';
import type { Machine } from './machine.ts';

/** What every figure is measured with. */
export interface Bench {
  /** Of the Temporal server, host:port. */
  address: string;
  workflowBundlePath: string;
  noOpBundlePath: string;
  times: ClusterTimes;
  machine: Machine;
}
