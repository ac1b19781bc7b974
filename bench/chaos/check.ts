import { FAILURE } from '../../contracts/names.ts';
import { readTag } from '../../contracts/tag.ts';
import type { StateView } from '../../simulator/index.ts';
import { inWords, noBelongings, sortByOwner, type Belongings } from './belongings.ts';
import { foreignChanges } from './check-foreign.ts';
import { holderOf, repeatOf } from './ids.ts';
import type { Made } from './ledger.ts';
import type { Outcome } from './outcomes.ts';
import type { Deeds } from './people.ts';
import type { PlannedClone } from './plan-clones.ts';
import { differencesFromRequest } from './wanted.ts';

/** All that the verdict rests upon. */
export interface Evidence {
  requests: readonly PlannedClone[];
  /** Of every workflow that was started, by its ID. */
  outcomes: ReadonlyMap<string, Outcome>;
  before: StateView;
  after: StateView;
  deeds: Deeds;
  made: readonly Made[];
}

export const FAULTS = ['duplicates', 'lost', 'orphans', 'stuck', 'foreign'] as const;
/** - `duplicates`: a second volume of one request;
 *  - `lost`: a clone that is reported as done and is not there as asked for, or a workflow that ended without a reason;
 *  - `orphans`: what a request left and its outcome does not name; - `stuck`: has not ended;
 *  - `foreign`: what is none of ours was changed. */
export type FaultClass = (typeof FAULTS)[number];

/** What is allowed to be left, counted. */
export interface Left {
  volumes: number;
  snapshots: number;
  jobs: number;
  asyncResults: number;
}

export interface Verdict extends Record<FaultClass, string[]> {
  /** By workflows that were terminated: it carries their tag. */
  byTerminated: Left;
  /** Named in a failure's `leftBehind`. */
  named: Left;
  /** Results named in a failure, of volumes that the cluster has removed by itself: only their name leads to them. */
  namedOnly: number;
  /** Results that nobody could have found: see `isUnknowable`. */
  unknowable: number;
  /** Snapshots of good clones that could not be removed and expire by themselves. */
  expiring: number;
}

/** Holds the cluster as it is against what each workflow says. */
export function judge(evidence: Evidence): Verdict {
  const { requests, outcomes, before, after, deeds, made } = evidence;
  const verdict: Verdict = {
    duplicates: [],
    lost: [],
    orphans: [],
    stuck: [],
    foreign: foreignChanges(before, after, deeds),
    byTerminated: { volumes: 0, snapshots: 0, jobs: 0, asyncResults: 0 },
    named: { volumes: 0, snapshots: 0, jobs: 0, asyncResults: 0 },
    namedOnly: 0,
    unknowable: 0,
    expiring: 0,
  };
  const { byWorkflow, nobodys } = sortByOwner(before, after, deeds, made);
  for (const clone of requests) {
    const workflowID = holderOf(clone);
    const outcome = outcomes.get(workflowID)!;
    const owned = byWorkflow.get(workflowID) ?? noBelongings();
    byWorkflow.delete(workflowID);
    const [lost, found] = split(owned.asyncResults, (r) => isUnknowable(r, outcome, after));
    verdict.unknowable += lost.length;
    judgeOne(clone, outcome, { ...owned, asyncResults: found }, evidence, verdict);
    if (clone.repeatsAfterMs !== undefined) judgeRepeat(outcomes.get(repeatOf(clone))!, outcome, verdict);
  }
  for (const [workflowID, owned] of byWorkflow) {
    verdict.orphans.push(
      ...inWords(owned).map((what) => `${what}, whose tag names ${workflowID}, which was never asked for`),
    );
  }
  verdict.orphans.push(...nobodys);
  return verdict;
}

/**
 * True for the result of a volume that the cluster has removed by itself, of a CloneVolume whose answer never came: its
 * handle is not known, and nothing ties it to the workflow.
 */
function isUnknowable(result: StateView['asyncResults'][number], outcome: Outcome, after: StateView): boolean {
  const volumeID = volumeGone(result, after);
  if (volumeID === undefined) return false;
  return outcome.ended === 'terminated' || !outcome.learnt.includes(volumeID);
}

const volumeOf = ({ cloneIDs }: StateView['asyncResults'][number], after: StateView): number | undefined =>
  after.cloneJobs.find((j) => j.cloneID === cloneIDs[0])?.dstVolumeID;

/** The volume that the result is of, when the cluster has it no more. */
function volumeGone(result: StateView['asyncResults'][number], after: StateView): number | undefined {
  const volumeID = volumeOf(result, after);
  return after.volumes.some((v) => v.volumeID === volumeID) ? undefined : volumeID;
}

function judgeOne(
  clone: PlannedClone,
  outcome: Outcome,
  owned: Belongings,
  evidence: Evidence,
  verdict: Verdict,
): void {
  const { workflowID } = outcome;
  switch (outcome.ended) {
    case 'terminated':
      addTo(verdict.byTerminated, owned);
      return;
    case 'running':
      verdict.stuck.push(`${workflowID} waits for ${outcome.waitsFor}`);
      return;
    case 'missing':
    case 'timedOut':
      verdict.lost.push(`${workflowID} is ${outcome.ended === 'missing' ? 'not known to Temporal' : 'timed out'}`);
      return;
    case 'completed':
      judgeCompleted(clone, outcome, owned, evidence, verdict);
      return;
    case 'failed':
    case 'cancelled':
      judgeFailed(outcome, owned, evidence.after, verdict);
  }
}

