import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { measureSlots, SLOTS_PER_VOLUME, type BatchCase, type Side, type SlotsFigure } from '../figures/slots.ts';
import type { Bench } from '../support/bench.ts';
import { heading, keep, printTable, printTargets, say, type Target } from '../support/report.ts';
import { slotsPicture } from '../support/slots-picture.ts';
import { rounded } from '../support/statistics.ts';

const picture = fileURLToPath(new URL('../../docs/images/slots.svg', import.meta.url));

const REFUSED_MAX = 0.05;
const EVENTS_MAX = 80;

export const NAME: Record<Side, string> = { 'element-clone': 'element-clone', script: 'script, asks every 2 s' };

/** Copies of 5 to 20 seconds: what it costs to see an end late shows at once. */
export async function reportSlots(bench: Bench, clones = 60): Promise<void> {
  const wanted: BatchCase = { clones, volumes: 3, seconds: [5, 20] };
  const figure = await report('slots', 'Many clones at once', wanted, 1.1, bench);
  await writeFile(picture, slotsPicture(figure));
  say(`Slots in use over time: ${picture}`);
}

/** Copies of about a minute. */
export async function reportSlotsMinute(bench: Bench, clones = 24): Promise<void> {
  const wanted: BatchCase = { clones, volumes: 3, seconds: [50, 70] };
  await report('slots-minute', 'Many clones of about a minute at once', wanted, 1.03, bench);
}

async function report(
  figureName: string,
  title: string,
  wanted: BatchCase,
  ratioMax: number,
  bench: Bench,
): Promise<SlotsFigure> {
  const { clones, volumes, seconds } = wanted;
  heading(
    title,
    `${clones} clones over ${volumes} volumes, with copies of ${seconds.join(' to ')} s, asked for at once. The same clones in the same order by whole
cloneVolume workflows on a real Temporal server, and by a script on the vendor's Python SDK with a thread per clone that
repeats CloneVolume every 2 s while it is refused, asks GetAsyncResult every 2 s, and sets attributes. One after the
other, each on a simulated cluster in a process of its own. The ideal: ${SLOTS_PER_VOLUME} slots per volume, never idle while a clone of
the volume waits, in the order of the list; beside it, in the order in which that side's clones got their slots.`,
  );
  const figure = await measureSlots(wanted, bench);
  const { ideal, batches } = figure;
  printTable(
    ['asked for by', 'all ready after', 'of the ideal', 'in its order', 'refused per clone', 'slot idle, median'],
    batches.map((b) => [
      NAME[b.side],
      `${b.makespan.toFixed(1)} s`,
      `${b.ratio.toFixed(3)} ×`,
      `${b.ratioInItsOrder.toFixed(3)} ×`,
      (b.refused / clones).toFixed(2),
      b.gap === undefined ? '—' : `${b.gap.median.toFixed(2)} s`,
    ]),
  );
  say(
    `Ideal: ${ideal.listScheduling.toFixed(1)} s by list scheduling in the order of the list; no order takes less than ${ideal.lowerBound.toFixed(1)} s`,
  );
  const ours = batches.find((b) => b.side === 'element-clone')!;
  const targets: Target[] = [
    { what: 'All ready, of the ideal', atMost: ratioMax, measured: rounded(ours.ratio, 3) },
    { what: 'Refused CloneVolume calls per clone', atMost: REFUSED_MAX, measured: rounded(ours.refused / clones) },
    ...(ours.histories?.waited === undefined
      ? []
      : [
          {
            what: `History events of a clone that waited in line (the longest of ${ours.histories.waited.clones})`,
            atMost: EVENTS_MAX,
            measured: ours.histories.waited.events.max,
          },
        ]),
  ];
  printTargets(targets);
  await keep(figureName, bench.machine, {
    ...wanted,
    slotsPerVolume: SLOTS_PER_VOLUME,
    ideal: { listScheduling: rounded(ideal.listScheduling), lowerBound: rounded(ideal.lowerBound) },
    targets,
    batches: batches.map((b) => ({
      ...b,
      makespan: rounded(b.makespan),
      lastCopyEnded: rounded(b.lastCopyEnded),
      ratio: rounded(b.ratio, 3),
      ratioInItsOrder: rounded(b.ratioInItsOrder, 3),
      ofLowerBound: rounded(b.makespan / ideal.lowerBound, 3),
      apiCallsPerClone: rounded(b.apiCalls / clones),
      refusedPerClone: rounded(b.refused / clones),
      copies: b.copies.map((c) => [c.volumeID, rounded(c.from), rounded(c.to)].join(' ')),
    })),
  });
  return figure;
}
