import prettyBytes from 'pretty-bytes';
import type { ClonesPlan } from '../../../contracts/dry-run.ts';
import type { Colours } from '../io.ts';
import { facts, table } from './table.ts';
import { duration, plain } from './text.ts';

/** Rows that are shown; hundreds of clones may be planned. */
const ROWS = 20;

/** What would be done, in the order in which it would be done. */
export function planText(plan: ClonesPlan, colours: Colours): string {
  const { clones, calls, slots, atOnce, seconds, basis } = plan;
  const bytes = clones.reduce((sum, c) => sum + c.totalSize, 0);
  const all = slots.nodes > 0 ? `, ${slots.nodes * slots.perNode} in all` : '';
  const ours = slots.ours === undefined ? '' : `, ${slots.ours} of them for us`;
  const running = Object.values(slots.running).reduce((a, b) => a + b, 0);
  return [
    colours.bold(
      plan.type === 'copyVolume'
        ? `Nothing was changed. On cluster ${plan.cluster} this would overwrite a volume:`
        : `Nothing was changed. On cluster ${plan.cluster} this would make ${count(clones.length, 'volume')}:`,
    ),
    table(
      ['SOURCE', 'NAME', 'CLONE', 'SIZE'],
      clones
        .slice(0, ROWS)
        .map((c) => [String(c.sourceVolumeID), plain(c.sourceName), plain(c.name), prettyBytes(c.totalSize)]),
      colours,
    ),
    ...(clones.length > ROWS ? [`… and ${clones.length - ROWS} more`] : []),
    '',
    colours.bold('Calls that change something'),
    table(
      ['TIMES', 'METHOD', ''],
      calls.map((c) => [String(c.times), c.method, plain(c.what)]),
      colours,
    ),
    '',
    facts(
      [
        ['Clone slots', `${slots.perVolume} per volume${all}${ours}`],
        ['In use', `${count(running, 'clone job')}; ${slots.waiting} of ours in line`],
        ['At once', `${atOnce} of ${clones.length}`],
        ['To copy', prettyBytes(bytes)],
        ['Takes about', seconds === null ? `not known: ${basis}` : `${duration(seconds * 1_000)}, ${basis}`],
      ],
      colours,
    ),
  ].join('\n');
}

const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;
