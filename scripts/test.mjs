import { readFileSync, rmSync } from 'node:fs';
import { ensureReady, main } from './bootstrap.mjs';
import { runNode } from './launch.mjs';
import { root } from './source-hash.mjs';
import { summarize } from './test-summary.mjs';

await main(async () => {
  await ensureReady({ build: true });
  const reportFile = `${root}.cache/test-report.json`;
  rmSync(reportFile, { force: true });
  const code = await runNode([
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${reportFile}`,
    ...process.argv.slice(2),
  ]);
  let report;
  try {
    report = JSON.parse(readFileSync(reportFile, 'utf8'));
  } catch {
    console.error('vitest wrote no report.');
  }
  const { line, exitCode } = summarize(report, code);
  console.log(line);
  process.exitCode = exitCode;
});
