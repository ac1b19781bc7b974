import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { CALL_OUTCOMES, METRICS, type Metric } from '../../contracts/metrics.ts';
import { anchorsOf } from '../support/markdown.ts';

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

interface Rule {
  alert: string;
  expr: string;
  annotations: { runbook_url: string; summary: string; description: string };
  labels: { severity: string };
}
const rules = (parse(read('ops/prometheus/alerts.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (g) => g.rules,
);

interface Dashboard {
  panels: { id: number; title: string; targets: { expr: string }[] }[];
}
const { panels } = JSON.parse(read('ops/grafana/dashboards/element-clone.json')) as Dashboard;

/** As Prometheus has it. */
const exported = ({ name, kind, unit }: Metric) =>
  `${name}${unit === undefined ? '' : `_${unit}`}${kind === 'counter' ? '_total' : ''}`;
const metrics = Object.values<Metric>(METRICS);
const known = new Set(
  metrics.flatMap((m) =>
    m.kind === 'histogram' ? ['_bucket', '_sum', '_count'].map((s) => exported(m) + s) : [exported(m)],
  ),
);

test.each(metrics.map((m) => [exported(m), m] as const))(
  'docs/metrics.md has a line for %s',
  (name, { kind, labels }) => {
    const line = read('docs/metrics.md')
      .split('\n')
      .find((l) => l.startsWith(`| \`${name}\``));
    const cells = line?.split('|').map((c) => c.trim());
    expect(cells?.slice(2, 4)).toEqual([kind, labels.join(', ')]);
  },
);

test('docs/metrics.md names every outcome of a call', () => {
  const page = read('docs/metrics.md');
  expect(CALL_OUTCOMES.filter((outcome) => !page.includes(`\`${outcome}\``))).toEqual([]);
});

describe.each(rules.map((r) => [r.alert, r] as const))('the alert %s', (alert, { annotations, expr, labels }) => {
  test('has a heading in the document that it links to', () => {
    const [file = '', anchor = ''] = annotations.runbook_url.split('#');
    expect(anchor).toBe(alert.toLowerCase());
    expect(anchorsOf(read(file))).toContain(anchor);
    expect(annotations.summary).not.toBe('');
    expect(['critical', 'warning']).toContain(labels.severity);
  });
  test('asks for metrics that there are', () => {
    const names = expr.match(/\belement_clone_[a-z_]+/g) ?? [];
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });
});

test('the dashboard asks for metrics that there are, and all of ours are on it', () => {
  const asked = new Set(
    panels.flatMap((p) => p.targets.flatMap(({ expr }) => expr.match(/\belement_clone_[a-z_]+/g) ?? [])),
  );
  expect([...asked].filter((name) => !known.has(name))).toEqual([]);
  const unseen = metrics.filter((m) => ![...asked].some((name) => name.startsWith(exported(m))));
  expect(unseen.map((m) => m.name)).toEqual(['element_clone_orphans_looked_at_timestamp_seconds']);
  expect(new Set(panels.map((p) => p.id)).size).toBe(panels.length);
});

test('promtool accepts the rules, and they fire when they should', () => {
  const promtool = process.env['PROMTOOL'] ?? 'promtool';
  const cwd = fileURLToPath(new URL('../../ops/prometheus', import.meta.url));
  const says = (...args: string[]) => {
    try {
      return execFileSync(promtool, args, { cwd, encoding: 'utf8', stdio: 'pipe' });
    } catch (err) {
      const remedy =
        'put promtool of Prometheus (Debian: apt-get install -y prometheus) on the PATH, or name it in PROMTOOL';
      throw err instanceof Error && 'code' in err && err.code === 'ENOENT' ? new Error(remedy, { cause: err }) : err;
    }
  };
  expect(says('check', 'rules', 'alerts.yml')).toContain(`${rules.length} rules found`);
  expect(says('check', 'config', '--syntax-only', 'prometheus.yml')).toContain('SUCCESS');
  expect(says('test', 'rules', 'alerts.test.yml')).toContain('SUCCESS');
});
