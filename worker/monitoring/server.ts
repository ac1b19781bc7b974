import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MonitoringConfig } from './config.ts';
import type { Health } from './health.ts';

export interface MonitoringOptions extends MonitoringConfig {
  /** Of the exporter whose page `/metrics` passes on: host and port. */
  exporter: string;
  health: Health;
  /** Brings up to date what is only known when it is asked for. */
  refresh?: (() => Promise<void>) | undefined;
}

export interface Monitoring {
  /** `http://127.0.0.1:9464` */
  url: string;
  close(): Promise<void>;
}

/** A scrape waits no longer than this for what is asked for it. */
const REFRESH_MS = 2_000;
const EXPORTER_MS = 5_000;
const TEXT = 'text/plain; version=0.0.4; charset=utf-8';

/** Serves `/metrics`, `/livez` and `/readyz`: to read, for anybody who reaches the port. Nothing in it is secret. */
export async function startMonitoring({
  host,
  port,
  exporter,
  health,
  refresh,
}: MonitoringOptions): Promise<Monitoring> {
  const routes: Record<string, (res: ServerResponse) => Promise<void>> = {
    '/livez': async (res) => answer(res, 200, { status: 'alive' }),
    '/readyz': async (res) => {
      const report = await health.report();
      answer(res, report.status === 'ready' ? 200 : 503, report);
    },
    '/metrics': async (res) => {
      // The report sets the gauges of the clusters.
      await Promise.race([Promise.all([health.report(), refresh?.()]), after(REFRESH_MS)]);
      const page = await fetch(`http://${exporter}/metrics`, { signal: AbortSignal.timeout(EXPORTER_MS) });
      if (!page.ok) throw new Error(`the exporter answered ${page.status}`);
      res.writeHead(200, { 'content-type': TEXT, 'cache-control': 'no-store' }).end(await page.text());
    },
  };
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (req, res) => {
    const route = routes[new URL(req.url ?? '/', 'http://x').pathname];
    if (route === undefined) return answer(res, 404, { error: `there are ${Object.keys(routes).join(', ')}` });
    if (req.method !== 'GET' && req.method !== 'HEAD') return answer(res, 405, { error: 'GET only' });
    route(res).catch(() => answer(res, 503, { error: 'not to be had just now' }));
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  const { address, port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${address.includes(':') ? `[${address}]` : address}:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(res: ServerResponse, status: number, body: object): void {
  if (res.headersSent) return void res.end();
  res.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  res.end(`${JSON.stringify(body)}\n`);
}

const after = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref());
