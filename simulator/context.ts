import type { Behaviour } from './behaviour.ts';
import type { JobFault } from './fault-shapes.ts';
import type { Limits } from './limits.ts';
import type { Random } from './random.ts';
import type { ClusterAdminRecord } from './records.ts';
import type { ClusterState } from './state.ts';

/** Facts about the cluster that never change while it runs. */
export interface ClusterIdentity {
  name: string;
  /** Four characters that stand in every IQN of the cluster. */
  uniqueID: string;
  uuid: string;
  currentVersion: string;
  supportedVersions: string[];
  nodes: number;
}

/** What a method works with during one call: the state already brought up to `nowMs`. */
export interface Context {
  readonly state: ClusterState;
  readonly behaviour: Behaviour;
  readonly limits: Limits;
  readonly identity: ClusterIdentity;
  readonly random: Random;
  readonly nowMs: number;
  readonly admins: ClusterAdminRecord[];
  readonly admin: ClusterAdminRecord;
  /** Faults that this call's clone jobs will suffer. */
  readonly jobFaults: readonly JobFault[];
  /** Names of the methods of the version the caller speaks. */
  readonly methodNames: (version: string) => string[];
}
