import prettyMs from 'pretty-ms';
import { measureWaiting, type WaitingRow } from '../figures/waiting.ts';
import type { Bench } from '../support/bench.ts';
import { heading, keep, printTable, printTargets } from '../support/report.ts';
import { rounded, type Spread } from '../support/statistics.ts';

const HOUR = 3_600;
const LATENESS_MAX = 3;

const seconds = (s: number) => `${s.toFixed(2)} s`;
const cells = (r: WaitingRow) => [
  r.clones,
  r.calls.median,
  r.calls.max,
  seconds(r.lateness.median),
  seconds(r.lateness.p95),
  seconds(r.lateness.max),
];
const COLUMNS = ['clones', 'calls, median', 'max', 'late, median', 'p95', 'max'];

export async function reportWaiting(bench: Bench, clones = 200): Promise<void> {
  heading(
    'Waiting for the end of a copy',
    `The very activity awaitClone against the simulated cluster over HTTPS, on a clock that moves by exactly the pause
that each attempt asks for (at least the server's second). Each duration is spread by a tenth. Calls are those of the
wait alone; lateness leaves out what the network and the Temporal server add (compare the real minute above). The peer
asks GetAsyncResult every 2 s, on the same cluster and clock.`,
  );
  const rows = await measureWaiting(bench.times, clones);
  const exact = rows.filter((r) => r.estimate === 'exact' || r.waiter !== 'element-clone');
  printTable(
    ['copy', 'waits', ...COLUMNS],
    exact.map((r) => [prettyMs(r.seconds * 1_000), r.waiter, ...cells(r)]),
  );
  heading('The same for an hour when the estimate errs', 'The cluster’s remaining time is falsified on its way.');
  printTable(
    ['estimate', ...COLUMNS],
    rows.filter((r) => r.seconds === HOUR && r.waiter === 'element-clone').map((r) => [r.estimate, ...cells(r)]),
  );
  const hour = exact.find((r) => r.seconds === HOUR && r.waiter === 'element-clone')!;
  const targets = [
    {
      what: 'Seconds until the end of an hour is noticed, median',
      atMost: LATENESS_MAX,
      measured: rounded(hour.lateness.median),
    },
  ];
  printTargets(targets);
  await keep('waiting', bench.machine, {
    times: bench.times,
    targets,
    waits: rows.map((r) => ({ ...r, lateness: roundedSpread(r.lateness) })),
  });
}

const roundedSpread = ({ median, p95, max }: Spread): Spread => ({
  median: rounded(median, 3),
  p95: rounded(p95, 3),
  max: rounded(max, 3),
});
