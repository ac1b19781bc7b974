import type { CloneFanOutRequest } from '../../contracts/clone-fan-out.ts';
import type { CloneGroupRequest } from '../../contracts/clone-group.ts';
import type { RequestOf } from '../../contracts/clone-types.ts';
import type { CloneVolumeRequest } from '../../contracts/clone-volume.ts';
import type { CopyVolumeRequest } from '../../contracts/copy-volume.ts';
import type { RefreshCloneRequest } from '../../contracts/refresh-clone.ts';
import type { Fault } from '../../simulator/index.ts';
import type { Kind, TYPE_OF } from './kinds.ts';

/** What happens to the copies themselves. */
export type CopyFault = Extract<Fault, { kind: 'cloneFails' | 'cloneStalls' | 'loseAsyncResult' | 'loseSyncJob' }>;

/** What somebody does to the lease of a clone, so long after the clone was seen to be ready. */
export interface LeaseDeed {
  action: 'extend' | 'release';
  afterMs: number;
}

interface Requests {
  clone: CloneVolumeRequest;
  lease: CloneVolumeRequest;
  group: CloneGroupRequest;
  fanOut: CloneFanOutRequest;
  copy: CopyVolumeRequest;
  refresh: RefreshCloneRequest;
}

/** One request that will be made. Times are milliseconds: `startsAtMs` of the run, the others after its start. */
export interface PlannedOf<K extends Kind> {
  kind: K;
  index: number;
  /** Keeps its workflow ID apart from others. */
  unique: string;
  startsAtMs: number;
  request: Requests[K] & RequestOf<(typeof TYPE_OF)[K]>;
  copySeconds: number;
  /** Names of the volumes that are copied to; `*` stands for anything. */
  copies: string;
  /** Aimed already: at every call for these copies. */
  copyFault?: CopyFault;
  /** Somebody asks for the same requestId in a workflow of another ID. */
  repeatsAfterMs?: number;
  cancelsAfterMs: number[];
  /** Cancels it once a step of its compensation is pending. */
  cancelsWhileUndoing: boolean;
  terminatesAfterMs?: number;
  leaseDeed?: LeaseDeed;
}

export type Planned = { [K in Kind]: PlannedOf<K> }[Kind];
/** A clone of one volume. */
export type PlannedClone = PlannedOf<'clone'> | PlannedOf<'lease'>;

export const isClone = (planned: Planned): planned is PlannedClone =>
  planned.kind === 'clone' || planned.kind === 'lease';
export const isOf =
  <K extends Kind>(kind: K) =>
  (planned: Planned): planned is Extract<Planned, { kind: K }> =>
    planned.kind === kind;
