import type { Batch, SlotsFigure } from '../figures/slots.ts';

const WIDTH = 860;
const PANEL = 130;
const LEFT = 44;
const RIGHT = 16;
const TOP = 52;
const BETWEEN = 46;
const BOTTOM = 44;
const COLOUR: Record<Batch['side'], string> = { 'element-clone': '#2563eb', script: '#d97706' };
const TITLE: Record<Batch['side'], string> = {
  'element-clone': 'element-clone',
  script: 'script, a thread per clone that asks every 2 s',
};

/** Slots in use over time, a panel for each side on the same axes. SVG on a ground of its own, for any page. */
export function slotsPicture({ clones, volumes, seconds, ideal, batches }: SlotsFigure): string {
  const slots = Math.max(...batches.flatMap((b) => steps(b).map(([, n]) => n)));
  const end = Math.ceil(Math.max(...batches.map((b) => b.makespan)) / 10) * 10;
  const x = (s: number) => round(LEFT + (s / end) * (WIDTH - LEFT - RIGHT));
  const height = TOP + batches.length * PANEL + (batches.length - 1) * BETWEEN + BOTTOM;
  const text = (at: [number, number], content: string, extra = '') =>
    `<text x="${at[0]}" y="${at[1]}" ${extra}>${content}</text>`;

  const panels = batches.map((batch, i) => {
    const top = TOP + i * (PANEL + BETWEEN);
    const bottom = top + PANEL;
    const y = (n: number) => round(bottom - (n / slots) * PANEL);
    const grid = Array.from({ length: slots + 1 }, (_, n) => n)
      .filter((n) => n % 2 === 0)
      .map(
        (n) =>
          `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(n)}" y2="${y(n)}" stroke="#e5e7eb"/>` +
          text([LEFT - 8, y(n) + 4], String(n), 'text-anchor="end"'),
      );
    const outline = steps(batch)
      .map(([at, n]) => `H${x(at)}V${y(n)}`)
      .join('');
    const colour = COLOUR[batch.side];
    return [
      text(
        [LEFT, top - 10],
        `<tspan fill="${colour}" font-weight="600">${TITLE[batch.side]}</tspan>: all ready after ${batch.makespan.toFixed(0)} s, ${batch.ratio.toFixed(2)} × the ideal; ${(batch.refused / clones).toFixed(2)} refused CloneVolume calls per clone`,
      ),
      ...grid,
      `<path d="M${x(0)} ${y(0)}${outline}V${y(0)}Z" fill="${colour}" fill-opacity="0.18" stroke="${colour}" stroke-width="1.25"/>`,
      `<line x1="${x(batch.makespan)}" x2="${x(batch.makespan)}" y1="${top}" y2="${bottom}" stroke="${colour}" stroke-width="1.5"/>`,
      `<line x1="${x(ideal.listScheduling)}" x2="${x(ideal.listScheduling)}" y1="${top}" y2="${bottom}" stroke="#111827" stroke-dasharray="4 3"/>`,
    ].join('\n');
  });

  const axis = height - BOTTOM;
  const ticks = Array.from({ length: Math.floor(end / 20) + 1 }, (_, i) => i * 20).map((s) =>
    text([x(s), axis + 18], `${s}`, 'text-anchor="middle"'),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif" font-size="12" fill="#374151">
<title>Clone slots in use over time</title>
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
${text([LEFT, 20], `Clone slots in use: ${clones} clones of ${seconds.join(' to ')} s over ${volumes} volumes, asked for at once`, 'font-size="14" font-weight="600" fill="#111827"')}
${panels.join('\n')}
${ticks.join('\n')}
${text([WIDTH - RIGHT, axis + 36], 'seconds; dashed: the ideal for these slots', 'text-anchor="end"')}
</svg>
`;
}

const round = (n: number) => Math.round(n * 10) / 10;

/** `[seconds, slots in use from then on]`. */
function steps({ copies }: Batch): [number, number][] {
  const changes = copies
    .flatMap(({ from, to }): [number, number][] => [
      [from, 1],
      [to, -1],
    ])
    // An end and a start at the same moment are no seventh slot.
    .toSorted((a, b) => a[0] - b[0] || a[1] - b[1]);
  let used = 0;
  return changes.map(([at, change]) => [at, (used += change)]);
}
