import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../errors.ts';
import type { Io } from '../io.ts';
import { printJSON, withOutput, type OutputOptions } from '../output.ts';

export function addWorker(program: Command, io: Io, exit: (code: ExitCode) => void): void {
  const command = program
    .command('worker')
    .summary('run a worker')
    .description('Runs a worker until SIGINT or SIGTERM. Logs are JSON lines on stderr.')
    .option('--config <path>', 'configuration (default: ELEMENT_CLONE_CONFIG, else ./element-clone.yaml)')
    .addHelpText(
      'after',
      `
Examples:
  LAB_PASSWORD=… element-clone worker
  TEMPORAL_ADDRESS=temporal:7233 element-clone worker --config /etc/element-clone.yaml

Before the first start: element-clone doctor`,
    );
  withOutput(command).action(async (options: OutputOptions & { config?: string }) => {
    const { runWorker } = await import('../../../worker/run.ts');
    await runWorker(options.config === undefined ? {} : { configPath: options.config });
    if (options.output === 'json') printJSON(io, { stopped: true });
    exit(EXIT.ok);
  });
}
