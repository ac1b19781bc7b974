import Table from 'cli-table3';
import type { Colours } from '../../client/cli/io.ts';
import type { Kind } from './kinds.ts';
import { isSound, type ChaosReport } from './run.ts';
import { FAULTS, type Left } from './verdict.ts';

const LABELS: Readonly<Record<Kind, string>> = {
  clone: '  clones',
  lease: '  clones with a lease',
  group: '  groups',
  fanOut: '  fan-outs',
  copy: '  copies onto a volume',
  refresh: '  refreshes',
};

/** The report as a person reads it: figures in a table, then every finding with its IDs. */
export function reportText(report: ChaosReport, colours: Colours): string {
  const table = new Table({
    style: { head: [], border: [], compact: true },
    colAligns: ['left', 'left'],
    wordWrap: true,
    colWidths: [34, 78],
  });
  const rows: [string, string | number][] = [
    ['seed, schedule', `${report.seed}, ${report.schedule}`],
    ['requests, minutes', `${report.clones}, ${report.minutes}`],
    ['duration', `${report.durationSeconds} s`],
    ['by outcome', counts(report.outcomes)],
    ...Object.entries(report.kinds).map(([kind, outcomes]): [string, string] => [
      LABELS[kind as Kind],
      counts(outcomes),
    ]),
    ['leases by their end', counts(report.leases)],
    ['most at the same time', report.mostInFlight],
    ['same requestId once more', counts(report.repeats)],
    ['failed in', counts(report.failures)],
    [
      'cancelled, terminated',
      `${report.asked.cancels} + ${report.asked.cancelsWhileUndoing} while it was being undone, ${report.asked.terminated}`,
    ],
    ['worker kills, stops, standstills', `${report.workerKills}, ${report.workerStops}, ${report.workerFreezes}`],
    ['Temporal server kills', report.temporalRestarts],
    ['slot lines terminated', report.linesTerminated],
    ['faults that met a call', counts(report.faults)],
    ['done by hand', counts(report.people)],
    ['calls to the cluster', report.apiCalls],
    [
      'made twice by lost answers',
      `${report.secondObjects.volume} volumes, ${report.secondObjects.snapshot} snapshots, ${report.secondObjects.groupSnapshot} group snapshots, ${report.secondObjects.copy} copies`,
    ],
    ['in-doubt strangers removed', report.strangersRemoved],
    ['left by terminated workflows', `${left(report.byTerminated)} (tagged)`],
    ['left and named in failures', left(report.named)],
    ['results that only a failure leads to', report.namedOnly],
    ['results that nobody can find', report.unknowable],
    ['snapshots left to expire', report.expiring],
    ['ways back of copies, to expire', report.waysBack],
    ['then removed by orphans', report.orphansRemoved],
    ...FAULTS.map((f): [string, number] => [f, report.findings[f].length]),
  ];
  table.push(...rows.map(([what, value]) => [what, String(value)]));
  const findings = FAULTS.flatMap((f) => report.findings[f].map((what) => colours.red(`${f}: ${what}`)));
  return [
    table.toString(),
    ...report.workerCrashes.map((what) => colours.yellow(`A worker ended by itself: ${what}`)),
    ...findings,
    isSound(report.findings)
      ? colours.green('✓ every clone is there once or not at all, and nothing else was touched')
      : colours.red(`✗ logs are in ${report.logs}`),
  ].join('\n');
}

const counts = (of: Record<string, number>): string =>
  Object.entries(of)
    .filter(([, n]) => n > 0)
    .toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .map(([name, n]) => `${name} ${n}`)
    .join(', ') || 'none';

const left = ({ volumes, snapshots, groupSnapshots, jobs, asyncResults }: Left): string =>
  `${volumes} volumes, ${snapshots} snapshots, ${groupSnapshots} group snapshots, ${jobs} clone jobs, ${asyncResults} async results`;
