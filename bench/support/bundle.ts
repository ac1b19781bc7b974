import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';

const silent = () => {};
const logger = { log: silent, trace: silent, debug: silent, info: silent, warn: console.warn, error: console.error };

export interface Bundle {
  codePath: string;
  remove(): Promise<void>;
}

/** Workflow code from the sources under measurement; paths are relative to the root of the checkout. */
export async function bundle(entry: string, preload: readonly string[] = []): Promise<Bundle> {
  const path = (file: string) => fileURLToPath(new URL(`../../${file}`, import.meta.url));
  const { code } = await bundleWorkflowCode({
    workflowsPath: path(entry),
    preloadModules: preload.map(path),
    logger,
  });
  const dir = await mkdtemp(join(tmpdir(), 'element-clone-bench-'));
  const codePath = join(dir, 'workflow-bundle.js');
  await writeFile(codePath, code);
  return { codePath, remove: () => rm(dir, { recursive: true, force: true }) };
}
