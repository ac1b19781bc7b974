import type { CloneFanOutResult } from '../../contracts/clone-fan-out-result.ts';
import type { CloneFanOutRequest } from '../../contracts/clone-fan-out.ts';
import type { CloneGroupResult } from '../../contracts/clone-group-result.ts';
import type { CloneVolumeResult } from '../../contracts/clone-result.ts';
import { FAILURE } from '../../contracts/names.ts';
import type { StateView } from '../../simulator/index.ts';
import { inWords, noBelongings, sortByOwner, type Belongings } from './belongings.ts';
import { judgeClone, judgeGroup, judgeSnapshot } from './check-clone.ts';
import { judgeContentKept, judgeCopy, withoutWaysBack } from './check-copy.ts';
import { foreignChanges } from './check-foreign.ts';
import { judgeSeries } from './check-series.ts';
import { holderOf, repeatOf } from './ids.ts';
import { wasExtended, type Outcome } from './outcomes.ts';
import { isOf } from './planned.ts';
import {
  addTo,
  childrenOf,
  leftOver,
  namedBy,
  newVerdict,
  split,
  type Case,
  type Evidence,
  type Verdict,
} from './verdict.ts';

/** Holds the cluster as it is against what each workflow says. */
export function judge(evidence: Evidence): Verdict {
  const { requests, outcomes, runs, before, after, deeds, made } = evidence;
  const copies = requests.filter(isOf('copy'));
  const destinations = new Set(copies.map((c) => c.request.dstVolumeID));
  const verdict = newVerdict(foreignChanges(before, after, deeds, destinations));
  const copiers = new Map(copies.map((c) => [c.request.dstVolumeID, holderOf(c)]));
  const { byWorkflow, nobodys } = sortByOwner(before, after, { deeds, made, copiers });
  const take = (workflowID: string): Belongings => {
    const owned = byWorkflow.get(workflowID) ?? noBelongings();
    byWorkflow.delete(workflowID);
    return owned;
  };
  const judged = new Set<string>();
  const examine = (outcome: Outcome, role: Role) => {
    const { workflowID } = outcome;
    if (judged.has(workflowID)) return;
    judged.add(workflowID);
    const all = take(workflowID);
    const [lost, found] = split(all.asyncResults, (r) => isUnknowable(r, outcome, after));
    verdict.unknowable += lost.length;
    judgeOne({ outcome, owned: { ...all, asyncResults: found }, evidence, verdict }, role);
  };
  for (const planned of requests) {
    const outcome = outcomes.get(holderOf(planned))!;
    examine(outcome, 'asked');
    if (planned.repeatsAfterMs !== undefined) judgeRepeat(outcomes.get(repeatOf(planned))!, outcome, verdict);
  }
  // The last run of an ID decides, as it takes over what the runs before it had made.
  for (const run of [...runs.values()].toSorted((a, b) => (b.startedAt ?? 0) - (a.startedAt ?? 0))) {
    if (run.type === 'cloneLease' || run.type === 'refreshClone') judgeRun(run, verdict);
    else examine(run, isOfSeries(run) ? 'generation' : 'member');
  }
  judgeSeries(evidence, verdict);
  for (const [workflowID, owned] of byWorkflow) {
    verdict.orphans.push(
      ...inWords(owned).map((what) => `${what}, whose tag names ${workflowID}, which was never asked for`),
    );
  }
  verdict.orphans.push(...nobodys);
  return verdict;
}

/** Who wants it: a caller, a fan-out, or a refresh, whose series decides which volumes stay. */
type Role = 'asked' | 'member' | 'generation';

/** Its key is made by the refresh. */
const isOfSeries = ({ request }: Outcome): boolean =>
  String((request as { requestId?: string } | undefined)?.requestId).startsWith('refresh.');

