import { ensureReady, main } from './bootstrap.mjs';
import { runNode } from './launch.mjs';

await main(async () => {
  await ensureReady({ build: true });
  process.exitCode = await runNode(['--import', 'tsx', 'scripts/topology/main.ts', ...process.argv.slice(2)]);
});
