import prettyBytes from 'pretty-bytes';
import type {
  ClusterFailure,
  Includable,
  OrphanRef,
  OrphanRemoval,
  OrphanVerdict,
  Removal,
} from '../../../contracts/orphans.ts';
import type { OrphansFound, OrphanView } from '../../orphans.ts';
import type { Colours } from '../io.ts';
import { table } from './table.ts';
import { age, fit, plain } from './text.ts';

const KINDS: Record<OrphanView['kind'], string> = {
  volume: 'volume',
  snapshot: 'snapshot',
  groupSnapshot: 'group snapshot',
  accessGroupMembership: 'membership',
  cloneJob: 'clone job',
  asyncResult: 'async result',
};

/** One row each; what belongs to a volume stands below it. */
export function orphanTable(orphans: readonly OrphanView[], colours: Colours, uiUrl?: string): string {
  const links = uiUrl !== undefined && uiUrl !== '';
  const paint: Record<OrphanVerdict, (text: string) => string> = {
    orphan: colours.red,
    kept: colours.yellow,
    unknown: colours.yellow,
    doubtful: colours.yellow,
  };
  return table(
    ['CLUSTER', 'KIND', 'ID', 'NAME', 'SIZE', 'AGE', 'SOURCE', 'IS', 'WORKFLOW ID', 'WHY', ...(links ? ['LINK'] : [])],
    orphans.map((o) => [
      o.cluster,
      KINDS[o.kind],
      String(o.id),
      o.name === '' ? '–' : fit(plain(o.name), 32),
      o.bytes === null ? '–' : prettyBytes(o.bytes),
      o.ageSeconds === null ? '–' : age(o.ageSeconds * 1_000),
      String(o.sourceVolumeID),
      paint[o.verdict](o.verdict),
      plain(o.workflowID),
      plain(o.reason),
      ...(links ? [o.uiPath === undefined ? '–' : `${uiUrl.replace(/\/$/, '')}${o.uiPath}`] : []),
    ]),
    colours,
  );
}

const plural = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;

/** `2 volumes, 1 snapshot`. */
export function countsText(objects: readonly Pick<Removal, 'kind'>[]): string {
  const counts = new Map<OrphanView['kind'], number>();
  for (const { kind } of objects) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, n]) => plural(n, KINDS[kind])).join(', ');
}

/** What to make of a report, a line each. */
export function reportNotes(report: OrphansFound, { deleting = false }: { deleting?: boolean } = {}): string[] {
  const { counts, clusters, leftOut, settlesAt } = report;
  const looked = clusters.map(
    (c) => `${c.cluster}: ${plural(c.volumes, 'volume')}, ${plural(c.snapshots, 'snapshot')}`,
  );
  return [
    ...(report.orphans.length === 0 && clusters.length > 0
      ? [`No orphans among what is ours (${looked.join('; ')}).`]
      : []),
    ...(counts.orphan > 0 && !deleting ? ['Remove the orphans: element-clone orphans --delete'] : []),
    ...(counts.kept > 0 ? [`${counts.kept} kept on purpose; --delete --include kept removes them too.`] : []),
    ...(counts.unknown > 0
      ? [`${counts.unknown} of workflows that Temporal no longer knows; --delete --include unknown removes them too.`]
      : []),
    ...(counts.doubtful > 0
      ? [
          `${counts.doubtful} doubtful, and never removed: delete them by hand, or make them yours by taking the attribute "element-clone" off.`,
        ]
      : []),
    ...(leftOut > 0 ? [`${leftOut} more did not fit into the report: remove some and look again.`] : []),
    ...(settlesAt === null
      ? []
      : [`A workflow ended only just now; until ${settlesAt} a call of it may still make something: look again then.`]),
  ];
}

export const failureLines = (failed: readonly ClusterFailure[], colours: Colours): string[] =>
  failed.map((f) => colours.red(`✗ ${f.cluster} could not be asked: ${plain(f.reason).replaceAll('\n', ' ')}`));

/** What a removal did. */
export function removalText(removal: OrphanRemoval, colours: Colours): string {
  const line = (r: Removal & { reason: string }) =>
    `${KINDS[r.kind]} ${r.id} of ${r.cluster}: ${plain(r.reason).replaceAll('\n', ' ')}`;
  return [
    removal.removed.length > 0
      ? colours.green(`✓ Removed: ${countsText(removal.removed)}. Deleted volumes can be restored for eight hours.`)
      : 'Nothing was removed.',
    ...removal.skipped.map((r) => `  left alone: ${line(r)}`),
    ...removal.failed.map((r) => colours.red(`✗ still there: ${line(r)}`)),
    ...failureLines(removal.failedClusters, colours),
    ...(removal.more ? ['There is more than one run removes: run it again.'] : []),
  ].join('\n');
}

/** What is asked before anything is removed. */
export function questionText(refs: readonly OrphanRef[], include: readonly Includable[]): string {
  const clusters = [...new Set(refs.map((r) => r.cluster))].join(', ');
  const also = include.length > 0 ? ` (with what is ${include.join(' or ')})` : '';
  return `Remove ${countsText(refs)} and what belongs to them from ${clusters}${also}? [y/N] `;
}
