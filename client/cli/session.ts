import type { CloneClient } from '../index.ts';

/** Connects, runs, closes. The library is loaded only now: help and usage errors need none of it. */
export async function withClient<T>(run: (client: CloneClient) => Promise<T>): Promise<T> {
  const { CloneClient: Clones } = await import('../index.ts');
  const tracing = await trace();
  try {
    const client = await Clones.connect();
    try {
      return await run(client);
    } finally {
      await client.close();
    }
  } finally {
    // A receiver that is gone is no reason to fail.
    await tracing?.stop().catch(() => {});
  }
}

async function trace() {
  if (!(process.env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ?? process.env['OTEL_EXPORTER_OTLP_ENDPOINT']))
    return undefined;
  const { startTracing } = await import('../../worker/tracing.ts');
  return startTracing('element-clone-cli');
}
