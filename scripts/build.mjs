// Builds dist/: plain tsc with declarations, then the workflow bundle that production workers start from.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
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
const { code } = await bundleWorkflowCode({
  workflowsPath: `${root}dist/workflows/index.js`,
  logger: { log() {}, trace() {}, debug() {}, info() {}, warn: console.warn, error: console.error },
});
mkdirSync(`${root}dist/worker`, { recursive: true });
writeFileSync(`${root}dist/worker/workflow-bundle.js`, code);
chmodSync(`${root}dist/client/cli/main.js`, 0o755);
mkdirSync(`${root}.cache`, { recursive: true });
writeFileSync(buildStamp, sources);
