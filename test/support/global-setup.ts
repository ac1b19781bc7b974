import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, NativeConnection } from '@temporalio/worker';
import type { TestProject } from 'vitest/node';
import { startTemporal } from '../../scripts/temporal-server.ts';
import { ensureSearchAttributes } from '../../worker/search-attributes.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** host:port of the Temporal server that all test files share. */
    temporalAddress: string;
    temporalUiUrl: string;
    workflowBundlePath: string;
  }
}

/** One real Temporal server and one workflow bundle for the whole run; the bundle is made from the sources under test. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = await mkdtemp(join(tmpdir(), 'element-clone-test-'));
  const workflowBundlePath = join(dir, 'workflow-bundle.js');
  const silent = () => {};
  const [server, { code }] = await Promise.all([
    startTemporal({ ui: true, dbFile: join(dir, 'temporal.db'), keepSearchAttributes: true }),
    bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
      // As scripts/build.mjs does it.
      preloadModules: [fileURLToPath(new URL('../../contracts/runbook/cel.ts', import.meta.url))],
      logger: { log: silent, trace: silent, debug: silent, info: silent, warn: console.warn, error: console.error },
    }),
  ]);
  await writeFile(workflowBundlePath, code);
  const connection = await NativeConnection.connect({ address: server.address });
  await ensureSearchAttributes(connection, 'default');
  await connection.close();
  project.provide('temporalAddress', server.address);
  project.provide('temporalUiUrl', server.uiUrl ?? '');
  project.provide('workflowBundlePath', workflowBundlePath);
  return async () => {
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  };
}