/**
 * True for the result of a volume that the cluster has removed by itself, of a call whose answer never came: its handle is
 * not known, and nothing ties it to the workflow.
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

function judgeOne(of: Case, role: Role): void {
  const { outcome, verdict } = of;
  const { workflowID, type } = outcome;
  const isCopy = type === 'copyVolume';
  switch (outcome.ended) {
    case 'terminated': {
      const left = withoutWaysBack(of);
      // Of a volume that is none of ours, nothing tells whose job and result they are.
      const [jobs, asyncResults] = isCopy ? [[], []] : [left.jobs, left.asyncResults];
      if (isCopy) verdict.unknowable += left.jobs.length + left.asyncResults.length;
      addTo(verdict.byTerminated, { ...left, jobs, asyncResults });
      return;
    }
    case 'running':
      verdict.stuck.push(`${workflowID} waits for ${outcome.waitsFor}`);
      return;
    case 'missing':
    case 'timedOut':
      verdict.lost.push(`${workflowID} is ${outcome.ended === 'missing' ? 'not known to Temporal' : 'timed out'}`);
      return;
    case 'completed':
      judgeCompleted(of, role);
      return;
    case 'failed':
    case 'cancelled':
      judgeFailed(of);
      if (isCopy && role === 'asked') judgeContentKept(of);
      if (type === 'cloneFanOut') judgeReadyNamed(of);
  }
}

function judgeCompleted(of: Case, role: Role): void {
  const { outcome, owned } = of;
  switch (outcome.type) {
    case 'cloneVolume':
      // Which generations are there is for the series to say; a second volume of this run is not stamped.
      if (role === 'generation')
        leftOver(of, { ...owned, volumes: owned.volumes.filter((v) => v.status !== 'active') });
      else judgeClone(of);
      return;
    case 'cloneGroup':
      judgeGroup(of);
      return;
    case 'cloneFanOut':
      judgeFanOut(of);
      return;
    case 'copyVolume':
      judgeCopy(of, { inSeries: role === 'generation' });
      return;
    default:
      leftOver(of, owned);
  }
}

/** A fan-out that is done: its snapshot gone, each clone ready as its own workflow says, or named as failed. */
function judgeFanOut(of: Case): void {
  const { outcome, owned, evidence, verdict } = of;
  const { workflowID } = outcome;
  const request = outcome.request as CloneFanOutRequest;
  const result = outcome.result as CloneFanOutResult;
  const told = new Map<string, number | undefined>([
    ...result.succeeded.map((m) => [m.workflowID, m.volumeID] as const),
    ...result.failed.map((m) => [m.workflowID, undefined] as const),
  ]);
  if (told.size !== request.clones.length) {
    verdict.lost.push(`${workflowID} tells of ${told.size} clones, and was asked for ${request.clones.length}`);
  }
  for (const member of childrenOf(outcome, evidence)) {
    const made = (member.result as CloneVolumeResult | undefined)?.volumeID;
    if (told.get(member.workflowID) === made) continue;
    verdict.lost.push(
      `${workflowID} says that ${member.workflowID} made ${told.get(member.workflowID) ?? 'none'}, not ${made ?? 'none'}`,
    );
  }
  const snapshots = judgeSnapshot(of, owned.snapshots, 'snapshotID', result, request.snapshot?.retention === 'keep');
  leftOver(of, { ...owned, snapshots });
}

/** A fan-out that failed names the clones that are ready: they stay. */
function judgeReadyNamed({ outcome, evidence, verdict }: Case): void {
  const named = namedBy(outcome.workflowID, evidence);
  for (const member of childrenOf(outcome, evidence)) {
    const volumeID = (member.result as CloneVolumeResult | undefined)?.volumeID;
    if (volumeID === undefined || named.some((l) => l.kind === 'volume' && l.id === volumeID)) continue;
    verdict.orphans.push(
      `${outcome.workflowID} ${outcome.ended} and left volume ${volumeID} of a clone, without a word`,
    );
  }
}

const EXPLAINED: readonly string[] = [FAILURE.cloneFailed, FAILURE.invalidRequest, FAILURE.requestConflict];