function judgeCompleted(
  { request }: PlannedClone,
  { workflowID, result }: Outcome,
  owned: Belongings,
  { before, after, deeds }: Evidence,
  verdict: Verdict,
): void {
  const volume = owned.volumes.find((v) => v.volumeID === result!.volumeID);
  if (volume === undefined) {
    verdict.lost.push(`${workflowID} is done, but its volume ${result!.volumeID} is not there`);
  } else {
    const source = before.volumes.find((v) => v.volumeID === request.volumeID)!;
    const snapshot = before.snapshots.find((s) => s.snapshotID === request.snapshotID);
    const contents = snapshot === undefined ? deeds.contents.get(source.volumeID)! : [snapshot.content];
    const differences = differencesFromRequest(volume, request, { source, contents, groups: after.accessGroups });
    if (readTag(volume['attributes'])?.volumeID !== volume.volumeID) differences.push('its tag is not stamped');
    verdict.lost.push(...differences.map((d) => `${workflowID} is done, but of its volume ${volume.volumeID} ${d}`));
  }
  const second = owned.volumes.filter((v) => v !== volume);
  verdict.duplicates.push(...second.map((v) => `${workflowID} has volume ${v.volumeID} beside ${result!.volumeID}`));

  const [its, others] = split(owned.snapshots, (s) => s.snapshotID === result!.snapshotID);
  const kept = request.snapshot?.retention === 'keep';
  const orphans: Belongings = { ...owned, volumes: [], snapshots: others };
  if (!kept && result!.snapshotDeleted) orphans.snapshots.push(...its);
  else if (!kept && its.some((s) => s['expirationTime'] === null)) orphans.snapshots.push(...its);
  else if (!kept) verdict.expiring += its.length;
  if (kept && its.length === 0 && !deeds.snapshotsDeleted.includes(result!.snapshotID)) {
    verdict.lost.push(`${workflowID} is done, but snapshot ${result!.snapshotID}, which it was to keep, is not there`);
  }
  verdict.orphans.push(...inWords(orphans).map((what) => `${workflowID} is done and left ${what}`));
}

const EXPLAINED: readonly string[] = [FAILURE.cloneFailed, FAILURE.invalidRequest, FAILURE.requestConflict];

function judgeFailed(
  { workflowID, ended, failure, learnt }: Outcome,
  owned: Belongings,
  after: StateView,
  verdict: Verdict,
): void {
  if (ended === 'failed' && !EXPLAINED.includes(failure!.type)) {
    verdict.lost.push(`${workflowID} failed with ${failure!.type || 'no type'}: ${failure!.message}`);
  }
  const named = failure?.details?.leftBehind ?? [];
  const isNamed = (kind: string, id: number) => named.some((l) => l.kind === kind && (l.id === id || l.id === null));
  const volumes = split(owned.volumes, (v) => isNamed('volume', v.volumeID));
  const namedIDs = new Set(volumes[0].map((v) => v.volumeID));
  const snapshots = split(owned.snapshots, (s) => isNamed('snapshot', s.snapshotID));
  const jobs = split(owned.jobs, (j) => isNamed('cloneJob', j.cloneID) || namedIDs.has(j.dstVolumeID));
  // Of a volume that is named without its ID, since the answer never came, nobody knew the handle either.
  const hangsOnUnknown = (volumeID: number | undefined) =>
    volumeID !== undefined && namedIDs.has(volumeID) && !learnt.includes(volumeID);
  const results = split(
    owned.asyncResults,
    (r) => isNamed('asyncResult', r.asyncHandle) || hangsOnUnknown(volumeOf(r, after)),
  );
  const [namedOnly, findable] = split(results[0], (r) => volumeGone(r, after) !== undefined);
  verdict.namedOnly += namedOnly.length;
  addTo(verdict.named, { volumes: volumes[0], snapshots: snapshots[0], jobs: jobs[0], asyncResults: findable });
  const orphans = { volumes: volumes[1], snapshots: snapshots[1], jobs: jobs[1], asyncResults: results[1] };
  verdict.orphans.push(...inWords(orphans).map((what) => `${workflowID} ${ended} and left ${what}, without a word`));
  if (volumes[0].length > 1) {
    verdict.duplicates.push(`${workflowID} left volumes ${volumes[0].map((v) => v.volumeID).join(', ')}`);
  }
}

/** Whoever asks for the same once more gets the same clone. */
function judgeRepeat(repeat: Outcome, holder: Outcome, verdict: Verdict): void {
  const { workflowID, ended, result } = repeat;
  if (ended === 'running') verdict.stuck.push(`${workflowID} waits for ${repeat.waitsFor}`);
  if (ended === 'missing' || ended === 'timedOut') verdict.lost.push(`${workflowID} is ${ended}`);
  if (ended !== 'completed' || holder.ended === 'running') return;
  if (result!.volumeID !== holder.result?.volumeID) {
    const theirs = holder.result === undefined ? `ended otherwise (${holder.ended})` : `made ${holder.result.volumeID}`;
    verdict.duplicates.push(`${workflowID} says volume ${result!.volumeID}, and ${holder.workflowID} ${theirs}`);
  }
}

function split<T>(list: readonly T[], test: (item: T) => boolean): [yes: T[], no: T[]] {
  return [list.filter(test), list.filter((item) => !test(item))];
}

function addTo(left: Left, owned: Belongings): void {
  left.volumes += owned.volumes.length;
  left.snapshots += owned.snapshots.length;
  left.jobs += owned.jobs.length;
  left.asyncResults += owned.asyncResults.length;
}
