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

/** Workflow code from the sources under measurement; `entry` is relative to the root of the checkout. */
export async function bundle(entry: string): Promise<Bundle> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL(`../../${entry}`, import.meta.url)),
    logger,
  });
  const dir = await mkdtemp(join(tmpdir(), 'element-clone-bench-'));
  const codePath = join(dir, 'workflow-bundle.js');
  await writeFile(codePath, code);
  return { codePath, remove: () => rm(dir, { recursive: true, force: true }) };
}
