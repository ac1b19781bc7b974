import type { Orphan } from '../contracts/orphans.ts';
import type { OwnershipTag } from '../contracts/tag.ts';
import type { AsyncHandle } from '../element/index.ts';
import type { Holdings, OwnSnapshot, OwnVolume } from './holdings.ts';
import { judgeResult, judgeSnapshot, judgeVolume, settledByFacts, type Judgement } from './judge.ts';
import { mapLimit } from './map-limit.ts';
import type { WorkflowBook, WorkflowFacts, WorkflowStory } from './workflow-book.ts';

/** Questions to Temporal that are under way at once. */
const QUESTIONS = 8;

/** An async result belongs to the clone job that made the volume, not to a later copy onto it. */
const SAME_MOMENT_MS = 60_000;

/** A workflow that ended keeps its history for a day at least: what is younger belongs to another Temporal. */
const UNKNOWN_AGE_MS = 86_400_000;

export interface SurveyOptions {
  cluster: string;
  /** The cluster's time, in milliseconds since the epoch. */
  now: number;
  /** Only what is older than this, in milliseconds. */
  olderThanMs: number | null;
  signal: AbortSignal;
  /** See `Signs`. */
  removalNote?: string | undefined;
}

type Known = { facts: WorkflowFacts; story: WorkflowStory | undefined; leased: boolean };

export interface Survey {
  /** Each volume followed by what belongs to it. */
  orphans: Orphan[];
  /** When the last of their workflows ended (ISO 8601). */
  lastEnd: string | null;
}

/** Everything among the holdings that no running workflow owns. */
export async function survey(holdings: Holdings, book: WorkflowBook, options: SurveyOptions): Promise<Survey> {
  const know = async (own: OwnVolume | OwnSnapshot): Promise<Known> => {
    const facts = await book.factsOf(own.tag);
    if (settledByFacts(own, facts)) return { facts, story: undefined, leased: false };
    const isFinished = 'volume' in own && own.stamped && own.volume.status !== 'deleted';
    const clone = isFinished && { volumeID: own.volume.volumeID, tag: own.tag };
    const leased = clone !== false && (await book.isLeased(options.cluster, clone));
    return { facts, story: await book.storyOf(facts), leased };
  };
  const { signal } = options;
  let lastEnd: string | null = null;
  const orphans: Orphan[] = [];
  const note = (rows: Orphan[], { facts }: Known) => {
    // The result of a group's copies belongs to all of its volumes: it is listed with the first.
    const more = rows.filter((row) => !orphans.some((o) => o.kind === 'asyncResult' && isSame(o, row)));
    orphans.push(...more);
    if (rows.length > 0 && facts.closedAt !== null && (lastEnd ?? '') < facts.closedAt) lastEnd = facts.closedAt;
  };
  const known = await mapLimit([...holdings.volumes, ...holdings.snapshots], QUESTIONS, know, signal);
  for (const [i, own] of holdings.volumes.entries()) note(orphansAround(own, known[i]!, holdings, options), known[i]!);
  for (const [i, own] of holdings.snapshots.entries()) {
    const k = known[holdings.volumes.length + i]!;
    const judgement = judgeSnapshot(own, k.facts, k.story, readerOf(own, holdings));
    note(snapshotRow(own, judgement, k.facts, options), k);
  }
  return { orphans, lastEnd };
}

