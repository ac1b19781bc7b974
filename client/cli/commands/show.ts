import type { Command } from 'commander';
import type { CloneType } from '../../../contracts/clone-types.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import type { Io } from '../io.ts';
import { printJSON, printLine, withOutput, type OutputOptions } from '../output.ts';
import { clonePage } from '../render/clone.ts';
import { withClient } from '../session.ts';

export function addShow(program: Command, io: Io, exit: (code: ExitCode) => void): void {
  const command = program
    .command('show')
    .summary('show everything about a clone')
    .description(
      'Shows everything about one clone: where it is, what was asked for, how it ended and what was left behind.',
    )
    .argument('<id>', 'workflow ID, as clone and list print it')
    .addHelpText(
      'after',
      `
Example:
  element-clone show clone-volume-42-of-lab-to-db-uat-k3j9x2p0aq

TEMPORAL_UI_URL, when set, makes the path in the Temporal UI a whole address.`,
    );
  withOutput(command).action(async (id: string, options: OutputOptions) =>
    exit(
      await withClient(async (client) => {
        const description = await client.handle<CloneType>(id).describe();
        if (options.output === 'json') printJSON(io, description);
        else {
          const { colours } = io.out;
          const uiUrl = io.env['TEMPORAL_UI_URL'];
          printLine(io, clonePage(description, { columns: io.out.columns(), colours, now: Date.now(), uiUrl }));
        }
        return EXIT.ok;
      }),
    ),
  );
}
