// Known weaknesses in what is installed in production. A registry that answers no such question is said, not taken for a "none".
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const { stdout, stderr } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
});
let report;
try {
  report = JSON.parse(stdout);
} catch {
  report = { message: stderr.trim() || 'npm audit said nothing' };
}
const found = report.metadata?.vulnerabilities;
if (found === undefined) {
  const why = String(report.error?.summary || report.message || 'no answer').split('\n')[0];
  console.log(`npm audit: skipped, this registry does not tell (${why})`);
} else if (found.total > 0) {
  console.error(`npm audit: ${JSON.stringify(found)}`);
  for (const [name, { severity, range }] of Object.entries(report.vulnerabilities ?? {})) {
    console.error(`  ${name} ${range}: ${severity}`);
  }
  process.exit(1);
} else
  console.log(
    `npm audit: nothing known against ${report.metadata.dependencies?.prod ?? 'the'} production dependencies`,
  );
