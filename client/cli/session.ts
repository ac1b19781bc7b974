import type { CloneClient } from '../index.ts';

/** Connects, runs, closes. The library is loaded only now: help and usage errors need none of it. */
export async function withClient<T>(run: (client: CloneClient) => Promise<T>): Promise<T> {
  const { CloneClient: Clones } = await import('../index.ts');
  const client = await Clones.connect();
  try {
    return await run(client);
  } finally {
    await client.close();
  }
}
