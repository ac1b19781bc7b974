import type { LeftBehind } from './failure.ts';

/**
 * What is to be made of an object with our tag that no running workflow owns:
 *
 * - `orphan`: nobody's; `--delete` removes it.
 * - `kept`: left on purpose, as its request said `onFailure: "keep"`; removed only when `kept` is included.
 * - `unknown`: Temporal no longer knows its workflow, and it was never finished; removed only when `unknown` is included.
 * - `doubtful`: something says that a person uses it or wants it; never removed.
 */
export const ORPHAN_VERDICTS = ['orphan', 'kept', 'unknown', 'doubtful'] as const;
export type OrphanVerdict = (typeof ORPHAN_VERDICTS)[number];

/** What is removed besides orphans when it is asked for. */
export const INCLUDABLE = ['kept', 'unknown'] as const satisfies readonly OrphanVerdict[];
export type Includable = (typeof INCLUDABLE)[number];

/** Kinds that are removed by themselves; memberships and clone jobs go with their volume. */
export const REMOVABLE_KINDS = [
  'volume',
  'snapshot',
  'groupSnapshot',
  'asyncResult',
] as const satisfies readonly LeftBehind['kind'][];
export type RemovableKind = (typeof REMOVABLE_KINDS)[number];

/** What can be on a cluster without an owner: objects. */
type OrphanKind = Exclude<LeftBehind['kind'], 'content'>;

const isRemovableKind = (kind: LeftBehind['kind']): kind is RemovableKind =>
  (REMOVABLE_KINDS as readonly string[]).includes(kind);

/** One object that no running workflow owns. */
export interface Orphan {
  cluster: string;
  kind: OrphanKind;
  /** volumeID, snapshotID, groupSnapshotID, volumeAccessGroupID, cloneID or asyncHandle. */
  id: number;
  /** Of the volume, the snapshot or the group; empty for what has no name. */
  name: string;
  /** Size in bytes, of volumes and snapshots. */
  bytes: number | null;
  /** ISO 8601, UTC, by the cluster's clock. */
  createdAt: string | null;
  /** By the cluster's clock, when it was looked at. */
  ageSeconds: number | null;
  /** The volume itself, or the one that a membership, clone job or async result belongs to. */
  volumeID: number | null;
  sourceVolumeID: number;
  requestedBy?: string;
  /** The workflow that made it. */
  workflowID: string;
  /** Its last run; `null` when Temporal no longer knows it. */
  runID: string | null;
  verdict: OrphanVerdict;
  /** Why it is listed, in words. */
  reason: string;
}

/** A cluster that could not be asked, and why. */
export interface ClusterFailure {
  cluster: string;
  reason: string;
}

/** What `findOrphans` is asked for. */
export interface FindOrphansRequest {
  /** @default every cluster that the worker knows */
  cluster?: string | undefined;
  /** Only what is older than this, such as `"24h"`. @default any age; 24h for what belongs to an unknown workflow */
  olderThan?: string | undefined;
}

/** What `findOrphans` returns. */
export interface OrphanReport {
  /** ISO 8601, UTC. */
  lookedAt: string;
  /** Objects with our tag that were looked at, by cluster. */
  clusters: { cluster: string; volumes: number; snapshots: number }[];
  /** By cluster, each volume followed by what belongs to it. */
  orphans: Orphan[];
  /** Of all that was found, what was left out of `orphans` included. */
  counts: Record<OrphanVerdict, number>;
  /** How many more there are than fit into one report. Remove some, and look again. */
  leftOut: number;
  failed: ClusterFailure[];
  /** Until then (ISO 8601) a call of a workflow that ended just now may still make something: look again later. */
  settlesAt: string | null;
}

/** One object to remove. */
export interface OrphanRef {
  cluster: string;
  kind: RemovableKind;
  id: number;
}

/** What `removeOrphans` is asked for. */
export interface RemoveOrphansRequest extends FindOrphansRequest {
  /** Verdicts to remove besides `orphan`. */
  include?: Includable[] | undefined;
  /** Only these objects, as far as they are still orphans. @default all that are found */
  only?: OrphanRef[] | undefined;
}

/** Something that was removed, or was not. */
export interface Removal {
  cluster: string;
  kind: OrphanKind;
  id: number;
  /** As in `Orphan`. */
  volumeID: number | null;
}

/** What `removeOrphans` returns. */
export interface OrphanRemoval {
  removed: Removal[];
  /** Left alone, since another look showed that it is gone or no longer an orphan. */
  skipped: (Removal & { reason: string })[];
  /** What the cluster would not give up: to be removed by hand, or by another try. */
  failed: (Removal & { reason: string })[];
  failedClusters: ClusterFailure[];
  /** True when one run was not enough: ask again. */
  more: boolean;
}

/** True when a removal with these additions takes away what has this verdict. */
export const isRemovable = (verdict: OrphanVerdict, include: readonly Includable[] = []): boolean =>
  verdict === 'orphan' || ((verdict === 'kept' || verdict === 'unknown') && include.includes(verdict));

/**
 * What of a report a removal is asked for: a clone's async result goes with its volume, as do the memberships and the
 * clone job.
 */
export function removableRefs(orphans: readonly Orphan[], include: readonly Includable[] = []): OrphanRef[] {
  const volumes = new Set(orphans.filter((o) => o.kind === 'volume').map((o) => `${o.cluster} ${o.id}`));
  return orphans.flatMap(({ cluster, kind, id, volumeID, verdict }) => {
    const goesWithVolume = kind !== 'volume' && volumes.has(`${cluster} ${volumeID}`);
    return isRemovableKind(kind) && !goesWithVolume && isRemovable(verdict, include) ? [{ cluster, kind, id }] : [];
  });
}
