import { isTracingWanted } from '../../contracts/tracing.ts';
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
  if (!isTracingWanted(process.env)) return undefined;
  const { startTracing } = await import('../../worker/tracing.ts');
  return startTracing('element-clone-cli');
}
