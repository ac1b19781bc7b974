import { InvalidArgumentError, type Command } from 'commander';
import type { RunbookSummary } from '../../../index.ts';
import { EXIT, type ExitCode } from '../../errors.ts';
import type { Io } from '../../io.ts';
import { note, printJSON, printLine, withOutput, type OutputOptions } from '../../output.ts';
import { runbookTable } from '../../render/runbook.ts';
import { withClient } from '../../session.ts';

interface Options extends OutputOptions {
  waiting?: boolean;
  limit: number;
}

const wholeNumber = (text: string): number => {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It must be a whole number, 1 or more.');
  return Number(text);
};

export function addList(runbook: Command, io: Io, exit: (code: ExitCode) => void): void {
  const command = runbook
    .command('list')
    .summary('list runs, newest first')
    .description('Lists runs of runbooks, newest first.')
    .option('--waiting', "only those that wait for somebody's decision")
    .option('--limit <n>', 'at most this many', wholeNumber, 50)
    .addHelpText('after', `\nExample:\n  element-clone runbook list --waiting`);
  withOutput(command).action(async ({ waiting = false, limit, output }: Options) =>
    exit(
      await withClient(async (client) => {
        const runs: RunbookSummary[] = [];
        for await (const run of client.runbooks.list({ waiting, limit })) runs.push(run);
        if (output === 'json') printJSON(io, runs);
        else if (runs.length === 0) note(io, waiting ? 'No run waits for a decision.' : 'There are no runs.');
        else printLine(io, runbookTable(runs, io.out.colours, Date.now()));
        return EXIT.ok;
      }),
    ),
  );
}