function orphansAround(
  own: OwnVolume,
  { facts, story, leased }: Known,
  holdings: Holdings,
  options: SurveyOptions,
): Orphan[] {
  const { volume } = own;
  const { volumeID } = volume;
  const results = holdings.results.filter((r) => r.completed && isResultOf(r, own));
  const row = rowsFor(own.tag, facts, options);
  const resultRows = (judgement: Judgement) =>
    results.flatMap((r) =>
      row(judgement, {
        kind: 'asyncResult',
        id: r.asyncResultID,
        name: '',
        bytes: null,
        createdAt: r.createTime ?? null,
        volumeID,
      }),
    );
  const judgement =
    volume.status === 'deleted' || leased
      ? null
      : judgeVolume(own, facts, story, { host: holdings.hosts.get(volumeID), removalNote: options.removalNote });
  if (judgement === null) return resultRows(judgeResult(own, facts));

  const job = holdings.jobs.find((j) => j.dstVolumeID === volumeID && j.cloneID !== undefined && j.cloneID !== null);
  const copying = job !== undefined && judgement.verdict === 'unknown';
  const reason = copying
    ? `${judgement.reason}; it is being copied: perhaps another Temporal is at it`
    : judgement.reason;
  const { createTime: createdAt } = volume;
  const found = row(
    { ...judgement, reason },
    { kind: 'volume', id: volumeID, name: volume.name, bytes: volume.totalSize, createdAt, volumeID },
  );
  if (found.length === 0) return [];
  const belongs = { verdict: judgement.verdict, reason: `belongs to volume ${volumeID}` };
  const dependent = { name: '', bytes: null, createdAt, volumeID };
  return [
    ...found,
    ...volume.volumeAccessGroups.flatMap((id) =>
      row(belongs, {
        ...dependent,
        kind: 'accessGroupMembership',
        id,
        name: holdings.groupNames.get(id) ?? '',
      }),
    ),
    ...(job === undefined ? [] : row(belongs, { ...dependent, kind: 'cloneJob', id: job.cloneID! })),
    ...results.flatMap((r) => row(belongs, { ...dependent, kind: 'asyncResult', id: r.asyncResultID })),
  ];
}

const isSame = (a: Orphan, b: Orphan) => a.kind === b.kind && a.id === b.id;

/** The volumes that a clone job filled, or the jobs of a group. */
export const volumesOf = ({ data }: AsyncHandle): number[] => {
  if (data?.volumeID !== undefined && data.volumeID !== null) return [data.volumeID];
  return data?.members?.map((m) => m.volumeID) ?? [];
};

function isResultOf(result: AsyncHandle, { volume }: OwnVolume): boolean {
  if (!volumesOf(result).includes(volume.volumeID) || result.createTime === undefined) return false;
  return Math.abs(Date.parse(result.createTime) - Date.parse(volume.createTime)) <= SAME_MOMENT_MS;
}

/** A volume that is cloned from the snapshot by somebody else than the workflow that took it. */
const readerOf = ({ members, tag }: OwnSnapshot, { jobs, makers }: Holdings): number | undefined =>
  jobs.find((j) => members.some((m) => m.snapshotID === j.snapshotID) && makers.get(j.dstVolumeID) !== tag.workflowID)
    ?.dstVolumeID;

const snapshotRow = (
  { tag, ...s }: OwnSnapshot,
  judgement: Judgement,
  facts: WorkflowFacts,
  options: SurveyOptions,
): Orphan[] =>
  rowsFor(
    tag,
    facts,
    options,
  )(
    judgement && s.expirationTime !== null
      ? { ...judgement, reason: `${judgement.reason}; it expires by itself on ${s.expirationTime}` }
      : judgement,
    { kind: s.kind, id: s.id, name: s.name, bytes: s.bytes, createdAt: s.createTime, volumeID: null },
  );

type Facet = Pick<Orphan, 'kind' | 'id' | 'name' | 'bytes' | 'createdAt' | 'volumeID'>;

/** Makes the row of an object, unless it is none or too young. */
const rowsFor =
  (tag: OwnershipTag, facts: WorkflowFacts, { cluster, now, olderThanMs }: SurveyOptions) =>
  (judgement: Judgement, facet: Facet): Orphan[] => {
    if (judgement === null) return [];
    const ageMs = facet.createdAt === null ? null : Math.max(0, now - Date.parse(facet.createdAt));
    const threshold = olderThanMs ?? (facts.state === 'unknown' ? UNKNOWN_AGE_MS : 0);
    if (threshold > 0 && (ageMs === null || ageMs < threshold)) return [];
    return [
      {
        cluster,
        ...facet,
        ageSeconds: ageMs === null ? null : Math.floor(ageMs / 1_000),
        sourceVolumeID: tag.sourceVolumeID,
        ...(tag.requestedBy === undefined ? {} : { requestedBy: tag.requestedBy }),
        workflowID: tag.workflowID,
        runID: facts.runID,
        ...judgement,
      },
    ];
  };
