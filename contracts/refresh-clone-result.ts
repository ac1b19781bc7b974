/** One volume of a generation. */
export interface GenerationVolume {
  sourceVolumeID: number;
  volumeID: number;
  name: string;
}

/** The volumes that one run made. */
export interface Generation {
  /** 1 for the first of the series; later ones have higher numbers. */
  generation: number;
  /** In the order of the request; of an old generation by ID. */
  volumes: GenerationVolume[];
}

/** A generation that was to go and is still there. */
export interface KeptBack extends Generation {
  /** Why, in words: iSCSI sessions and whose, access that somebody gave, or the cluster's refusal. */
  reason: string;
  /** Of those iSCSI sessions. */
  initiators: string[];
}

/** A volume access group that has moved. */
export interface MovedGroup {
  volumeAccessGroupID: number;
  name: string;
  /** Volumes of the new generation that are in it. */
  added: number[];
  /** Volumes of older generations that were in it. */
  removed: number[];
}

/** What `refreshClone` returns. */
export interface RefreshCloneResult extends Generation {
  cluster: string;
  series: string;
  mode: 'swap' | 'copy';
  /** The moment that the run was for (ISO 8601, UTC). */
  nominalTime: string;
  /** The workflow that made the volumes; of copies onto several volumes the first. */
  cloneWorkflowID: string;
  /** Of copies onto several volumes: the workflow of each, in the order of `volumes`. */
  copyWorkflowIDs?: string[];
  /** What was in service before; `null` for the first of a series. */
  previous: Generation | null;
  volumeAccessGroups: MovedGroup[];
  /** Deleted, never purged: each can be restored for eight hours. */
  retired: Generation[];
  keptBack: KeptBack[];
  /** Why nothing could be retired; the next run does it. */
  retirementFailed?: string;
  /** Generations that exist now, newest first. */
  generations: number[];
  /** ISO 8601, UTC. */
  startedAt: string;
  finishedAt: string;
  /** Size of the new volumes together, in bytes. */
  bytes: number;
  /** Element API calls of the refresh and of what made the volumes. */
  apiCalls: number;
}
