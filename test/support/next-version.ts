import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

interface BundleOptions {
  /** With a step more; `unguarded`: workflows that run cannot go on with it. @default the workflows as they are */
  next?: 'guarded' | 'unguarded';
  /** For workers of a deployment. */
  versioned?: boolean;
}

/** Writes a bundle of the workflows as a later version may have them. */
export const bundleNextVersion = (path: string): Promise<void> => bundleVersion(path, { next: 'guarded' });

export async function bundleVersion(path: string, { next, versioned = false }: BundleOptions): Promise<void> {
  const silent = () => {};
  const changed = {
    test: /workflows\/clone-volume\.ts$/,
    enforce: 'pre' as const,
    use: [{ loader: here('next-version-loader.cjs'), options: { guarded: next === 'guarded' } }],
  };
  const { code } = await bundleWorkflowCode({
    workflowsPath: here('../../workflows/index.ts'),
    workflowInterceptorModules: versioned ? [here('../../workflows/versioned.ts')] : [],
    logger: { log: silent, trace: silent, debug: silent, info: silent, warn: console.warn, error: console.error },
    webpackConfigHook: (config) => ({
      ...config,
      module: {
        ...config.module,
        rules: [...(config.module?.rules ?? []), ...(next === undefined ? [] : [changed])],
      },
    }),
  });
  await writeFile(path, code);
}
