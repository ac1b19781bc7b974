import type { CloneGroupRequest } from '../../contracts/clone-group.ts';
import type { CopyVolumeRequest } from '../../contracts/copy-volume.ts';
import type { CloneVolumeRequest } from '../../contracts/clone-volume.ts';
import type { Generation, GenerationVolume, KeptBack, MovedGroup } from '../../contracts/refresh-clone-result.ts';
import type { GroupPlan, MemberSnapshot } from '../group/types.ts';
import type { Owner, StepResult, UndoResult } from '../types.ts';

/** A volume access group that moves to the new generation. */
export interface Move {
  volumeAccessGroupID: number;
  name: string;
  /** Sources whose new volumes come into it. */
  arriving: number[];
  /** Volumes of the generation in service that were in it before the run, and are in it again when it fails. */
  leaving: number[];
}

/** New content, all of one moment, in the volumes of the generation before. */
export interface CopyGroup {
  type: 'copyGroup';
  /** What the group snapshot is of. */
  request: CloneGroupRequest;
  /** For `createGroupSnapshot` and what removes it. */
  group: GroupPlan;
  /** Of the group snapshot that the request names; `null` when one is taken. */
  snapshots: MemberSnapshot[] | null;
  /** Each onto its volume, in the order of the request; `snapshotID` is still to come. */
  copies: CopyVolumeRequest[];
}

/** What preflight found out about a refresh: everything later steps need. */
export interface RefreshPlan {
  cluster: string;
  series: string;
  generation: number;
  /** ISO 8601, UTC. */
  nominalTime: string;
  /** The request that makes the generation, whole. */
  make:
    | { type: 'cloneVolume'; request: CloneVolumeRequest }
    | { type: 'cloneGroup'; request: CloneGroupRequest }
    /** New content in the volume of the generation before. */
    | { type: 'copyVolume'; request: CopyVolumeRequest }
    | CopyGroup;
  previous: Generation | null;
  moves: Move[];
  /** True when an earlier run had put this generation into service, and a newer one has taken its place. */
  superseded: boolean;
}

interface OfGeneration {
  plan: RefreshPlan;
  /** Of the new generation. */
  volumes: GenerationVolume[];
}

/** What calls a hook. */
export interface HookCall {
  hook: string;
  /** The same for each try of one call: the `Idempotency-Key` header. */
  key: string;
  /** Sent as JSON. */
  body: Record<string, unknown>;
}

/** The steps of `refreshClone`; the volumes themselves are made by a workflow of their own. */
export interface RefreshActivities {
  /** Checks the request, names the generation and finds the ones before. Creates nothing. */
  preflightRefresh(input: {
    request: unknown;
    owner: Owner;
    /** For this moment (ISO 8601). */
    nominalTime: string;
    /** Where the requestId of what makes the generation begins: the same over resets, another one for another run. */
    key: string;
  }): Promise<RefreshPlan & StepResult>;
  /** POST to a hook of the worker's configuration. Errors: HookFailed. */
  callHook(input: HookCall): Promise<{ status: number }>;
  /** Takes older generations of the series out of the groups and puts the new one in, in the order asked for. */
  swapAccess(input: OfGeneration & { order: 'before' | 'after' }): Promise<StepResult & { moved: MovedGroup[] }>;
  /** Deletes what is older than the newest `keep`, unless somebody uses it, and what runs that failed have left. */
  retireGenerations(
    input: OfGeneration & {
      /** `null`: all stay. */
      keep: number | null;
      force: boolean;
    },
  ): Promise<StepResult & { retired: Generation[]; keptBack: KeptBack[]; generations: number[] }>;

  /** Puts the generation that was in service back into its groups, and takes the new one out. */
  undoSwap(input: OfGeneration & { order: 'before' | 'after'; inDoubt: boolean }): Promise<UndoResult>;
  /** Deletes the volumes of the new generation. */
  undoGeneration(input: OfGeneration & { force: boolean }): Promise<UndoResult>;

  /**
   * Waits until the workflow that holds the lock on a series is over. The result when it was started for `key`, which
   * has then been served; it fails as that one failed.
   */
  awaitSeries(input: { workflowID: string; key: string }): Promise<{ result?: unknown }>;
}
