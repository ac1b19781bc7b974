// npm run chaos: the guarantees under faults on both sides, on real processes.
import pc from 'picocolors';
import { chaosArguments, USAGE, UsageError } from './options.ts';
import { reportText } from './print.ts';
import { isSound, runChaos } from './run.ts';
import { makeSchedule } from './schedule.ts';
import { startTopologyServer } from './topology-server.ts';

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (interruption.signal.aborted) process.exit(130);
    interruption.abort();
  });
}

async function main(): Promise<number> {
  const given = chaosArguments(process.argv.slice(2));
  if (given === undefined) {
    console.log(USAGE);
    return 0;
  }
  const schedule = makeSchedule(given);
  const note = (line: string) => console.error(pc.dim(line));
  note(
    `Schedule ${schedule.hash}: ${schedule.clones} requests and ${schedule.events.length} blows in ${given.minutes} minutes`,
  );
  const report = await runChaos(schedule, {
    note,
    signal: interruption.signal,
    ...(given.server === 'topology' ? { server: startTopologyServer } : {}),
  });
  console.log(given.output === 'json' ? JSON.stringify(report, null, 2) : reportText(report, pc));
  return isSound(report.findings) ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (err) {
  if (err instanceof UsageError) {
    console.error(`${err.message}\n\n${USAGE}`);
    process.exitCode = 2;
  } else if (interruption.signal.aborted) {
    console.error('Interrupted; everything that was started is stopped.');
    // Cancellations that were planned for later would keep the process waiting.
    process.exit(130);
  } else {
    console.error(err);
    process.exitCode = 1;
  }
}
