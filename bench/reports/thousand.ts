import { measureThousand } from '../figures/thousand.ts';
import type { Bench } from '../support/bench.ts';
import { heading, keep, printTable, printTargets, say } from '../support/report.ts';
import { rounded } from '../support/statistics.ts';

const CALLS_PER_SECOND_MAX = 2;
const MEMORY_MAX_MB = 700;

export interface ThousandOptions {
  clones?: number | undefined;
  /** Simulated seconds per real second. */
  speed?: number | undefined;
}

export async function reportThousand(bench: Bench, { clones = 1_000, speed = 6 }: ThousandOptions): Promise<void> {
  heading(
    `${clones} clones of an hour on one worker`,
    `Whole cloneVolume workflows on a real Temporal server, asked for at once on a cluster that runs 320 clone jobs; the rest wait
in line. The cluster's clock and the worker's run ${speed} times as fast as real time, and pauses are as much shorter (a
second at least). Calls per simulated second. The worker is a process of its own; its memory is the peak of its resident
set. The script's rate does not depend on the clock: it is measured with fewer clones for a minute of real time.`,
  );
  const figure = await measureThousand(bench, { clones, speed }, (line) => process.stderr.write(`  ${line}\n`));
  printTable(
    ['while', 'lasted', 'calls', 'calls per second'],
    [
      ...figure.phases.map((p) => [p.name, `${(p.seconds / 60).toFixed(1)} min`, p.calls, p.callsPerSecond.toFixed(2)]),
      ['all', '', figure.phases.reduce((sum, p) => sum + p.calls, 0), figure.callsPerSecond.toFixed(2)],
      [`script, ${figure.peer.clones} clones, for ${figure.clones}`, '', '', figure.peer.perThousand.toFixed(0)],
    ],
  );
  say(
    `The worker used ${figure.worker.peakRssMB.toFixed(0)} MB at most and ${figure.worker.cpuSeconds.toFixed(0)} s of CPU in ${figure.realSeconds.toFixed(0)} s`,
  );
  say(`Each running copy had been looked at ${figure.looks.median} times (median) just before the first one ended`);
  const waiting = figure.phases.find((p) => p.name === 'waiting')!;
  const targets = [
    {
      what: 'Element API calls per second while all are copied or wait',
      atMost: CALLS_PER_SECOND_MAX,
      measured: rounded(waiting.callsPerSecond),
    },
    {
      what: 'Element API calls per second over all',
      atMost: CALLS_PER_SECOND_MAX,
      measured: rounded(figure.callsPerSecond),
    },
    { what: 'Memory of the worker, MB', atMost: MEMORY_MAX_MB, measured: rounded(figure.worker.peakRssMB, 0) },
  ];
  printTargets(targets);
  await keep('thousand', bench.machine, {
    targets,
    ...figure,
    realSeconds: rounded(figure.realSeconds, 0),
    callsPerSecond: rounded(figure.callsPerSecond),
    phases: figure.phases.map((p) => ({
      ...p,
      seconds: rounded(p.seconds, 0),
      callsPerSecond: rounded(p.callsPerSecond),
    })),
    worker: {
      peakRssMB: rounded(figure.worker.peakRssMB, 0),
      rssMB: rounded(figure.worker.rssMB, 0),
      cpuSeconds: rounded(figure.worker.cpuSeconds, 0),
    },
    peer: {
      ...figure.peer,
      callsPerSecond: rounded(figure.peer.callsPerSecond, 1),
      perThousand: rounded(figure.peer.perThousand, 0),
    },
  });
}
