import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Writes a bundle of the workflows as a later version may have them. */
export async function bundleNextVersion(path: string): Promise<void> {
  const silent = () => {};
  const { code } = await bundleWorkflowCode({
    workflowsPath: here('../../workflows/index.ts'),
    logger: { log: silent, trace: silent, debug: silent, info: silent, warn: console.warn, error: console.error },
    webpackConfigHook: (config) => ({
      ...config,
      module: {
        ...config.module,
        rules: [
          ...(config.module?.rules ?? []),
          { test: /workflows\/clone-volume\.ts$/, enforce: 'pre', loader: here('next-version-loader.cjs') },
        ],
      },
    }),
  });
  await writeFile(path, code);
}
