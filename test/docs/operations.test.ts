import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { FAILURE } from '../../contracts/names.ts';
import { errorNames, type ErrorKind } from '../../element/classify.ts';
import { readPage, root } from '../support/markdown.ts';

const page = readPage('docs/operations.md');

/** What stands between a heading and the next one of its rank or above. */
function section(heading: string): string {
  const [rank] = /^#+/.exec(heading)!;
  const begin = page.indexOf(`\n${heading}\n`);
  if (begin === -1) throw new Error(`There is no heading ${heading}`);
  const body = page.slice(begin + heading.length + 2);
  const end = body.search(new RegExp(`^#{1,${rank.length}} `, 'm'));
  return end === -1 ? body : body.slice(0, end);
}

/** The rows of the table whose first column is called so: the name in its first cell, and what is said of it. */
function table(firstColumn: string): Map<string, string[]> {
  const lines = page.split('\n');
  const at = lines.findIndex((l) => l.startsWith(`| ${firstColumn} `));
  if (at === -1) throw new Error(`There is no table that begins with ${firstColumn}`);
  const rows = lines.slice(
    at + 2,
    lines.findIndex((l, i) => i > at && !l.startsWith('|')),
  );
  return new Map(
    rows.map((row) => {
      const [first, ...others] = row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim());
      return [first!.replaceAll('`', ''), others];
    }),
  );
}

function expectEntries(rows: Map<string, string[]>, names: readonly string[]): void {
  expect([...rows.keys()].toSorted()).toEqual([...new Set(names)].toSorted());
  expect([...rows].filter(([, cells]) => cells.includes('')).map(([name]) => name)).toEqual([]);
}

const FOLDERS = ['activities', 'client', 'connection', 'contracts', 'element', 'worker', 'workflows'];
const sources = FOLDERS.flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(root, folder, file), 'utf8')),
);
const found = (pattern: RegExp) => sources.flatMap((text) => [...text.matchAll(pattern)].map((m) => m[1]!));
/** The members of a union of texts, by its declaration. */
const union = (name: string) => {
  const declared = found(new RegExp(`^(?:export )?type ${name} =([^;]*);`, 'gm'));
  if (declared.length !== 1) throw new Error(`${name} is declared ${declared.length} times`);
  return [...declared[0]!.matchAll(/'(\w+)'/g)].map((m) => m[1]!);
};

interface Rules {
  groups: { rules: { alert: string }[] }[];
}
const alerts = (parse(readPage('ops/prometheus/alerts.yml')) as Rules).groups.flatMap((g) =>
  g.rules.map((r) => r.alert),
);

describe('docs/operations.md', () => {
  test('says of every alert, and of no other, what to do', () => {
    expect([...section('## Alerts').matchAll(/^### (.*)$/gm)].map((m) => m[1])).toEqual(alerts);
    expect(alerts.filter((alert) => section(`### ${alert}`).trim().length < 80)).toEqual([]);
  });

  test('says what every type of failure means', () => expectEntries(table('type'), Object.values(FAILURE)));

  test('knows all types of failures that the code throws', () => {
    const thrown = found(/ApplicationFailure\.(?:create|nonRetryable|retryable)\(([^]{0,200})/g);
    expect(thrown.length).toBeGreaterThan(20);
    const literal = thrown.flatMap((call) => [...call.matchAll(/\btype: '(\w+)'/g)].map((m) => m[1]!));
    expect(literal.filter((type) => !Object.values<string>(FAILURE).includes(type))).toEqual([]);
  });

  test('says what every code of an error means', () => {
    const codes = found(/^ {2}readonly code = '([A-Z_]+)' as const;$/gm);
    expect(codes.length).toBeGreaterThan(10);
    const documented = /code: '([A-Z_]+)', message, faults/.exec(readPage('client/cli/errors.ts'))![1]!;
    const fallbacks = [...readPage('client/cli/errors.ts').matchAll(/\? '([A-Z]+)' : '([A-Z]+)'/g)].flatMap((m) => [
      m[1]!,
      m[2]!,
    ]);
    expectEntries(table('code'), [...codes, documented, ...fallbacks]);
  });

  test('says why Temporal may not serve a call', () => expectEntries(table('`reason`'), union('UnavailableReason')));

  test('says why there may be no answer of a cluster', () => expectEntries(table('reason'), union('TransportReason')));

  test('names every error of the API by what is done about it', () => {
    const kinds = table('kind');
    expectEntries(kinds, union('ErrorKind'));
    for (const [kind, [names]] of kinds) {
      const listed = [...names!.matchAll(/`(x\w+)`/g)].map((m) => m[1]!).filter((name) => name !== 'xExceededLimit');
      expect({ kind, names: listed.toSorted() }).toEqual({ kind, names: errorNames(kind as ErrorKind).toSorted() });
    }
  });

  test('explains every warning and error in the log of a worker', () => {
    const said = found(/\blog\.(?:warn|error)\((?:\{[^}]*\},|[^'{]*?\{[^}]*\},)?\s*'([^']+)'/g);
    expect(said.length).toBeGreaterThan(20);
    expectEntries(table('`msg`'), said);
  });

  test('says what keeps a worker from starting', () => {
    const said = found(/new WorkerStartError\(\s*[`']([^`'$"]{12,})/g);
    expect(said.length).toBeGreaterThan(4);
    const rows = [...section('## A worker that does not start').matchAll(/^\| `([^`]*)`/gm)].map((m) => m[1]!);
    expect(said.filter((text) => !rows.some((row) => row.startsWith(text.replace(/\W+$/, ''))))).toEqual([]);
  });
});
