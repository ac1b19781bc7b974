import { log, setCurrentDetails } from '@temporalio/workflow';
import { ORPHAN_VERDICTS, type FindOrphansRequest, type OrphanReport } from '../contracts/orphans.ts';
import { looks, perCluster, plans, REPORT_BYTES } from './housekeeping.ts';
import { rethrowRefusal } from './refusal.ts';

/**
 * Reports what our clones left on the clusters and no running workflow owns. Changes nothing, so it may be scheduled: it
 * logs a warning when there are orphans.
 * @throws ApplicationFailure `InvalidRequest`
 */
export async function findOrphans(request?: FindOrphansRequest): Promise<OrphanReport> {
  const { clusters, olderThanMs } = await plans
    .planHousekeeping({ what: 'orphans', request: request ?? {} })
    .catch(rethrowRefusal);
  const maxBytes = Math.floor(REPORT_BYTES / Math.max(1, clusters.length));
  const { answers, failed } = await perCluster(clusters, (cluster) =>
    looks.lookForOrphans.executeWithOptions({ summary: `Look for orphans on ${cluster}` }, [
      { cluster, olderThanMs, maxBytes },
    ]),
  );
  const counts = { orphan: 0, kept: 0, unknown: 0, doubtful: 0 };
  for (const verdict of ORPHAN_VERDICTS) counts[verdict] = answers.reduce((n, a) => n + a.counts[verdict], 0);
  const report: OrphanReport = {
    lookedAt: new Date().toISOString(),
    clusters: answers.map(({ cluster, volumes, snapshots }) => ({ cluster, volumes, snapshots })),
    orphans: answers.flatMap((a) => a.orphans),
    counts,
    leftOut: answers.reduce((n, a) => n + a.leftOut, 0),
    failed,
    settlesAt: answers.map((a) => a.settlesAt).reduce((a, b) => ((a ?? '') > (b ?? '') ? a : b), null),
  };
  const said = summaryOf(report);
  setCurrentDetails(said);
  if (counts.orphan > 0) log.warn(said, counts);
  return report;
}

function summaryOf({ clusters, counts, failed }: OrphanReport): string {
  const where = clusters.map((c) => c.cluster).join(', ') || 'no cluster';
  const others = ORPHAN_VERDICTS.filter((v) => v !== 'orphan' && counts[v] > 0).map((v) => `${counts[v]} ${v}`);
  return [
    `${counts.orphan} orphan${counts.orphan === 1 ? '' : 's'} on ${where}${others.length > 0 ? ` (besides: ${others.join(', ')})` : ''}.`,
    ...failed.map((f) => `Cluster ${f.cluster} could not be asked: ${f.reason}`),
  ].join(' ');
}
