import { join } from 'node:path';
import { NativeConnection } from '@temporalio/worker';
import { onTestFinished } from 'vitest';
import { startTemporal, type TemporalServer, type TemporalServerOptions } from '../../scripts/temporal-server.ts';
import { ensureSearchAttributes } from '../../worker/search-attributes.ts';
import { tempDir } from './temp-dir.ts';

/** A server of the caller's own, which stops it: TEMPORAL_ADDRESS, that of the other tests, is not heeded. */
export async function startOwnTemporal(options: Omit<TemporalServerOptions, 'find'> = {}): Promise<TemporalServer> {
  const { TEMPORAL_ADDRESS: _theirs, ...env } = process.env;
  const server = await startTemporal({ ...options, find: { env } });
  const connection = await NativeConnection.connect({ address: server.address });
  await ensureSearchAttributes(connection, 'default');
  await connection.close();
  return server;
}

/** The same for one test, with a file, so that it can be taken down; stopped after the test. */
export async function ownTemporal(dynamicConfig: Record<string, number> = {}): Promise<TemporalServer> {
  const server = await startOwnTemporal({ dbFile: join(await tempDir(), 'temporal.db'), dynamicConfig });
  onTestFinished(() => server.stop());
  return server;
}
