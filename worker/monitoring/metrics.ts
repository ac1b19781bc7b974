import { createServer } from 'node:net';
import { Runtime, type TelemetryOptions } from '@temporalio/worker';
import { METRICS, type Metric } from '../../contracts/metrics.ts';
import type { CallInfo } from '../../element/index.ts';

/** Of finding a port that is still free when the exporter takes it. */
const TRIES = 5;

/**
 * The SDK counts for us too, and serves it all on a port of its own, which is on the loopback and which only our server
 * asks: monitoring has one port, and that one may be open to others.
 * @returns where it is served: host and port
 */
export async function withExporter(install: (metrics: TelemetryOptions['metrics']) => void): Promise<string> {
  for (let tries = 1; ; tries += 1) {
    const address = `127.0.0.1:${await freePort()}`;
    try {
      install({
        prometheus: {
          bindAddress: address,
          countersTotalSuffix: true,
          unitSuffix: true,
          useSecondsForDurations: true,
          histogramBucketOverrides: Object.fromEntries(
            Object.values<Metric>(METRICS).flatMap(({ name, buckets }) => (buckets ? [[name, [...buckets]]] : [])),
          ),
        },
      });
      return address;
    } catch (err) {
      // Between the two somebody else has taken it.
      if (tries === TRIES || !/in use/i.test(String(err))) throw err;
    }
  }
}

/** The exporter does not tell which port it got. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port on the loopback');
  return address.port;
}

/** Counts the calls of all clusters. Without an exporter it costs next to nothing. */
export function countCalls(): (cluster: string, info: CallInfo) => void {
  const { name, unit, help } = METRICS.callDuration;
  const durations = Runtime.instance().metricMeter.createHistogram(name, 'float', unit, help);
  return (cluster, { method, outcome, durationMs }) =>
    durations.record(durationMs / 1_000, { cluster, method, outcome });
}

export function setGauge({ name, help }: Metric, value: number, labels: Record<string, string>): void {
  Runtime.instance().metricMeter.createGauge(name, 'int', undefined, help).set(value, labels);
}
