/** A panel of the dashboard, as far as it is drawn here. */
export interface Panel {
  title: string;
  description: string;
  type: string;
  gridPos: { x: number; y: number; w: number; h: number };
  fieldConfig: { defaults: { unit: string } };
  targets: { expr: string; legendFormat: string }[];
}

export interface Line {
  label: string;
  values: [number, string][];
}

const COLOURS = ['#7eb26d', '#eab839', '#6ed0e0', '#ef843c', '#e24d42', '#1f78c1', '#ba43a9', '#705da0', '#508642'];

/** One page with all panels where Grafana would put them: its queries and their answers, not its looks. */
export function drawDashboard(panels: { panel: Panel; lines: Line[] }[]): string {
  const cells = panels.map(({ panel, lines }) => {
    const { x, y, w, h } = panel.gridPos;
    const place = `grid-area: ${y + 1} / ${x + 1} / span ${h} / span ${w}`;
    const body = panel.type === 'stat' ? stat(panel, lines) : chart(panel, lines);
    return `<section style="${place}" title="${escape(panel.description)}"><h2>${escape(panel.title)}</h2>${body}</section>`;
  });
  return `<!doctype html><meta charset="utf-8"><style>
    body { margin: 8px; background: #111217; color: #ccccdc; font: 12px sans-serif }
    main { display: grid; grid-template-columns: repeat(24, 1fr); grid-auto-rows: 28px; gap: 6px }
    section { background: #181b1f; padding: 6px; overflow: hidden } h2 { font-size: 12px; margin: 0 0 4px }
    .stat { font-size: 32px; text-align: center; color: #7eb26d } small { margin-right: 8px; white-space: nowrap }
  </style><main>${cells.join('')}</main>`;
}

const escape = (text: string) => text.replaceAll(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

const last = ({ values }: Line) => Number(values.at(-1)?.[1] ?? Number.NaN);

const stat = (panel: Panel, lines: Line[]) =>
  `<div class="stat">${lines.map((line) => inUnits(last(line), panel)).join(' ') || '—'}</div>`;

function chart(panel: Panel, lines: Line[]): string {
  const [width, height] = [460, 170];
  const points = lines.flatMap(({ values }) => values.map(([t, v]) => [t, Number(v)] as const));
  const known = points.filter(([, v]) => Number.isFinite(v));
  const times = known.map(([t]) => t);
  const [from, to, top] = [Math.min(...times), Math.max(...times), Math.max(...known.map(([, v]) => v), 1e-9)];
  const polylines = lines.map(({ values }, i) => {
    const at = values
      .filter(([, v]) => Number.isFinite(Number(v)))
      .map(([t, v]) => `${((t - from) / (to - from || 1)) * width},${height - (Number(v) / top) * (height - 8)}`);
    return `<polyline fill="none" stroke="${COLOURS[i % COLOURS.length]}" points="${at.join(' ')}"/>`;
  });
  const legend = lines.map(
    (line, i) =>
      `<small style="color:${COLOURS[i % COLOURS.length]}">${escape(line.label)} ${inUnits(last(line), panel)}</small>`,
  );
  return `<svg viewBox="0 0 ${width} ${height}" width="100%" height="170" preserveAspectRatio="none">${polylines.join('')}</svg>
    <div>top ${inUnits(top, panel)} · ${legend.join('')}</div>`;
}

function inUnits(value: number, { fieldConfig }: Panel): string {
  if (!Number.isFinite(value)) return '–';
  const { unit } = fieldConfig.defaults;
  if (unit === 'bytes' || unit === 'Bps') return `${(value / 2 ** 30).toFixed(2)} GiB${unit === 'Bps' ? '/s' : ''}`;
  const text = value >= 100 ? value.toFixed(0) : value.toPrecision(3);
  return `${Number(text)}${unit === 's' ? ' s' : ''}`;
}
