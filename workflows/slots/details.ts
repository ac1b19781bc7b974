import type { LineView } from '../../contracts/slots.ts';

/** Rows of each table; thousands may wait. */
const ROWS = 20;

/** The line as a person reads it in the Temporal UI: Markdown. */
export function lineDetails({ cluster, waiting, holding, foreign, limits }: LineView): string {
  const all = limits.nodes > 0 ? ` and ${limits.nodes * limits.perNode} in all` : '';
  const ours = limits.ours === undefined ? '' : `, ${limits.ours} of them for us`;
  const parts = [
    `### Clone slots of cluster ${cluster}`,
    `${holding.length} of ours held, ${foreign} clone jobs of others, ${waiting.length} waiting. The cluster runs ${limits.perVolume} per volume${all}${ours}.`,
  ];
  if (waiting.length > 0) {
    parts.push(
      table(
        ['place', 'workflow', 'volume', 'priority', 'since', 'about'],
        waiting.map((w) => [
          w.place,
          w.workflowID,
          w.volumes.join(' '),
          w.priority,
          w.since,
          w.etaSeconds === undefined ? '' : `${w.etaSeconds} s`,
        ]),
      ),
    );
  }
  if (holding.length > 0) {
    parts.push(
      table(
        ['holder', 'volume', 'since', ''],
        holding.map((h) => [h.workflowID, h.volumes.join(' '), h.since, h.started ? 'copying' : 'starting']),
      ),
    );
  }
  return parts.join('\n\n');
}

const escape = (text: string | number) => String(text).replace(/[\\`*_{}[\]<>#|~&]/g, '\\$&');
const row = (cells: readonly (string | number)[]) => `| ${cells.map(escape).join(' | ')} |`;

function table(head: string[], rows: (string | number)[][]): string {
  const more = rows.length > ROWS ? `\n\n… and ${rows.length - ROWS} more` : '';
  return `${[row(head), `|${' --- |'.repeat(head.length)}`, ...rows.slice(0, ROWS).map(row)].join('\n')}${more}`;
}
