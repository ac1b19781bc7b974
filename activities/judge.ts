import { WORKFLOW } from '../contracts/names.ts';
import type { OrphanVerdict } from '../contracts/orphans.ts';
import type { OwnSnapshot, OwnVolume } from './holdings.ts';
import type { WorkflowFacts, WorkflowStory } from './workflow-book.ts';

/** What an object is, and why; `null` when it is no orphan of any kind. */
export type Judgement = { verdict: OrphanVerdict; reason: string } | null;

/**
 * Workflow types whose end decides over a finished clone. Of any other type (a runbook that clones on its way, say) only
 * the stamp on the clone tells: that the rest of it failed is no reason to take the clone away.
 */
const DECIDING: ReadonlySet<string> = new Set([
  WORKFLOW.cloneVolume,
  WORKFLOW.cloneGroup,
  WORKFLOW.cloneFanOut,
  WORKFLOW.copyVolume,
]);

export const decides = (facts: WorkflowFacts): boolean => DECIDING.has(facts.type);

/** True when no more needs to be known than Temporal's answer: no orphan, or a workflow that nobody remembers. */
export function settledByFacts(own: OwnVolume | OwnSnapshot, facts: WorkflowFacts): boolean {
  if (facts.state === 'running' || facts.state === 'unknown') return true;
  if (!decides(facts)) return true;
  return facts.state === 'completed' && 'volume' in own && facts.cloneVolumeID === own.volume.volumeID;
}

const ENDED: Record<Exclude<WorkflowFacts['state'], 'running' | 'unknown'>, string> = {
  completed: 'has succeeded',
  failed: 'has failed',
  cancelled: 'was cancelled',
  terminated: 'was terminated, which undoes nothing',
  timedOut: 'ran into its own time-out, which undoes nothing',
};

/** The members of a request and of a result that decide; any SDK may have sent anything. */
const member = (value: unknown, name: string): unknown =>
  value !== null && typeof value === 'object' ? (value as Record<string, unknown>)[name] : undefined;

/** The volumes that a result names: the clone's, or those of a group's members. `undefined` when it names none. */
function volumesMade(result: unknown): number[] | undefined {
  const members = member(result, 'members');
  const made = Array.isArray(members)
    ? members.map((m: unknown) => member(m, 'volumeID'))
    : [member(result, 'volumeID')];
  return made.every((id) => typeof id === 'number') ? made : undefined;
}

/** The name under which a request asked for the clone of this volume. */
function nameAsked(request: unknown, sourceVolumeID: number): unknown {
  const volumes = member(request, 'volumes');
  if (!Array.isArray(volumes)) return member(request, 'name');
  return member(
    volumes.find((v: unknown) => member(v, 'volumeID') === sourceVolumeID),
    'name',
  );
}

const wantsToKeep = (story: WorkflowStory) => member(story.request, 'onFailure') === 'keep';

const KEPT = 'its request asked to keep what was made (onFailure: "keep")';

export interface Signs {
  /** The initiator that is connected to the volume. */
  host: string | undefined;
  /** The removal that asks, whose own note on the volume is no sign of a restore. */
  removalNote?: string | undefined;
}

/** `story` is left out where `settledByFacts`. */
export function judgeVolume(
  own: OwnVolume,
  facts: WorkflowFacts,
  story: WorkflowStory | undefined,
  signs: Signs,
): Judgement {
  const judgement = verdictOnVolume(own, facts, story);
  if (judgement === null) return null;
  const doubt = doubtAbout(own, story, signs);
  return doubt === undefined ? judgement : { verdict: 'doubtful', reason: `${doubt}; ${judgement.reason}` };
}

