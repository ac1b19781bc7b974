import type { Json } from '../../contracts/runbook/types.ts';
import type { Owner } from '../types.ts';

export interface Fields {
  [field: string]: Json;
}

/** A call about one volume, with the fields of its step. */
export interface OnVolume {
  cluster: string;
  owner: Owner;
  fields: Fields;
}

/** The steps of `runbook` that are no workflows of their own. Fields are checked here: their values come from expressions. */
export interface RunbookActivities {
  /** Checks the document, its inputs, and what the worker must know: clusters and hooks. Errors: InvalidRequest. */
  checkRunbook(input: { request: unknown }): Promise<{ inputs: Record<string, Json> }>;
  /** CreateSnapshot or CreateGroupSnapshot with our tag, or the one that this step made before. */
  snapshotForRunbook(input: OnVolume): Promise<Fields>;
  /** Deletes what `snapshotForRunbook` with the same input may have made without an answer. */
  takeBackSnapshot(input: OnVolume): Promise<object>;
  /** ModifyVolume; the tag stays. Only a volume of ours unless `force`. */
  modifyForRunbook(input: OnVolume): Promise<Fields>;
  /** Puts the volume into volume access groups, or takes it out. Only a volume of ours unless `force`. */
  accessForRunbook(input: OnVolume & { change: 'grant' | 'revoke' }): Promise<Fields>;
  /** Deletes a volume, a snapshot or a group snapshot that carries our tag; never purges. Gone already is fine. */
  deleteForRunbook(input: OnVolume): Promise<Fields>;
  /** Starts, extends or releases the lease of a clone of ours. `undoes`: there may be none that could be released. */
  leaseForRunbook(input: OnVolume & { undoes?: boolean }): Promise<Fields>;
  /** One look per attempt, until the condition holds. */
  awaitVolumeCondition(input: { cluster: string; volumeID: number; until: string; scope: Fields }): Promise<Fields>;
  /** Whether no worker takes up what a workflow has to decide. */
  lookAtWorkflow(input: { workflowID: string }): Promise<{ isIdle: boolean }>;
  /** One call of a hook. `repeat`: faults that may pass are tried again. Errors: HookFailed. */
  requestHook(input: { fields: Fields; key: string; repeat: boolean }): Promise<Fields>;
}
