import { measureRollingRestart, type RestartRound } from '../figures/rolling-restart.ts';
import type { Bench } from '../support/bench.ts';
import { heading, keep, printTable, printTargets } from '../support/report.ts';
import { rounded, spread, type Spread } from '../support/statistics.ts';

const COPY_SECONDS = [10, 30] as const;
/** "Delays nobody by more than seconds." */
const DELAY_MAX = 10;

const seconds = (s: number) => `${s.toFixed(2)} s`;
const row = (what: string, { seconds: all, restarts, lost, twice }: RestartRound) => {
  const { median, p95, max } = spread(all);
  return [what, restarts, lost, twice, seconds(median), seconds(p95), seconds(max)];
};
const roundedSpread = ({ median, p95, max }: Spread): Spread => ({
  median: rounded(median),
  p95: rounded(p95),
  max: rounded(max),
});

export async function reportRollingRestart(bench: Bench, clones = 60): Promise<void> {
  heading(
    'A rolling restart under load',
    `${clones} clones, asked for half a second apart, whose copies take ${COPY_SECONDS.join(' to ')} s, on two workers; then the same with each worker
ended by SIGTERM and started again, one after the other, while they run. Delay: the same clone with and without.`,
  );
  const figure = await measureRollingRestart(clones, COPY_SECONDS, bench);
  const { quiet, restarted, delay } = figure;
  printTable(
    ['workers', 'restarts', 'lost', 'made twice', 'clone, median', 'p95', 'max'],
    [row('left in peace', quiet), row('restarted', restarted)],
  );
  printTable(
    ['', 'median', 'p95', 'max'],
    [['delay of a clone', seconds(delay.median), seconds(delay.p95), seconds(delay.max)]],
  );
  const targets = [
    { what: 'Clones lost or made twice', atMost: 0, measured: restarted.lost + restarted.twice },
    { what: 'Seconds that a clone was delayed, 95th percentile', atMost: DELAY_MAX, measured: rounded(delay.p95) },
  ];
  printTargets(targets);
  const told = (round: RestartRound) => ({
    ...{ restarts: round.restarts, lost: round.lost, twice: round.twice },
    seconds: roundedSpread(spread(round.seconds)),
    restartSeconds: round.restartSeconds.map((s) => rounded(s)),
  });
  await keep('rolling-restart', bench.machine, {
    ...{ clones, copySeconds: COPY_SECONDS, targets, delay: roundedSpread(delay) },
    ...{ leftInPeace: told(quiet), restarted: told(restarted) },
  });
}
