import type { Command } from 'commander';
import { RunbookCancelledError, RunbookFailedError } from '../../../runbook-errors.ts';
import { EXIT, type ExitCode } from '../../errors.ts';
import type { Io } from '../../io.ts';
import { note, printJSON, printLine, withOutput, type OutputOptions } from '../../output.ts';
import { plain } from '../../render/text.ts';
import { withClient } from '../../session.ts';
import { watchRunbook } from './watch.ts';

interface Options extends OutputOptions {
  wait: boolean;
}

export function addCancel(runbook: Command, io: Io, exit: (code: ExitCode) => void): void {
  const command = runbook
    .command('cancel')
    .summary('cancel a run and undo what it did')
    .description('Cancels a run, and waits until its steps have ended and what was done is undone.')
    .argument('<id>', 'workflow ID')
    .option('--no-wait', 'only ask for it, and end')
    .addHelpText(
      'after',
      `\nExample:\n  element-clone runbook cancel clone-for-request-uat-0412\n\nExit codes: 0 cancelled and undone, 1 it had ended, or something is left, 130 interrupted; the run goes on undoing.`,
    );
  withOutput(command).action(async (id: string, options: Options) =>
    exit(
      await withClient(async (client) => {
        const run = client.runbooks.handle(id);
        if (!(await run.cancel())) {
          note(io, `${id} had ended already. See: element-clone runbook show ${id}`);
          return EXIT.failed;
        }
        if (!options.wait) {
          if (options.output === 'json') printJSON(io, { workflowId: id, cancelRequested: true });
          else printLine(io, `Cancelling ${id}. See: element-clone runbook show ${id}`);
          return EXIT.ok;
        }
        if ((await watchRunbook(io, run)) === undefined) return EXIT.interrupted;
        const end = await run.result().catch((err: unknown) => err);
        const clean = end instanceof RunbookCancelledError && end.details === undefined;
        if (options.output === 'json') {
          printJSON(io, { workflowId: id, cancelled: end instanceof RunbookCancelledError, clean });
        } else if (clean) printLine(io, `Cancelled ${id}; what it had done was undone.`);
        if (clean) return EXIT.ok;
        const isFailure = end instanceof RunbookCancelledError || end instanceof RunbookFailedError;
        note(io, isFailure ? plain(end.message) : `${id} was done before the cancellation reached it.`);
        return EXIT.failed;
      }),
    ),
  );
}