function judgeFailed(of: Case): void {
  const { outcome, evidence, verdict } = of;
  const { workflowID, type, ended, failure } = outcome;
  const { after } = evidence;
  if (ended === 'failed' && !EXPLAINED.includes(failure!.type)) {
    verdict.lost.push(`${workflowID} failed with ${failure!.type || 'no type'}: ${failure!.message}`);
  }
  const named = namedBy(workflowID, evidence);
  const isNamed = (kind: string, id: number) => named.some((l) => l.kind === kind && (l.id === id || l.id === null));
  const owned = of.owned;
  const volumes = split(owned.volumes, (v) => isNamed('volume', v.volumeID));
  const namedIDs = new Set(volumes[0].map((v) => v.volumeID));
  const snapshots = split(owned.snapshots, (s) => isNamed('snapshot', s.snapshotID));
  const groupSnapshots = split(owned.groupSnapshots, (g) => isNamed('groupSnapshot', g.groupSnapshotID));
  const jobs = split(owned.jobs, (j) => isNamed('cloneJob', j.cloneID) || namedIDs.has(j.dstVolumeID));
  const results = split(owned.asyncResults, (r) => isNamed('asyncResult', r.asyncHandle));
  // Those of a volume that is none of ours, too, are found by their name alone.
  const [namedOnly, findable] = split(results[0], (r) => type === 'copyVolume' || volumeGone(r, after) !== undefined);
  verdict.namedOnly += namedOnly.length;
  const left = withoutWaysBack({ owned: { ...owned, snapshots: snapshots[0] }, verdict });
  addTo(verdict.named, {
    volumes: volumes[0],
    snapshots: left.snapshots,
    groupSnapshots: groupSnapshots[0],
    jobs: type === 'copyVolume' ? [] : jobs[0],
    asyncResults: findable,
  });
  const orphans: Belongings = {
    volumes: volumes[1],
    snapshots: snapshots[1],
    groupSnapshots: groupSnapshots[1],
    jobs: jobs[1],
    asyncResults: results[1],
  };
  verdict.orphans.push(...inWords(orphans).map((what) => `${workflowID} ${ended} and left ${what}, without a word`));
  const sources = new Set(volumes[0].map((v) => v.name));
  if (volumes[0].length > sources.size) {
    verdict.duplicates.push(`${workflowID} left volumes ${volumes[0].map((v) => v.volumeID).join(', ')}`);
  }
}

/** A run that makes nothing itself, and must have ended; a lease that was extended goes on. */
function judgeRun({ workflowID, type, ended, waitsFor, ...run }: Outcome, verdict: Verdict): void {
  if (ended === 'running' && !(type === 'cloneLease' && wasExtended(run))) {
    verdict.stuck.push(`${workflowID} waits for ${waitsFor}`);
  }
  if (ended === 'missing' || ended === 'timedOut') verdict.lost.push(`${workflowID} is ${ended}`);
}

/** What a result is about: the same for whoever asks for the same. */
function madeBy({ ended, result }: Outcome): string {
  if (ended !== 'completed') return `ended otherwise (${ended})`;
  const { members, succeeded, generation, cloneID, volumeID } = result as Partial<
    CloneGroupResult & CloneFanOutResult
  > & {
    generation?: number;
    cloneID?: number;
    volumeID?: number;
  };
  const volumes = (members ?? succeeded)?.map((m) => m.volumeID);
  if (volumes !== undefined) return `made volumes ${volumes.join(', ')}`;
  return generation === undefined ? `made ${volumeID ?? `copy ${cloneID}`}` : `made generation ${generation}`;
}

/** Whoever asks for the same once more gets the same. */
function judgeRepeat(repeat: Outcome, holder: Outcome, verdict: Verdict): void {
  const { workflowID, ended } = repeat;
  if (ended === 'running') verdict.stuck.push(`${workflowID} waits for ${repeat.waitsFor}`);
  if (ended === 'missing' || ended === 'timedOut') verdict.lost.push(`${workflowID} is ${ended}`);
  if (ended !== 'completed' || holder.ended === 'running') return;
  const [its, theirs] = [madeBy(repeat), madeBy(holder)];
  if (its !== theirs) verdict.duplicates.push(`${workflowID} ${its}, and ${holder.workflowID} ${theirs}`);
}
