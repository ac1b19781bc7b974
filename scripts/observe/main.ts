// Runs Prometheus with our alerts against a worker under load, asks every query of the dashboard and of the alerts, and
// draws the panels: `PROMETHEUS=/usr/bin/prometheus node --import tsx scripts/observe/main.ts [PICTURE.png]`. A query
// without an answer, or over a metric that nobody serves, makes it fail. Needs Prometheus and chromium.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { openBrowser } from '../../test/support/browser.ts';
import { waitFor } from '../../test/support/wait.ts';
import { drawDashboard, type Panel } from './draw.ts';
import { makeLoad } from './load.ts';
import { makeScene, type Scene } from './scene.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Long enough for every rate over half a minute. */
const LOAD_MS = Number(process.env['OBSERVE_MS'] ?? 90_000);

interface Result {
  metric: Record<string, string>;
  value?: [number, string];
  values?: [number, string][];
}

async function ask(scene: Scene, path: string, params: Record<string, string>): Promise<Result[]> {
  const res = await fetch(`${scene.prometheus}/api/v1/${path}?${new URLSearchParams(params).toString()}`);
  const body = (await res.json()) as { status: string; error?: string; data?: { result: Result[] } };
  if (body.status !== 'success' || !body.data) throw new Error(`${params['query']}: ${body.error}`);
  return body.data.result;
}

/** As Grafana would put them in. */
const filledIn = (expr: string) =>
  expr.replaceAll('$__rate_interval', '30s').replaceAll('$cluster|unchecked', '.*').replaceAll('$cluster', '.*');

const namesIn = (expr: string) => new Set(expr.match(/\b(element_clone|temporal)_[a-z_]+|\bup\b(?=[{ ])/g) ?? []);

async function main(picture: string | undefined): Promise<void> {
  const scene = await makeScene(root);
  const faults: string[] = [];
  try {
    const began = Date.now();
    const load = await makeLoad(scene, LOAD_MS);
    const dashboard = JSON.parse(await readFile(join(root, 'ops/grafana/dashboards/element-clone.json'), 'utf8')) as {
      panels: Panel[];
    };
    const range = { start: String(began / 1_000), end: String(Date.now() / 1_000), step: '1' };
    const drawn: { panel: Panel; lines: { label: string; values: [number, string][] }[] }[] = [];
    for (const panel of dashboard.panels) {
      const lines = [];
      for (const { expr, legendFormat } of panel.targets) {
        const found = await ask(scene, 'query_range', { query: filledIn(expr), ...range });
        if (found.length === 0) faults.push(`panel "${panel.title}" shows nothing: ${expr}`);
        for (const { metric, values = [] } of found) {
          lines.push({
            label: legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => metric[name] ?? ''),
            values,
          });
        }
      }
      drawn.push({ panel, lines });
    }
    const { groups } = parse(await readFile(join(root, 'ops/prometheus/alerts.yml'), 'utf8')) as {
      groups: { rules: { alert: string; expr: string }[] }[];
    };
    for (const { alert, expr } of groups.flatMap((g) => g.rules)) {
      await ask(scene, 'query', { query: expr });
      for (const name of namesIn(expr)) {
        const found = await ask(scene, 'query', { query: `count(last_over_time(${name}[5m]))` });
        if (found.length === 0) faults.push(`alert ${alert} asks for ${name}, which nobody serves`);
      }
    }
    const firing = await ask(scene, 'query', { query: 'sum by (alertname, cluster, alertstate) (ALERTS)' });
    console.log('Alerts:', firing.map((f) => Object.values(f.metric).join(' ')).join('; ') || 'none');
    const broken = await ask(scene, 'query', { query: 'temporal_workflow_task_execution_failed_total' });
    console.log('Failed workflow tasks:', JSON.stringify(broken));
    console.log('Load:', JSON.stringify(load));
    if (picture !== undefined) await takePicture(drawDashboard(drawn), picture);
  } finally {
    await scene.stop();
  }
  for (const fault of faults) console.error(fault);
  console.log(faults.length === 0 ? 'Every query was answered.' : `${faults.length} queries were not answered.`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

async function takePicture(html: string, file: string): Promise<void> {
  const browser = await openBrowser({ width: 1500, height: 1000 });
  try {
    const page = await browser.context.newPage();
    await page.setContent(html);
    await waitFor('the page', () => page.evaluate('document.readyState === "complete"'));
    await writeFile(file, await page.screenshot({ fullPage: true }));
  } finally {
    await browser.close();
  }
}

await main(process.argv[2]);
