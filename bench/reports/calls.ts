import { measureSlots, type Batch, type BatchCase } from '../figures/slots.ts';
import type { Bench } from '../support/bench.ts';
import { heading, keep, printTable, printTargets } from '../support/report.ts';
import { rounded } from '../support/statistics.ts';
import { NAME } from './slots.ts';

const CALLS_MAX = 10;
const PER_VOLUME = 8;
/** Ever more volumes, so that more clones are copied at the same time. */
const CLONES = [24, 48, 96];

export async function reportCalls(bench: Bench): Promise<void> {
  heading(
    'Element API calls of many clones at once',
    `${CLONES.join(', ')} clones, ${PER_VOLUME} of each volume, with copies of 5 to 20 s, asked for at once; all calls that the cluster got, divided by the
clones. Ours take a snapshot, verify and clean up too; the script repeats CloneVolume every 2 s while it is refused, asks
GetAsyncResult every 2 s, and sets attributes.`,
  );
  const rows: { clones: number; volumes: number; batch: Batch }[] = [];
  for (const clones of CLONES) {
    const wanted: BatchCase = { clones, volumes: clones / PER_VOLUME, seconds: [5, 20] };
    const sides = clones === CLONES[0] ? (['element-clone', 'script'] as const) : (['element-clone'] as const);
    const { batches } = await measureSlots(wanted, bench, sides);
    rows.push(...batches.map((batch) => ({ clones, volumes: wanted.volumes, batch })));
  }
  const looks = ({ callsByMethod: c }: Batch) => (c['ListSyncJobs'] ?? 0) + (c['GetAsyncResult'] ?? 0);
  printTable(
    ['asked for by', 'clones', 'volumes', 'calls per clone', 'of which look at the copy', 'refused CloneVolume'],
    rows.map(({ clones, volumes, batch }) => [
      NAME[batch.side],
      clones,
      volumes,
      (batch.apiCalls / clones).toFixed(2),
      (looks(batch) / clones).toFixed(2),
      (batch.refused / clones).toFixed(2),
    ]),
  );
  const ours = rows.filter((r) => r.batch.side === 'element-clone');
  const targets = [
    {
      what: `API calls per clone, ${ours[0]!.clones} at once`,
      atMost: CALLS_MAX,
      measured: rounded(ours[0]!.batch.apiCalls / ours[0]!.clones),
    },
    ...ours.slice(1).map((row, i) => ({
      what: `API calls per clone, ${row.clones} at once: no more than of fewer`,
      atMost: rounded(ours[i]!.batch.apiCalls / ours[i]!.clones),
      measured: rounded(row.batch.apiCalls / row.clones),
    })),
  ];
  printTargets(targets);
  await keep('calls', bench.machine, {
    targets,
    batches: rows.map(({ clones, volumes, batch }) => ({
      side: batch.side,
      clones,
      volumes,
      callsPerClone: rounded(batch.apiCalls / clones),
      refusedPerClone: rounded(batch.refused / clones),
      callsByMethod: batch.callsByMethod,
    })),
  });
}
