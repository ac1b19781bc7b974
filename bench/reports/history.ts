import { measureHistory, type HistoryCase } from '../figures/history.ts';
import type { Bench } from '../support/bench.ts';
import { heading, keep, printTable, printTargets } from '../support/report.ts';
import { rounded } from '../support/statistics.ts';

const EVENTS_MAX = 70;
const CALLS_MAX = 60;

const MINUTE: HistoryCase = { label: '1 minute', seconds: 60, clock: 'real' };
const HOUR: HistoryCase = { label: '1 hour', seconds: 3_600, clock: 'pauses skipped' };
const REAL_HOUR: HistoryCase = { label: '1 hour, in real time', seconds: 3_600, clock: 'real' };

export async function reportHistory(bench: Bench, { realHour }: { realHour: boolean }): Promise<void> {
  heading(
    'One clone, all of it',
    `Whole cloneVolume workflows on a real Temporal server with the default times. The minute is real. In the simulated
hour each pause between two looks takes a real second, and the clock of the cluster and of the activities jumps over
the rest, so that each look comes when it would have come. Calls are counted by the cluster.`,
  );
  const cases = [MINUTE, HOUR, ...(realHour ? [REAL_HOUR] : [])];
  // Each on a cluster and a worker of its own, all at the same time.
  const rows = await Promise.all(cases.map((c) => measureHistory(c, bench)));
  printTable(
    ['copy', 'history events', 'API calls', 'end noticed after', 'run took'],
    rows.map((r) => [
      r.label,
      r.historyEvents,
      r.apiCalls,
      `${r.lateness.toFixed(2)} s`,
      `${r.realSeconds.toFixed(0)} s`,
    ]),
  );
  const targets = [
    ...rows.map((r) => ({ what: `History events, ${r.label}`, atMost: EVENTS_MAX, measured: r.historyEvents })),
    ...rows
      .filter((r) => r.seconds === HOUR.seconds)
      .map((r) => ({ what: `API calls, ${r.label}`, atMost: CALLS_MAX, measured: r.apiCalls })),
  ];
  printTargets(targets);
  await keep('history', bench.machine, {
    times: bench.times,
    targets,
    clones: rows.map((r) => ({ ...r, realSeconds: rounded(r.realSeconds), lateness: rounded(r.lateness, 3) })),
  });
}
