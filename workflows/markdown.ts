/** Text as it stands, whatever it holds. */
export const escapeMarkdown = (text: string | number) => String(text).replace(/[\\`*_{}[\]<>#|~&]/g, '\\$&');

const row = (cells: readonly (string | number)[]) => `| ${cells.map(escapeMarkdown).join(' | ')} |`;

export const markdownTable = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [row(head), `|${' --- |'.repeat(head.length)}`, ...rows.map(row)].join('\n');
