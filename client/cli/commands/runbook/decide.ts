import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../../errors.ts';
import type { Io } from '../../io.ts';
import { printJSON, printLine, withOutput, type OutputOptions } from '../../output.ts';
import { withClient } from '../../session.ts';

interface Options extends OutputOptions {
  as?: string;
  comment?: string;
}

const DECISIONS = [
  ['approve', 'give an approval that a run waits for', 'approved'],
  ['reject', 'refuse it, which fails the step', 'rejected'],
] as const;

/** `approve` and `reject`. */
export function addDecisions(runbook: Command, io: Io, exit: (code: ExitCode) => void): void {
  for (const [decision, summary, past] of DECISIONS) {
    const command = runbook
      .command(decision)
      .summary(summary)
      .description(`Decides over a step that waits for somebody: ${summary}.`)
      .argument('<id>', 'workflow ID, as runbook list --waiting prints it')
      .argument('<step>', 'ID of the step')
      .option('--as <who>', 'who decides, as the step names them (default: your user name)')
      .option('--comment <text>', 'why; kept with the run')
      .addHelpText(
        'after',
        `\nExample:\n  element-clone runbook ${decision} clone-for-request-uat-0412 ok --as dba --comment "window agreed"\n\nExit codes: 0 it counts, 1 it is too late or not yours to decide; nothing was changed then.`,
      );
    withOutput(command).action(async (id: string, step: string, options: Options) =>
      exit(
        await withClient(async (client) => {
          const who = options.as ?? userInfo().username;
          const { comment } = options;
          const state = await client.runbooks.decide(id, {
            ...{ step, decision, who },
            ...(comment === undefined ? {} : { comment }),
          });
          if (options.output === 'json') printJSON(io, { workflowId: id, step, decision, who, state });
          else printLine(io, `${who} has ${past} "${step}" of ${id}.`);
          return EXIT.ok;
        }),
      ),
    );
  }
}