function verdictOnVolume(
  { volume: { volumeID }, stamped }: OwnVolume,
  facts: WorkflowFacts,
  story: WorkflowStory | undefined,
): Judgement {
  const { state } = facts;
  if (state === 'running') return null;
  if (state === 'unknown') {
    return stamped
      ? null
      : { verdict: 'unknown', reason: 'its workflow is no longer known, and it was never finished' };
  }
  if (!decides(facts)) {
    if (stamped) return null;
    return { verdict: 'orphan', reason: `its workflow, a ${facts.type}, ${ENDED[state]} without finishing it` };
  }
  if (state === 'completed') {
    const made = facts.cloneVolumeID === volumeID ? [volumeID] : volumesMade(story?.result);
    // Never taken for a stranger on no evidence.
    if (made === undefined) return stamped ? null : { verdict: 'unknown', reason: 'its workflow names no volume' };
    if (made.includes(volumeID)) return null;
    return {
      verdict: 'orphan',
      reason: `its workflow has succeeded with ${made.length === 1 ? 'volume' : 'volumes'} ${made.join(', ')}; this one comes of a call that took effect too late`,
    };
  }
  if (story !== undefined && wantsToKeep(story)) {
    return { verdict: 'kept', reason: `its workflow ${ENDED[state]}, and ${KEPT}` };
  }
  return { verdict: 'orphan', reason: `its workflow ${ENDED[state]}` };
}

/** Signs that a person uses or wants the volume. */
function doubtAbout(
  { volume: { volumeID, name }, tag: { sourceVolumeID }, removedAt }: OwnVolume,
  story: WorkflowStory | undefined,
  { host, removalNote }: Signs,
): string | undefined {
  if (host !== undefined) return `in use by ${host}`;
  if (removedAt !== undefined && removedAt !== removalNote) {
    return `deleted as an orphan on ${removedAt}, and restored by somebody since`;
  }
  if (story?.deletedVolumeIDs.has(volumeID)) return 'deleted by its workflow, and restored by somebody since';
  const asked = nameAsked(story?.request, sourceVolumeID);
  if (typeof asked === 'string' && asked !== name) {
    return `its name is not "${asked}", under which it was made: perhaps a copy that inherited the tag`;
  }
  return undefined;
}

/** `reader` is a volume of somebody else that is being cloned from the snapshot. */
export function judgeSnapshot(
  own: OwnSnapshot,
  facts: WorkflowFacts,
  story: WorkflowStory | undefined,
  reader: number | undefined,
): Judgement {
  const judgement = verdictOnSnapshot(own, facts, story);
  if (judgement === null || reader === undefined) return judgement;
  return { verdict: 'doubtful', reason: `volume ${reader}, which is not its clone, is being cloned from it` };
}

function verdictOnSnapshot(
  { kind, id }: OwnSnapshot,
  facts: WorkflowFacts,
  story: WorkflowStory | undefined,
): Judgement {
  const { state } = facts;
  if (state === 'running') return null;
  if (state === 'unknown') return { verdict: 'unknown', reason: 'its workflow is no longer known' };
  if (!decides(facts) || story === undefined) {
    return {
      verdict: 'unknown',
      reason: `its workflow, a ${facts.type}, ${ENDED[state]}; whether it is wanted is not known`,
    };
  }
  if (state !== 'completed') {
    return wantsToKeep(story)
      ? { verdict: 'kept', reason: `its workflow ${ENDED[state]}, and ${KEPT}` }
      : { verdict: 'orphan', reason: `its workflow ${ENDED[state]}` };
  }
  const used = member(story.result, kind === 'snapshot' ? 'snapshotID' : 'groupSnapshotID');
  if (used !== id) {
    return {
      verdict: 'orphan',
      reason: `its workflow has succeeded with ${kind === 'snapshot' ? 'snapshot' : 'group snapshot'} ${String(used)}; this one comes of a call that took effect too late`,
    };
  }
  if (member(member(story.request, 'snapshot'), 'retention') === 'keep') return null;
  return { verdict: 'orphan', reason: 'its clone is done, and it could not be deleted then' };
}

/** The kept result of a clone job whose volume needs no removal: finished, or deleted already. */
export function judgeResult(own: OwnVolume, facts: WorkflowFacts): Judgement {
  const { state } = facts;
  if (state === 'running') return null;
  if (own.volume.status === 'deleted') {
    return state === 'unknown'
      ? { verdict: 'unknown', reason: `its volume ${own.volume.volumeID} is deleted, and its workflow no longer known` }
      : { verdict: 'orphan', reason: `its volume ${own.volume.volumeID} is deleted` };
  }
  return {
    verdict: 'orphan',
    reason: `its clone, volume ${own.volume.volumeID}, is done and nobody reads it any more`,
  };
}
