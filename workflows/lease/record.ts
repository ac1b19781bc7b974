import type { LeasedClone } from '../../activities/types.ts';
import type { CloneLeaseRequest } from '../../contracts/clone-lease.ts';
import { parseDuration } from '../../contracts/duration.ts';
import { DEFAULT_LEASE_GRACE, DEFAULT_LEASE_MAX, noticeMs, parseTime } from '../../contracts/lease.ts';

/** All that a lease knows, and hands over to its next run. Times in milliseconds since the epoch. */
export interface LeaseRecord {
  cluster: string;
  volumeID: number;
  /** Missing until the request is checked, when the lease was started by hand. */
  clone?: LeasedClone;
  requestedBy?: string;
  /** NaN until the request is checked, when it holds no time: anything may stand there. */
  endsAt: number;
  /** How far from now an extension may reach. */
  maxMs: number;
  graceMs: number;
  /** When to warn; `null` once that is done. */
  noticeAt: number | null;
  extensions: number;
  extendedBy?: string;
  /** Refusals of the cluster to delete the volume since the last extension: the last reason, and when to try again. */
  problem?: string;
  refusals: number;
  nextTryAt: number;
  apiCalls: number;
}

export function newRecord(request: CloneLeaseRequest, now: number): LeaseRecord {
  const endsAt = parseTime(request.endsAt) ?? now + (parseDuration(request.lease) ?? NaN);
  const { cluster, volumeID, clone, requestedBy } = request;
  return {
    cluster,
    volumeID,
    ...(clone === undefined ? {} : { clone }),
    ...(requestedBy === undefined ? {} : { requestedBy }),
    endsAt,
    maxMs: parseDuration(request.leaseMax) ?? Math.max(parseDuration(DEFAULT_LEASE_MAX)!, endsAt - now),
    graceMs: parseDuration(request.leaseGrace) ?? parseDuration(DEFAULT_LEASE_GRACE)!,
    noticeAt: endsAt - noticeMs(endsAt - now),
    extensions: 0,
    refusals: 0,
    nextTryAt: 0,
    apiCalls: 0,
  };
}

/** The record with another end: warned of anew, and tried anew should the cluster have refused. */
export function extended(record: LeaseRecord, end: number, by: string | undefined, now: number): LeaseRecord {
  const { problem: _problem, extendedBy: _extendedBy, ...rest } = record;
  return {
    ...rest,
    endsAt: end,
    noticeAt: end - noticeMs(end - now),
    extensions: record.extensions + 1,
    ...(by === undefined ? {} : { extendedBy: by }),
    refusals: 0,
    nextTryAt: 0,
  };
}

/** Pauses after the cluster has refused to delete the volume. */
const REFUSED_PAUSE_MS = 60_000;
const REFUSED_PAUSE_MAX_MS = 6 * 3_600_000;

export const refused = (record: LeaseRecord, problem: string, now: number): LeaseRecord => ({
  ...record,
  problem,
  refusals: record.refusals + 1,
  nextTryAt: now + Math.min(REFUSED_PAUSE_MAX_MS, REFUSED_PAUSE_MS * 2 ** Math.min(record.refusals, 20)),
});
