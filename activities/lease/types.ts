import type { LeaseView } from '../../contracts/lease.ts';
import type { StepResult } from '../types.ts';

/** Whose tag a leased volume carries, with its own ID in it. */
export interface LeasedClone {
  workflowID: string;
  request: string;
  sourceVolumeID: number;
  name: string;
}

/** The volume that a lease is about: deleted only while it carries exactly this tag. */
export interface LeasedVolume {
  cluster: string;
  volumeID: number;
  clone: LeasedClone;
}

/** The volume is no longer the lease's to delete. */
export interface Loss {
  lost: 'gone' | 'notOurs';
  /** For people. */
  reason: string;
}

export type Deletion =
  | { outcome: 'deleted'; /** iSCSI sessions that it cut. */ sessionsCut: number }
  /** Somebody uses the volume again; nothing was changed. */
  | { outcome: 'inUse'; reason: string }
  /** The cluster said no, and the volume is as it was. */
  | { outcome: 'refused'; reason: string }
  | { outcome: 'lost'; loss: Loss };

/** Steps of a lease. */
export interface LeaseActivities {
  /** Checks the request; one that names no clone gets the one whose tag the volume carries. */
  checkLease(input: { request: unknown }): Promise<StepResult & { clone: LeasedClone; requestedBy?: string }>;
  /** Looks now and then, one look per attempt. Returns when the volume is no longer there, or no longer ours. */
  watchLease(input: { leased: LeasedVolume }): Promise<StepResult & Loss>;
  /** Tells the log, the metrics and the configured webhook that a lease ends soon. */
  warnOfLeaseEnd(input: { leaseID: string; lease: LeaseView }): Promise<void>;
  /** One look per attempt, until nobody uses the volume any more. `graceEndsAt` is told to people. */
  awaitUnused(input: {
    leased: LeasedVolume;
    graceEndsAt: string;
  }): Promise<(StepResult & { unused: true }) | (StepResult & Loss)>;
  /** DeleteVolume, its access first, if the volume still carries the tag. `force`: in spite of those who use it. */
  deleteLeased(input: { leased: LeasedVolume; force: boolean }): Promise<StepResult & Deletion>;
  /**
   * What there is under a lease's workflow ID: the lease of this very clone, or one of an earlier volume that is over.
   * Anything else is a conflict, which fails for good.
   */
  readLease(input: {
    leaseID: string;
    cluster: string;
    volumeID: number;
    request: string;
  }): Promise<{ own: true; endsAt: string; ended?: string } | { own: false }>;
}
