import type { Command } from 'commander';
import type { CloneType } from '../../../contracts/clone-types.ts';
import { EXIT, errorDocument, errorText, exitCodeOf, type ExitCode } from '../errors.ts';
import type { Io } from '../io.ts';
import { note, printJSON, printLine, withOutput, type OutputOptions } from '../output.ts';
import { resultText } from '../render/result.ts';
import { plain } from '../render/text.ts';
import { withClient } from '../session.ts';
import { watchClone } from '../watch.ts';

export function addWatch(program: Command, io: Io, exit: (code: ExitCode) => void): void {
  const command = program
    .command('watch')
    .summary('show the progress of a clone until it ends')
    .description(
      'Shows the progress of a clone until it ends, then its result. Ctrl-C stops the watching, never the clone.',
    )
    .argument('<id>', 'workflow ID, as clone and list print it')
    .addHelpText(
      'after',
      `
Example:
  element-clone watch clone-volume-42-of-lab-to-db-uat-k3j9x2p0aq

With --output json each line is one look, and the last line is {"result": …} or {"error": …}.
Exit codes: 0 the clone is done, 1 it failed or was cancelled, 130 stopped watching.`,
    );
  withOutput(command).action(async (id: string, options: OutputOptions) =>
    exit(
      await withClient(async (client) => {
        const clone = client.handle<CloneType>(id);
        const { type, request } = await clone.describe();
        const json = options.output === 'json';
        const last = await watchClone(io, clone, {
          to: io.out,
          type,
          request,
          ...(json ? { onView: (view) => printJSON(io, view) } : {}),
        });
        if (last === undefined) return EXIT.interrupted;
        try {
          const result = await clone.result();
          if (json) printJSON(io, { result });
          else printLine(io, resultText(result, io.out.colours));
          return EXIT.ok;
        } catch (err) {
          if (json) printJSON(io, errorDocument(err));
          note(io, io.err.colours.red(`✗ ${plain(errorText(err))}`));
          return exitCodeOf(err) === EXIT.usage ? EXIT.failed : exitCodeOf(err);
        }
      }),
    ),
  );
}
