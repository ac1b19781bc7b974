// Builds dist/: plain tsc with declarations, then the workflow bundle that production workers start from.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildStamp, root, sourceHash } from './source-hash.mjs';

// Taken before compiling, so that a file edited meanwhile makes the result stale.
const sources = sourceHash();
rmSync(buildStamp, { force: true });
rmSync(`${root}dist`, { recursive: true, force: true });
execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});

const { bundleWorkflowCode } = await import('@temporalio/worker');
const bundle = async (name, workflowInterceptorModules, failureConverterPath) => {
  const { code } = await bundleWorkflowCode({
    workflowsPath: `${root}dist/workflows/index.js`,
    workflowInterceptorModules,
    // The expressions of runbooks, which keep nothing of a run: read once, not at each start of any workflow, whose cost they doubled.
    preloadModules: [`${root}dist/contracts/runbook/cel.js`],
    failureConverterPath,
    logger: { log() {}, trace() {}, debug() {}, info() {}, warn: console.warn, error: console.error },
  });
  writeFileSync(`${root}dist/worker/${name}`, code);
};
mkdirSync(`${root}dist/worker`, { recursive: true });
// A bundle for each kind of worker: a worker would pay at each start of a workflow for what it does not use.
const converter = `${root}dist/connection/failure-converter.cjs`;
cpSync(`${root}connection/failure-converter.cjs`, converter);
const versioned = `${root}dist/workflows/versioned.js`;
const tracing = fileURLToPath(
  import.meta.resolve('@temporalio/interceptors-opentelemetry/lib/workflow-interceptors.js'),
);
for (const ofVersions of [[], [versioned]]) {
  for (const ofTraces of [[], [tracing]]) {
    for (const encrypts of [undefined, converter]) {
      const kinds = [ofVersions.length && '-versioned', ofTraces.length && '-traced', encrypts && '-encrypted'];
      await bundle(`workflow-bundle${kinds.filter(Boolean).join('')}.js`, [...ofVersions, ...ofTraces], encrypts);
    }
  }
}
chmodSync(`${root}dist/client/cli/main.js`, 0o755);
mkdirSync(`${root}.cache`, { recursive: true });
writeFileSync(buildStamp, sources);
