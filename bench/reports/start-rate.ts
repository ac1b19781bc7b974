import { measureStartRate } from '../figures/start-rate.ts';
import type { Bench } from '../support/bench.ts';
import { heading, keep, printTable, say } from '../support/report.ts';
import { rounded } from '../support/statistics.ts';

export async function reportStartRate(bench: Bench): Promise<void> {
  heading(
    'Cost of a clone, without the copy',
    `Whole clones per second on a cluster that copies in no time, against workflows of as many empty activities, in turn
on the same server and machine; the mean of the rounds. The worker and the client are one process, the cluster is
another.`,
  );
  const rate = await measureStartRate(bench);
  printTable(
    ['workflow', 'activities', 'per second'],
    [
      ['cloneVolume', rate.activities, rate.clonesPerSecond.toFixed(1)],
      ['no-op', rate.activities, rate.noOpsPerSecond.toFixed(1)],
    ],
  );
  say(`cloneVolume runs at ${(rate.fraction * 100).toFixed(0)} % of the no-op workflow's rate`);
  await keep('start-rate', bench.machine, {
    ...rate,
    clones: rate.clones.map((r) => rounded(r)),
    noOps: rate.noOps.map((r) => rounded(r)),
    clonesPerSecond: rounded(rate.clonesPerSecond),
    noOpsPerSecond: rounded(rate.noOpsPerSecond),
    fraction: rounded(rate.fraction, 3),
  });
}
